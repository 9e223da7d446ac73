// What both transports have in common.
import type { Interceptor, Transport } from "@connectrpc/connect";
import { authorizing, type Credentials } from "./credentials.js";
import { identifying } from "./request-id.js";
import { DEFAULT_RETRY, type RetryPolicy, retrying } from "./retry.js";

/** How to reach a server, and how to call it. */
export interface Options {
  /** The address of the server, such as `https://amber.example.com`. */
  readonly baseUrl: string;
  /** What to show as a caller. Absent: anonymous, who may read what anyone may read. */
  readonly credentials?: Credentials;
  /** How often and how patiently to repeat what is safe to repeat. Also holds for streams that resume. */
  readonly retry?: RetryPolicy;
  /** The deadline of a call with all its repetitions, in milliseconds, unless the call brings its own. 30 seconds if absent.
   * Streams have none. */
  readonly timeoutMs?: number;
  /** More interceptors, around those of this package. */
  readonly interceptors?: readonly Interceptor[];
}

const DEADLINE_MS = 30_000;

/** From the outside to the inside: one id for all repetitions of a call, a fresh credential for each. */
export function interceptorsOf({ credentials, retry = DEFAULT_RETRY, interceptors = [] }: Options): Interceptor[] {
  const authorized = credentials ? [authorizing(credentials)] : [];
  return [...interceptors, identifying, retrying(retry), ...authorized];
}

/** Gives calls their deadline. The transports would give it to streams as well. */
export function bounded(transport: Transport, { timeoutMs = DEADLINE_MS }: Options): Transport {
  return {
    unary: (method, signal, own, ...call) => transport.unary(method, signal, own ?? timeoutMs, ...call),
    stream: (...call) => transport.stream(...call),
  };
}
