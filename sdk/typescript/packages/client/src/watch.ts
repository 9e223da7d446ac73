// A stream that goes on over as many connections as it takes.
import { Code, ConnectError } from "@connectrpc/connect";
import { pause } from "./pause.js";
import { isRefusedFor } from "./refusal.js";
import { type RetryPolicy, waitMs } from "./retry.js";

/** A connection that lasted this long was no failure, whatever ended it: proxies cut quiet streams. */
const LASTED_MS = 10_000;

/** How to watch. */
export interface WatchOptions {
  /** Ends the watch when it is given up; the iteration then ends without an error. */
  readonly signal?: AbortSignal;
  /** Hears of each connection that was lost and is made anew, to show it. */
  readonly onInterrupted?: (error: ConnectError) => void;
  /** Hears of each connection that stands again after one was lost. */
  readonly onResumed?: () => void;
}

/** One kind of stream. */
export interface Watched<Told> {
  /** Opens a connection that goes on after what was told so far. */
  open(signal: AbortSignal): AsyncIterable<Told>;
  /** Notes where to go on; true when nothing will follow. */
  note(told: Told): boolean;
  /** Whether the server ends the stream by itself only once there is nothing more to tell. */
  readonly endsByItself: boolean;
  /** A connection on which nothing comes for so long is dead, in milliseconds. Absent where quiet is normal. */
  readonly longestSilenceMs?: number;
}

/** What `watched` tells, until it is over. Each thing that is told begins the count of failures anew. */
export async function* watch<Told>(
  watched: Watched<Told>,
  policy: RetryPolicy,
  { signal, onInterrupted, onResumed }: WatchOptions = {},
): AsyncGenerator<Told, void, undefined> {
  let isLost = false;
  for (let failures = 0; !signal?.aborted; ) {
    const since = performance.now();
    const connection = new AbortController();
    const giveUp = () => connection.abort();
    const silence = new Silence(watched.longestSilenceMs, giveUp);
    signal?.addEventListener("abort", giveUp);
    try {
      silence.begin();
      for await (const told of watched.open(connection.signal)) {
        silence.end();
        if (isLost) onResumed?.();
        isLost = false;
        failures = 0;
        const isLast = watched.note(told);
        yield told;
        if (isLast || signal?.aborted) return;
        silence.begin();
      }
      if (watched.endsByItself) return;
      throw AWAY;
    } catch (error) {
      if (signal?.aborted) return;
      if (performance.now() - since > LASTED_MS) failures = 0;
      const wait = waitMs(policy, failures, isPassing(error) ? AWAY : error, Math.random());
      if (wait === undefined) throw error;
      failures += 1;
      isLost = true;
      onInterrupted?.(ConnectError.from(error));
      await pause(wait, signal).catch(() => undefined);
    } finally {
      silence.end();
      signal?.removeEventListener("abort", giveUp);
      connection.abort();
    }
  }
}

/** A stream may outlive its credential, and its reader may fall asleep: the next connection goes on. */
function isPassing(error: unknown): boolean {
  return isRefusedFor(error, "CREDENTIAL_EXPIRED", "WATCHER_TOO_SLOW");
}

const AWAY = new ConnectError("the stream has ended", Code.Unavailable);

/** Calls when nothing came for too long while something was waited for. */
class Silence {
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly longestMs: number | undefined,
    private readonly act: () => void,
  ) {}

  begin(): void {
    if (this.longestMs !== undefined) this.#timer = setTimeout(this.act, this.longestMs);
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}
