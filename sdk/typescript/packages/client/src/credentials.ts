// What a caller shows to prove itself.
import type { Interceptor } from "@connectrpc/connect";
import { isRefusedFor } from "./refusal.js";

/** What a caller shows to prove itself. */
export interface Credentials {
  /** The value of the metadata `authorization`. */
  authorization(): Promise<string>;
  /** Called when the server says that this value has expired. True when another one may be had. */
  discard(authorization: string): boolean;
}

/** A token and how long it lives from the moment at which it was asked for. */
export interface IssuedToken {
  readonly token: string;
  /** In milliseconds. A span rather than a time, since clocks differ. */
  readonly expiresInMs: number;
}

/** An API key, whose scopes say what it may do. Not for browsers. */
export function apiKey(key: string): Credentials {
  const value = bearer(key);
  return { authorization: async () => value, discard: () => false };
}

/** The share of its life after which a token is renewed. */
const RENEWAL = 0.8;

/**
 * A token that renews itself: `issue` is asked at the first call, again when most of the token's life is over, and when the
 * server says that it has expired. Calls that come meanwhile share one answer. While a token lives, calls go on with it even
 * if `issue` fails.
 */
export function jwt(issue: () => Promise<IssuedToken>, now: () => number = () => performance.now()): Credentials {
  let held: { value: string; renewAt: number; endsAt: number } | undefined;
  let renewal: Promise<string> | undefined;

  const renew = async () => {
    const asked = now();
    const { token, expiresInMs } = await issue();
    const value = bearer(token);
    held = { value, renewAt: asked + RENEWAL * expiresInMs, endsAt: asked + expiresInMs };
    return value;
  };

  return {
    async authorization() {
      if (held && now() < held.renewAt) return held.value;
      renewal ??= renew().finally(() => {
        renewal = undefined;
      });
      try {
        return await renewal;
      } catch (error) {
        if (held && now() < held.endsAt) return held.value;
        throw error;
      }
    },
    discard(authorization) {
      if (held?.value === authorization) held = undefined;
      return true;
    },
  };
}

/** A credential that metadata cannot carry is refused here, without showing it. */
function bearer(secret: string): string {
  if (!/^[\x21-\x7e]+$/.test(secret)) throw new TypeError("the credential is empty or cannot be sent as metadata");
  return `Bearer ${secret}`;
}

/** Adds the credential, unless the call brings its own. A call that was refused for an expired one is made once more. */
export function authorizing(credentials: Credentials): Interceptor {
  return (next) => async (request) => {
    if (request.header.has("authorization")) return next(request);
    const shown = await credentials.authorization();
    request.header.set("authorization", shown);
    if (request.stream) return next(request);
    try {
      return await next(request);
    } catch (error) {
      if (!isRefusedFor(error, "CREDENTIAL_EXPIRED") || !credentials.discard(shown)) throw error;
      request.header.set("authorization", await credentials.authorization());
      return next(request);
    } finally {
      // A repetition of the call asks for the credential anew.
      request.header.delete("authorization");
    }
  };
}
