// What follows from a refusal: another try, a few more tries, or none.

/** Another token will not change these: the page, the dashboard or the viewer is not welcome. */
const FINAL =
  "TOKEN_MALFORMED TOKEN_BAD_SIGNATURE TOKEN_WRONG_AUDIENCE TOKEN_REVOKED ORIGIN_NOT_ALLOWED ORIGIN_UNKNOWN ORIGIN_NOT_REGISTERED SCOPE_MISSING WRONG_DASHBOARD DASHBOARD_NOT_FOUND FIELD_INVALID EMBED_URL_INVALID";

/** A fresh token usually does away with these. When it does not, the source of tokens gives old ones, or the browser blocks
 * the frame. */
const FEW = "TOKEN_EXPIRED TOKEN_NOT_YET_VALID TOKEN_REPLAYED SESSION_ENDED NO_ANSWER";

/** How often in a row those are tried. */
export const TRIES = 4;

/** Whether to give up after so many failures in a row, this one included. */
export function isFinal(reason: string, failures: number): boolean {
  const among = (reasons: string) => reasons.split(" ").includes(reason);
  return among(FINAL) || (among(FEW) && failures >= TRIES);
}

/** How long to wait after so many failures in a row, in milliseconds: what the server asks for, and exponential backoff with
 * full jitter (Marc Brooker, AWS Architecture Blog, 2015). `draw` is evenly distributed in 0..1. */
export function waitMs(failures: number, retryAfterMs: number | null, draw: number): number {
  return (retryAfterMs ?? 250) + draw * Math.min(60_000, 500 * 2 ** failures);
}
