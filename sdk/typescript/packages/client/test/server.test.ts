// Both transports against the real program.
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { Amber as Program } from "../../../../../tests/browser/stage/amber.js";
import { type Amber, adminJwt, apiKey, Code, type Options, refusalOf } from "../src/index.js";
import { connect as connectNode } from "../src/node.js";
import { CheckStatus, Platform } from "../src/v1.js";
import { connect as connectWeb } from "../src/web.js";

const ORIGIN = "https://partner.example.com";
const opened: (() => void)[] = [];
let program: Program;

const TRANSPORTS: [string, (options?: Partial<Options>) => Amber][] = [
  [
    "gRPC",
    (options) => {
      const amber = connectNode({ baseUrl: program.url, ...options });
      opened.push(amber.close);
      return amber;
    },
  ],
  ["gRPC-web", (options) => connectWeb({ baseUrl: program.url, ...options })],
];

beforeAll(async () => {
  program = await Program.start({ origins: [ORIGIN], publicUrl: "https://amber.example.com" });
});
afterAll(async () => {
  for (const close of opened) close();
  await program?.end();
});

describe.each(TRANSPORTS)("over %s", (_, connect) => {
  const asAdmin = (options: Partial<Options> = {}) =>
    connect({
      ...options,
      credentials: adminJwt(connect(), { adminId: "tests", secret: program.bootstrap }),
    });

  test("anyone may read the feed, page by page", async () => {
    const amber = connect();
    const request = { platforms: [Platform.X], pageSize: 7 };
    const sizes: number[] = [];
    for await (const { posts } of amber.listPosts(request).byPage()) sizes.push(posts.length);
    const { totalSize } = await amber.feed.listPosts(request);
    expect(sizes.length).toBeGreaterThan(2);
    expect(sizes.slice(0, -1).every((size) => size === 7)).toBe(true);
    expect(BigInt(sizes.reduce((sum, size) => sum + size))).toBe(totalSize);
    const posts = await amber.listPosts(request).toArray(10);
    expect(new Set(posts.map(({ id }) => id)).size).toBe(10);
  });

  test("health says that the database is well", async () => {
    const { database } = await connect().health.getHealth({});
    expect(database?.status).toBe(CheckStatus.OK);
  });

  test("a refusal is typed", async () => {
    const error = await connect()
      .ingestion.triggerIngestion({})
      .catch((error: unknown) => error);
    expect(refusalOf(error)).toMatchObject({ code: Code.Unauthenticated, reason: "CREDENTIAL_MISSING" });
    expect(refusalOf(error).requestId).toMatch(/^[0-9a-f]{32}$/);
  });

  test("a bad field is named", async () => {
    const error = await connect()
      .feed.listPosts({ pageToken: "made up" })
      .catch((error: unknown) => error);
    expect(refusalOf(error)).toMatchObject({ reason: "PAGE_TOKEN_INVALID", metadata: { field: "page_token" } });
    expect(refusalOf(error).fieldViolations.map(({ field }) => field)).toEqual(["page_token"]);
  });

  test("a key issues embed tokens, and another one does not", async () => {
    const request = { dashboardId: "board", allowedOrigins: [ORIGIN] };
    const issued = await connect({ credentials: apiKey(program.key) }).embedTokens.issueEmbedToken(request);
    expect(issued.token.split(".")).toHaveLength(3);
    expect(issued.embedUrl).toBe("https://amber.example.com/embed/v1/dashboards/board");
    const wrong = connect({ credentials: apiKey("no-key-of-anybody") }).embedTokens.issueEmbedToken(request);
    expect(refusalOf(await wrong.catch((error: unknown) => error)).reason).toBe("CREDENTIAL_INVALID");
  });

  test("a run is watched until it has ended", async () => {
    const amber = asAdmin();
    const { runId } = await amber.ingestion.triggerIngestion({});
    const states = [];
    for await (const run of amber.watchRun(runId)) {
      states.push(run);
      // X is gone since the server was filled, so the run would wait for it.
      if (!run.endTime && !run.cancelRequested) await amber.ingestion.cancelRun({ runId });
    }
    expect(states.length).toBeGreaterThan(0);
    expect(states.at(-1)).toMatchObject({ id: runId, endTime: expect.anything() });
    const seqs = states.map(({ seq }) => seq);
    expect(seqs).toEqual([...seqs].sort((a, b) => Number(a - b)));
  });

  test("the deadline of a call holds, with all its repetitions", async () => {
    const quick = connect({ timeoutMs: 300, baseUrl: "http://127.0.0.1:9" });
    const began = performance.now();
    await expect(quick.health.getHealth({})).rejects.toThrow();
    expect(performance.now() - began).toBeLessThan(3_000);
  });

  test("reads and streams outlive a restart of the server", async () => {
    const retry = { attempts: 200, firstBackoffMs: 100, longestBackoffMs: 250, longestWaitMs: 5_000 };
    const amber = asAdmin({ retry });
    const [leader] = await amber.listLeaders().toArray(1);
    await program.kill();
    const read = amber.feed.listPosts({ pageSize: 1 });
    await program.run();
    expect((await read).posts).toHaveLength(1);
    expect(leader?.name).toMatch(/^Leader /);
  });

  test("posts are watched over a restart of the server", async () => {
    const retry = { attempts: 200, firstBackoffMs: 100, longestBackoffMs: 250, longestWaitMs: 5_000 };
    const amber = asAdmin({ retry });
    const { watchToken } = await amber.feed.listPosts({ pageSize: 1 });
    expect(watchToken).not.toBe("");
    const controller = new AbortController();
    const heard: string[] = [];
    const watching = (async () => {
      const posts = amber.watchPosts(
        { resumeToken: watchToken },
        {
          signal: controller.signal,
          onInterrupted: () => heard.push("interrupted"),
          onResumed: () => heard.push("resumed"),
        },
      );
      for await (const { id } of posts) heard.push(id);
    })();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await program.kill();
    await program.run();
    await vi.waitFor(() => expect(heard.at(-1)).toBe("resumed"), 30_000);
    expect(new Set(heard)).toEqual(new Set(["interrupted", "resumed"]));
    controller.abort();
    await watching;
  });
});
