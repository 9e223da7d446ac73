// Amber from the browser, by gRPC-web through this application's own address, which passes on what is allowed.
import { DEFAULT_RETRY, isRefusedFor, jwt, type RetryPolicy } from "@amber/client";
import { connect } from "@amber/client/web";
import type { Outcome } from "@/model/failure";
import * as wire from "@/model/from-wire";
import type { RunProgress } from "@/model/leader";
import type { Post, PostFilter, PostPage } from "@/model/post";
import { criteria, listRequest } from "@/model/post-request";

/** A page that is open tries again as long as it is open. */
const PATIENT: RetryPolicy = { ...DEFAULT_RETRY, attempts: Number.POSITIVE_INFINITY, longestBackoffMs: 10_000 };

const base = () => new URL("/rpc", location.origin).href;

export async function listPosts(filter: PostFilter, pageToken = ""): Promise<PostPage> {
  return wire.postPage(await connect({ baseUrl: base() }).feed.listPosts(listRequest(filter, pageToken)));
}

interface Watching {
  readonly signal: AbortSignal;
  /** Hears of each connection that stands. */
  readonly onOpen: () => void;
  /** Hears of each connection that broke and is made anew. */
  readonly onInterrupted: () => void;
}

/** Each post that is stored after the page that said `from`. It goes on over as many connections as it takes. */
export async function* watchPosts(filter: PostFilter, from: string, watching: Watching): AsyncGenerator<Post> {
  const { signal, onOpen, onInterrupted } = watching;
  const amber = connect({ baseUrl: base(), retry: PATIENT, interceptors: [opening(onOpen)] });
  let resumeToken = from;
  while (!signal.aborted) {
    try {
      const request = { ...criteria(filter), resumeToken };
      for await (const told of amber.watchPosts(request, { signal, onInterrupted })) yield wire.post(told);
      return;
    } catch (error) {
      if (!isRefusedFor(error, "RESUME_TOKEN_EXPIRED", "RESUME_TOKEN_INVALID")) throw error;
      // The page slept for days. What was missed is read as a list.
      const page = await listPosts(filter);
      yield* page.posts;
      resumeToken = page.watchFrom;
    }
  }
}

type Interceptor = NonNullable<Parameters<typeof connect>[0]["interceptors"]>[number];

/** Tells when a stream's answer has begun. */
function opening(onOpen: () => void): Interceptor {
  return (next) => async (request) => {
    const answer = await next(request);
    if (answer.stream) onOpen();
    return answer;
  };
}

/** What a browser gets to watch runs with. */
export interface WatchToken {
  readonly token: string;
  readonly expiresInMs: number;
}

/** How a run fares, until it has ended. `issue` asks this application's server for a token. */
export async function* watchRun(
  runId: string,
  issue: () => Promise<Outcome<WatchToken>>,
  { signal, onInterrupted }: Pick<Watching, "signal" | "onInterrupted">,
): AsyncGenerator<RunProgress> {
  const credentials = jwt(async () => {
    const issued = await issue();
    if (!issued.ok) throw new Error(`no token to watch with: ${issued.failure.kind}`);
    return issued.value;
  });
  const amber = connect({ baseUrl: base(), retry: PATIENT, credentials });
  for await (const told of amber.watchRun(runId, { signal, onInterrupted })) yield wire.run(told);
}
