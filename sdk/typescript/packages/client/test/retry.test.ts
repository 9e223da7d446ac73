import { createClient } from "@connectrpc/connect";
import { expect, test, vi } from "vitest";
import { identifying } from "../src/request-id.js";
import { DEFAULT_RETRY, type RetryPolicy, retrying, waitMs } from "../src/retry.js";
import { IngestionService, LeaderService } from "../src/v1.js";
import { Code, refused, serving } from "./refused.js";

const QUICK: RetryPolicy = { attempts: 3, firstBackoffMs: 1, longestBackoffMs: 1, longestWaitMs: 1_000 };
const outage = refused(Code.Unavailable);

test("the backoff doubles up to its bound, and the draw spreads it from zero", () => {
  const policy = { ...DEFAULT_RETRY, attempts: 10, firstBackoffMs: 200, longestBackoffMs: 1_000 };
  const longest = [0, 1, 2, 3, 4].map((n) => waitMs(policy, n, outage, 1));
  expect(longest).toEqual([200, 400, 800, 1_000, 1_000]);
  expect(waitMs(policy, 3, outage, 0)).toBe(0);
  expect(waitMs(policy, 9, outage, 0)).toBeUndefined();
});

test("what the server asks for comes first, and more than the policy allows gives up", () => {
  const asking = (retryAfterMs: number) => refused(Code.ResourceExhausted, { reason: "RATE_LIMITED", retryAfterMs });
  expect(waitMs(DEFAULT_RETRY, 0, asking(700), 0.5)).toBe(800);
  expect(waitMs(DEFAULT_RETRY, 0, asking(30_001), 0)).toBeUndefined();
});

test("pushback of gRPC beats RetryInfo, and no number means no", () => {
  const pushed = (value: string) =>
    refused(Code.Unavailable, { retryAfterMs: 5, headers: { "grpc-retry-pushback-ms": value } });
  expect(waitMs(DEFAULT_RETRY, 0, pushed("40"), 0)).toBe(40);
  expect(waitMs(DEFAULT_RETRY, 0, pushed("-1"), 0)).toBeUndefined();
  expect(waitMs(DEFAULT_RETRY, 0, pushed("soon"), 0)).toBeUndefined();
});

test("what will not pass by waiting is not repeated", () => {
  for (const code of [Code.NotFound, Code.InvalidArgument, Code.PermissionDenied, Code.DeadlineExceeded]) {
    expect(waitMs(DEFAULT_RETRY, 0, refused(code), 0)).toBeUndefined();
  }
  expect(waitMs(DEFAULT_RETRY, 0, refused(Code.Internal, { reason: "INTERNAL" }), 0)).toBeUndefined();
});

test("a read is repeated until it succeeds, under one request id", async () => {
  const ids: (string | null)[] = [];
  const transport = serving(
    LeaderService,
    {
      listLeaders(_, { requestHeader }) {
        ids.push(requestHeader.get("x-request-id"));
        if (ids.length < 3) throw outage;
        return { totalSize: 7n };
      },
    },
    [identifying, retrying(QUICK)],
  );
  const { totalSize } = await createClient(LeaderService, transport).listLeaders({});
  expect(totalSize).toBe(7n);
  expect(ids).toHaveLength(3);
  expect(new Set(ids).size).toBe(1);
});

test("a read is given up after the last attempt, with the last refusal", async () => {
  const listLeaders = vi.fn(() => {
    throw refused(Code.Unavailable, { reason: "DATABASE_UNAVAILABLE" });
  });
  const leaders = createClient(LeaderService, serving(LeaderService, { listLeaders }, [retrying(QUICK)]));
  await expect(leaders.listLeaders({})).rejects.toMatchObject({ code: Code.Unavailable });
  expect(listLeaders).toHaveBeenCalledTimes(3);
});

test("a call with side effects is made once, an idempotent one again", async () => {
  const fail = () => {
    throw outage;
  };
  const [triggerIngestion, cancelRun] = [vi.fn(fail), vi.fn(fail)];
  const transport = serving(IngestionService, { triggerIngestion, cancelRun }, [retrying(QUICK)]);
  const ingestion = createClient(IngestionService, transport);
  await expect(ingestion.triggerIngestion({})).rejects.toThrow();
  await expect(ingestion.cancelRun({ runId: "1" })).rejects.toThrow();
  expect(triggerIngestion).toHaveBeenCalledTimes(1);
  expect(cancelRun).toHaveBeenCalledTimes(3);
});

test("who gives up a call does not wait for its repetition", async () => {
  const patient = { ...QUICK, firstBackoffMs: 60_000, longestBackoffMs: 60_000 };
  const listLeaders = vi.fn(() => {
    throw outage;
  });
  const transport = serving(LeaderService, { listLeaders }, [retrying(patient, () => 1)]);
  const { signal, abort } = (() => {
    const controller = new AbortController();
    return { signal: controller.signal, abort: () => controller.abort() };
  })();
  const call = createClient(LeaderService, transport).listLeaders({}, { signal });
  await vi.waitFor(() => expect(listLeaders).toHaveBeenCalled());
  abort();
  await expect(call).rejects.toThrow();
  expect(listLeaders).toHaveBeenCalledTimes(1);
});
