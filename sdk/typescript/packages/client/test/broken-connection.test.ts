// Streams over real sockets that break.
import { createServer, type Server } from "node:http";
import { createServer as createHttp2Server, type Http2Server } from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Amber, Options } from "../src/index.js";
import { connect as connectNode } from "../src/node.js";
import { FeedService } from "../src/v1.js";
import { connect as connectWeb } from "../src/web.js";

const RETRY = { attempts: 20, firstBackoffMs: 5, longestBackoffMs: 20, longestWaitMs: 1_000 };
const ends: (() => void)[] = [];

afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** A server that tells one post per connection and then nothing, and the sockets to it. */
async function serve(create: (handle: ReturnType<typeof connectNodeAdapter>) => Server | Http2Server) {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const handle = connectNodeAdapter({
    routes({ service }) {
      service(FeedService, {
        async *watchPosts({ resumeToken }, { signal }) {
          asked.push(resumeToken);
          yield { resumeToken };
          yield { post: { id: `${asked.length}` }, resumeToken: `after-${asked.length}` };
          await new Promise((resolve) => signal.addEventListener("abort", resolve));
        },
      });
    },
  });
  const server = create(handle);
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  ends.push(cut, () => server.close());
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { asked, cut, baseUrl };
}

describe.each<[string, () => ReturnType<typeof serve>, (options: Options) => Amber]>([
  ["gRPC", () => serve((handle) => createHttp2Server(handle)), connectNode],
  ["gRPC-web", () => serve((handle) => createServer(handle)), connectWeb],
])("over %s", (_, start, connect) => {
  test("a stream whose socket breaks goes on after the last message", async () => {
    const { asked, cut, baseUrl } = await start();
    const [onInterrupted, onResumed] = [vi.fn(), vi.fn()];
    const seen: string[] = [];
    for await (const { id } of connect({ baseUrl, retry: RETRY }).watchPosts({}, { onInterrupted, onResumed })) {
      seen.push(id);
      if (seen.length === 3) break;
      cut();
    }
    expect(seen).toEqual(["1", "2", "3"]);
    expect(asked).toEqual(["", "after-1", "after-2"]);
    expect([onInterrupted.mock.calls.length, onResumed.mock.calls.length]).toEqual([2, 2]);
  });

  test("a watch that is given up while its stream is quiet ends at once", async () => {
    const { baseUrl } = await start();
    const controller = new AbortController();
    const seen: string[] = [];
    for await (const { id } of connect({ baseUrl, retry: RETRY }).watchPosts({}, { signal: controller.signal })) {
      seen.push(id);
      setTimeout(() => controller.abort(), 20);
    }
    expect(seen).toEqual(["1"]);
  });
});
