import { expect, test } from "vitest";
import { isFinal, TRIES, waitMs } from "../src/verdict.js";

test("what another token cannot change is final at once", () => {
  for (const reason of ["TOKEN_REVOKED", "DASHBOARD_NOT_FOUND", "ORIGIN_NOT_ALLOWED", "EMBED_URL_INVALID"]) {
    expect(isFinal(reason, 1)).toBe(true);
  }
});

test("what a fresh token should do away with is tried a few times", () => {
  for (const reason of ["TOKEN_EXPIRED", "TOKEN_REPLAYED", "SESSION_ENDED", "NO_ANSWER"]) {
    expect([isFinal(reason, 1), isFinal(reason, TRIES - 1), isFinal(reason, TRIES)]).toEqual([false, false, true]);
  }
});

test("outages, limits and reasons of later versions are never final", () => {
  for (const reason of ["DATABASE_UNAVAILABLE", "RATE_LIMITED", "TOKEN_SOURCE_FAILED", "INVENTED_LATER", ""]) {
    expect(isFinal(reason, 1_000)).toBe(false);
  }
});

test("the wait doubles up to a minute, and what the server asks for comes first", () => {
  const longest = [1, 2, 3, 6, 7, 50].map((failures) => waitMs(failures, 0, 1));
  expect(longest).toEqual([1_000, 2_000, 4_000, 32_000, 60_000, 60_000]);
  expect(waitMs(50, 0, 0)).toBe(0);
  expect(waitMs(1, 5_000, 0.5)).toBe(5_500);
  expect(waitMs(1, null, 0)).toBeGreaterThan(0);
});
