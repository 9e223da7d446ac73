import type { Transport } from "@connectrpc/connect";
import { createClient } from "@connectrpc/connect";
import { expect, test, vi } from "vitest";
import { bounded, interceptorsOf } from "../src/options.js";
import { FeedService, LeaderService } from "../src/v1.js";
import { Code, refused, serving } from "./refused.js";

const baseUrl = "https://amber.example.com";

test("calls have a deadline unless they bring their own, streams have none", async () => {
  const [unary, stream] = [vi.fn(), vi.fn()];
  const transport = bounded({ unary, stream } as unknown as Transport, { baseUrl, timeoutMs: 700 });
  const call = [FeedService.method.listPosts, undefined] as const;
  await transport.unary(...call, undefined, undefined, {});
  await transport.unary(...call, 50, undefined, {});
  await transport.stream(FeedService.method.watchPosts, undefined, undefined, undefined, (async function* () {})());
  const timeouts = [...unary.mock.calls, ...stream.mock.calls].map(([, , timeoutMs]) => timeoutMs);
  expect(timeouts).toEqual([700, 50, undefined]);
});

test("each call has a request id of its own, or the one that it brings", async () => {
  const ids: (string | null)[] = [];
  const listLeaders = (_: unknown, { requestHeader }: { requestHeader: Headers }) => {
    ids.push(requestHeader.get("x-request-id"));
    return {};
  };
  const leaders = createClient(LeaderService, serving(LeaderService, { listLeaders }, interceptorsOf({ baseUrl })));
  await leaders.listLeaders({});
  await leaders.listLeaders({});
  await leaders.listLeaders({}, { headers: { "x-request-id": "my-own-id" } });
  expect(ids[0]).toMatch(/^[0-9a-f]{32}$/);
  expect(ids[1]).not.toBe(ids[0]);
  expect(ids[2]).toBe("my-own-id");
});

test("own interceptors see a call once, however often it is repeated", async () => {
  const seen = vi.fn();
  const listLeaders = vi.fn(() => ({}));
  listLeaders.mockImplementationOnce(() => {
    throw refused(Code.Unavailable);
  });
  const interceptors = interceptorsOf({
    baseUrl,
    interceptors: [
      (next) => (request) => {
        seen(request.method.name);
        return next(request);
      },
    ],
  });
  await createClient(LeaderService, serving(LeaderService, { listLeaders }, interceptors)).listLeaders({});
  expect([seen.mock.calls, listLeaders.mock.calls.length]).toEqual([[["ListLeaders"]], 2]);
});
