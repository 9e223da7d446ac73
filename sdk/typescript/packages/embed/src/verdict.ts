// What follows from a refusal: another try, a few more tries, or none.

/** Another token will not change these: the page, the dashboard or the viewer is not welcome. */
const FINAL =
  "TOKEN_MALFORMED TOKEN_BAD_SIGNATURE TOKEN_WRONG_AUDIENCE TOKEN_REVOKED ORIGIN_NOT_ALLOWED ORIGIN_UNKNOWN ORIGIN_NOT_REGISTERED SCOPE_MISSING WRONG_DASHBOARD DASHBOARD_NOT_FOUND FIELD_INVALID EMBED_URL_INVALID";

/** A fresh token usually does away with these. When it does not, the source of tokens gives old ones, or the browser blocks
 * the frame. */
const FEW = "TOKEN_EXPIRED TOKEN_NOT_YET_VALID TOKEN_REPLAYED SESSION_ENDED NO_ANSWER";

/** How often those are tried before a frame stands. */
export const TRIES = 4;

const among = (reasons: string, reason: string) => reasons.split(" ").includes(reason);

/** Whether this is one of the reasons that are tried a few times. */
export function isTriedFew(reason: string): boolean {
  return among(FEW, reason);
}

/** Whether to give up after so many refusals of the kind that is tried a few times, this one included. */
export function isFinal(reason: string, tries: number): boolean {
  return among(FINAL, reason) || (isTriedFew(reason) && tries >= TRIES);
}

/** How long to wait after so many failures in a row, in milliseconds: what the server asks for, and exponential backoff with
 * full jitter (Marc Brooker, AWS Architecture Blog, 2015). `draw` is evenly distributed in 0..1. */
export function waitMs(failures: number, retryAfterMs: number | null, draw: number): number {
  return (retryAfterMs ?? 250) + draw * Math.min(60_000, 500 * 2 ** failures);
}
