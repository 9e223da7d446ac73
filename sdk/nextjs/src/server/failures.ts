// Turns what Amber refuses into what pages say about it.
import "server-only";
import { Code, type Reason, refusalOf } from "@amber/client";
import { unstable_rethrow } from "next/navigation";
import type { Failure, FailureKind, Outcome } from "../model/failure";

const BY_REASON: Partial<Record<Reason, FailureKind>> = {
  RATE_LIMITED: "limited",
  TOO_MANY_WATCHERS: "limited",
  CREDENTIAL_EXPIRED: "signed-out",
  ROLE_MISSING: "denied",
  SCOPE_MISSING: "key",
  FIELD_INVALID: "invalid",
  LEADER_NOT_FOUND: "gone",
  REVIEW_ITEM_NOT_FOUND: "item-gone",
  RECORD_INVALID: "record",
  RUN_ACTIVE: "busy",
  FEATURE_DISABLED: "feature",
};

const BY_CODE: Partial<Record<Code, FailureKind>> = {
  [Code.Unavailable]: "unavailable",
  [Code.DeadlineExceeded]: "unavailable",
  [Code.Unauthenticated]: "denied",
  [Code.PermissionDenied]: "denied",
  [Code.ResourceExhausted]: "limited",
};

export function failureOf(error: unknown): Failure {
  const { reason, code, requestId, retryAfterMs, fieldViolations } = refusalOf(error);
  // Without a reason it was not Amber that answered: each way in which a connection breaks has a code of its own.
  const kind = reason ? (BY_REASON[reason] ?? BY_CODE[code] ?? "other") : (BY_CODE[code] ?? "unavailable");
  if (kind === "other" || kind === "unavailable") console.error(`Amber did not answer request ${requestId}:`, error);
  return { kind, requestId, retryAfterMs, detail: fieldViolations[0]?.description };
}

/** What `act` answers, or why it did not. */
export async function attempt<Value>(act: () => Promise<Value>): Promise<Outcome<Value>> {
  try {
    return { ok: true, value: await act() };
  } catch (error) {
    unstable_rethrow(error);
    return { ok: false, failure: failureOf(error) };
  }
}
