import { afterEach, expect, test, vi } from "vitest";
import { createAmber } from "../src/amber.js";
import type { RetryPolicy } from "../src/retry.js";
import { FeedService, HealthService, HealthStatus, IngestionService } from "../src/v1.js";
import { watch } from "../src/watch.js";
import { Code, refused, serving } from "./refused.js";

const QUICK: RetryPolicy = { attempts: 3, firstBackoffMs: 1, longestBackoffMs: 1, longestWaitMs: 1_000 };
const END = { seconds: 1n, nanos: 0 };

afterEach(() => void vi.useRealTimers());

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const found: Item[] = [];
  for await (const item of items) found.push(item);
  return found;
}

test("a run is watched to its end over connections that break", async () => {
  const asked: bigint[] = [];
  const transport = serving(IngestionService, {
    async *watchRun({ afterSeq }) {
      asked.push(afterSeq);
      if (afterSeq < 4n) {
        yield { run: { id: "r", seq: afterSeq + 1n } };
        throw refused(Code.Unavailable, { reason: "SHUTTING_DOWN" });
      }
      yield { run: { id: "r", seq: 5n, endTime: END } };
    },
  });
  const [onInterrupted, onResumed] = [vi.fn(), vi.fn()];
  const runs = await all(createAmber(transport, QUICK).watchRun("r", { onInterrupted, onResumed }));
  expect(runs.map(({ seq }) => seq)).toEqual([1n, 2n, 3n, 4n, 5n]);
  expect(asked).toEqual([0n, 1n, 2n, 3n, 4n]);
  expect(onInterrupted).toHaveBeenCalledTimes(4);
  expect(onResumed).toHaveBeenCalledTimes(4);
});

test("the health is told on over connections that break", async () => {
  let calls = 0;
  const transport = serving(HealthService, {
    async *watchHealth() {
      calls += 1;
      yield { report: { status: calls > 1 ? HealthStatus.OK : HealthStatus.DEGRADED } };
      throw refused(Code.Unavailable, { reason: "SHUTTING_DOWN" });
    },
  });
  const seen: HealthStatus[] = [];
  for await (const { status } of createAmber(transport, QUICK).watchHealth()) {
    seen.push(status);
    if (seen.length === 3) break;
  }
  expect(seen).toEqual([HealthStatus.DEGRADED, HealthStatus.OK, HealthStatus.OK]);
});

test("a watch goes on where the caller was", async () => {
  const transport = serving(IngestionService, {
    async *watchRun({ afterSeq }) {
      yield { run: { seq: afterSeq + 1n, endTime: END } };
    },
  });
  const [last] = await all(createAmber(transport).watchRun("r", { afterSeq: 41n }));
  expect(last?.seq).toBe(42n);
});

test("a stream that never stands is given up, with its last refusal", async () => {
  const watchRun = vi.fn(() => {
    throw refused(Code.Unavailable);
  });
  const amber = createAmber(serving(IngestionService, { watchRun }), QUICK);
  await expect(all(amber.watchRun("r"))).rejects.toMatchObject({ code: Code.Unavailable });
  expect(watchRun).toHaveBeenCalledTimes(3);
});

test("what a server refuses for good ends the watch at once", async () => {
  const watchRun = vi.fn(() => {
    throw refused(Code.NotFound, { reason: "RUN_NOT_FOUND" });
  });
  const amber = createAmber(serving(IngestionService, { watchRun }), QUICK);
  await expect(all(amber.watchRun("r"))).rejects.toMatchObject({ code: Code.NotFound });
  expect(watchRun).toHaveBeenCalledTimes(1);
});

test("a watch that is given up ends without an error, and its connection with it", async () => {
  const controller = new AbortController();
  let isOpen = false;
  const transport = serving(FeedService, {
    async *watchPosts(_, { signal }) {
      isOpen = true;
      signal.addEventListener("abort", () => {
        isOpen = false;
      });
      yield { post: { id: "1" }, resumeToken: "a" };
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
    },
  });
  const seen: string[] = [];
  for await (const { id } of createAmber(transport).watchPosts({}, { signal: controller.signal })) {
    seen.push(id);
    setTimeout(() => controller.abort(), 5);
  }
  expect(seen).toEqual(["1"]);
  await vi.waitFor(() => expect(isOpen).toBe(false));
});

test("who stops listening ends the connection", async () => {
  let given: AbortSignal | undefined;
  const watched = {
    async *open(signal: AbortSignal) {
      given = signal;
      yield 1;
      yield 2;
    },
    note: () => false,
    endsByItself: false,
  };
  for await (const _ of watch(watched, QUICK)) break;
  expect(given?.aborted).toBe(true);
});

test("posts go on after the last message, one without a post too, with the same filters", async () => {
  const asked: [string, string[]][] = [];
  const transport = serving(FeedService, {
    async *watchPosts({ resumeToken, leaderIds }) {
      asked.push([resumeToken, leaderIds]);
      if (asked.length === 1) {
        yield { resumeToken: "b" };
        yield { post: { id: "1" }, resumeToken: "c" };
        yield { resumeToken: "d" };
        return;
      }
      if (asked.length === 2) throw refused(Code.Aborted, { reason: "WATCHER_TOO_SLOW" });
      yield { post: { id: "2" }, resumeToken: "e" };
    },
  });
  const seen: string[] = [];
  for await (const { id } of createAmber(transport, QUICK).watchPosts({ leaderIds: ["ada"], resumeToken: "a" })) {
    seen.push(id);
    if (id === "2") break;
  }
  expect(seen).toEqual(["1", "2"]);
  expect(asked).toEqual(["a", "d", "d"].map((token) => [token, ["ada"]]));
});

test("a token that is too old is for the caller to see", async () => {
  const transport = serving(FeedService, {
    watchPosts() {
      throw refused(Code.OutOfRange, { reason: "RESUME_TOKEN_EXPIRED" });
    },
  });
  await expect(all(createAmber(transport, QUICK).watchPosts())).rejects.toMatchObject({ code: Code.OutOfRange });
});

test("a connection that says nothing for too long is left for another one; a slow reader is no silence", async () => {
  let connections = 0;
  const watched = {
    async *open(signal: AbortSignal) {
      connections += 1;
      yield connections;
      await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    },
    note: (told: number) => told === 3,
    endsByItself: false,
    longestSilenceMs: 30,
  };
  const seen: number[] = [];
  for await (const told of watch(watched, QUICK)) {
    seen.push(told);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(connections).toBe(told);
  }
  expect(seen).toEqual([1, 2, 3]);
});
