// Amber from a browser, by gRPC-web. The server lists the origins that may call it in `CORS_ALLOWED_ORIGINS`.
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import { type Amber, createAmber } from "./amber.js";
import { bounded, interceptorsOf, type Options } from "./options.js";

export type { Amber } from "./amber.js";
export type { Options } from "./options.js";

/** How to reach a server from a browser. */
export interface WebOptions extends Options {
  /** Used in place of the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch;
}

/** A server of Amber, called by gRPC-web. Nothing is sent before the first call. */
export function connect(options: WebOptions): Amber {
  const { baseUrl, retry, fetch } = options;
  const transport = createGrpcWebTransport({
    baseUrl,
    interceptors: interceptorsOf(options),
    ...(fetch && { fetch }),
  });
  return createAmber(bounded(transport, options), retry);
}
