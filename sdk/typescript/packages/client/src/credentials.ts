// What a caller shows to prove itself.
import type { Interceptor } from "@connectrpc/connect";
import { unlessGivenUp } from "./pause.js";
import { isRefusedFor } from "./refusal.js";

/** What a caller shows to prove itself. */
export interface Credentials {
  /** The value of the metadata `authorization`. A call waits for it no longer than for its own deadline. */
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

/** Adds the credential, unless the call brings its own; it is waited for no longer than the call may take. A call that was refused for an expired one is made once more; a stream
 * is not, but whoever opens it again shows another one. */
export function authorizing(credentials: Credentials): Interceptor {
  return (next) => async (request) => {
    if (request.header.has("authorization")) return next(request);
    const show = async () => {
      const shown = await unlessGivenUp(credentials.authorization(), request.signal);
      request.header.set("authorization", shown);
      return shown;
    };
    const shown = await show();
    const isExpired = (error: unknown) => isRefusedFor(error, "CREDENTIAL_EXPIRED") && credentials.discard(shown);
    try {
      const response = await next(request);
      return response.stream ? { ...response, message: noticing(response.message, isExpired) } : response;
    } catch (error) {
      if (!isExpired(error) || request.stream) throw error;
      await show();
      return next(request);
    } finally {
      // A repetition of the call asks for the credential anew.
      request.header.delete("authorization");
    }
  };
}

/** The same messages; `notice` sees the error that ends them. */
async function* noticing<Message>(messages: AsyncIterable<Message>, notice: (error: unknown) => void) {
  try {
    yield* messages;
  } catch (error) {
    notice(error);
    throw error;
  }
}
