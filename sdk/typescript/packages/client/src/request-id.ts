// An id for each call, by which it is found in the logs of both sides.
import { ConnectError, type Interceptor } from "@connectrpc/connect";

const HEADER = "x-request-id";

/** Gives each call an id, unless it brings its own, and leaves it in the error of a call that failed. */
export const identifying: Interceptor = (next) => async (request) => {
  const id = request.header.get(HEADER) ?? newRequestId();
  request.header.set(HEADER, id);
  try {
    return await next(request);
  } catch (error) {
    const refused = ConnectError.from(error);
    if (!refused.metadata.has(HEADER)) refused.metadata.set(HEADER, id);
    throw refused;
  }
};

/** 128 random bits. `crypto.randomUUID` is missing on pages without TLS. */
export function newRequestId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
