// Repeating calls that are safe to repeat and failed for a passing cause.
import { MethodOptions_IdempotencyLevel as Idempotency } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { pause } from "./pause.js";
import { isOutage, refusalOf } from "./refusal.js";

/**
 * How often and how patiently to repeat a call.
 *
 * The wait before repetition `n` (from 0) is drawn evenly from zero to `min(longestBackoffMs, firstBackoffMs * 2^n)`: "full
 * jitter", Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015. When the server says how long to wait,
 * that time comes first and the draw is added, so that callers who were told the same do not return at once.
 */
export interface RetryPolicy {
  /** How many calls to make in all, the first one included. */
  readonly attempts: number;
  /** The longest wait before the first repetition, in milliseconds. */
  readonly firstBackoffMs: number;
  /** Bounds the longest wait before any repetition, in milliseconds. */
  readonly longestBackoffMs: number;
  /** A call is given up when the server asks for a longer wait than this, in milliseconds. */
  readonly longestWaitMs: number;
}

/** Four calls, over about two seconds. */
export const DEFAULT_RETRY: RetryPolicy = {
  attempts: 4,
  firstBackoffMs: 200,
  longestBackoffMs: 5_000,
  longestWaitMs: 30_000,
};

/** Fails at the first refusal. */
export const NEVER_RETRY: RetryPolicy = { ...DEFAULT_RETRY, attempts: 1 };

/** How long to wait before repetition `n` (from 0) of a call that failed so, in milliseconds; undefined gives it up. `draw`
 * is evenly distributed in 0..1. */
export function waitMs(policy: RetryPolicy, n: number, error: unknown, draw: number): number | undefined {
  if (n + 1 >= policy.attempts) return undefined;
  if (!isOutage(error) && refusalOf(error).code !== Code.ResourceExhausted) return undefined;
  const asked = askedWaitMs(error);
  if (asked === undefined || asked > policy.longestWaitMs) return undefined;
  return asked + draw * Math.min(policy.longestBackoffMs, policy.firstBackoffMs * 2 ** n);
}

/** What the server asks for; undefined when it asks not to be called again. The metadata is that of gRPC's proposal A6, by
 * which anything that is no number means no. */
function askedWaitMs(error: unknown): number | undefined {
  const pushback = ConnectError.from(error).metadata.get("grpc-retry-pushback-ms");
  if (pushback === null) return refusalOf(error).retryAfterMs ?? 0;
  return /^\d+$/.test(pushback) ? Number(pushback) : undefined;
}

/** Repeats unary calls that the contract declares free of side effects or idempotent, within the deadline of the call. */
export function retrying(policy: RetryPolicy, random: () => number = Math.random): Interceptor {
  return (next) => async (request) => {
    if (request.stream || request.method.idempotency === Idempotency.IDEMPOTENCY_UNKNOWN) return next(request);
    for (let n = 0; ; n += 1) {
      try {
        return await next(request);
      } catch (error) {
        const wait = waitMs(policy, n, error, random());
        if (wait === undefined) throw error;
        await pause(wait, request.signal, error);
      }
    }
  };
}
