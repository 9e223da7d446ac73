// Amber from Node.js, by gRPC over HTTP/2.
import type { SecureClientSessionOptions } from "node:http2";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { type Amber, createAmber } from "./amber.js";
import { bounded, interceptorsOf, type Options } from "./options.js";

export type { Amber } from "./amber.js";
export type { Options } from "./options.js";

/** How to reach a server from Node.js. `baseUrl` begins with `http://` or `https://`. */
export interface NodeOptions extends Options {
  /** How often a connection in use is looked at, in milliseconds. 30 seconds if absent. */
  readonly pingIntervalMs?: number;
  /** For TLS: own authorities, a client certificate. */
  readonly tls?: Pick<SecureClientSessionOptions, "ca" | "cert" | "key" | "servername">;
}

/** A server of Amber with its connection. */
export interface NodeAmber extends Amber {
  /** Ends the connection; calls under way fail. The next call connects anew. */
  close(): void;
}

const PING_MS = 30_000;

/** A server of Amber, called by gRPC. It connects at the first call, and again whenever the connection broke. */
export function connect(options: NodeOptions): NodeAmber {
  const { baseUrl, retry, pingIntervalMs = PING_MS, tls } = options;
  const sessionManager = new Http2SessionManager(baseUrl, { pingIntervalMs }, tls);
  const transport = createGrpcTransport({ baseUrl, interceptors: interceptorsOf(options), sessionManager });
  return { ...createAmber(bounded(transport, options), retry), close: () => sessionManager.abort() };
}
