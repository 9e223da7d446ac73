// Why something could not be done, in a form that both sides of the application understand.

export type FailureKind =
  | "unavailable"
  | "limited"
  | "signed-out"
  | "wrong-secret"
  | "denied"
  | "key"
  | "invalid"
  | "gone"
  | "item-gone"
  | "record"
  | "busy"
  | "feature"
  | "other";

export interface Failure {
  readonly kind: FailureKind;
  /** Names the request in the logs of Amber. */
  readonly requestId?: string | undefined;
  /** How long to wait before the next attempt. */
  readonly retryAfterMs?: number | undefined;
  /** What was wrong with a field, in the words of Amber. */
  readonly detail?: string | undefined;
}

export type Outcome<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly failure: Failure };
