// What a refused call says beside its code, by the rich error model of Google's error_details.proto.
import { durationMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorReason } from "./generated/amber/v1/error_reason_pb.js";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "./generated/google/rpc/error_details_pb.js";

const DOMAIN = "amber.v1";

/** The name of a cause for which Amber refuses a call; `ErrorReason` of the contract documents each. */
export type Reason = Exclude<keyof typeof ErrorReason, "UNSPECIFIED">;

/** One wrong field of a request. */
export interface FieldViolation {
  /** The path of the field, such as `leader_ids[3]`. */
  readonly field: string;
  /** What is wrong with it, in English. */
  readonly description: string;
}

/** Why a call failed. */
export interface Refusal {
  /** The gRPC code. */
  readonly code: Code;
  /** What happened, in English, for developers. */
  readonly message: string;
  /** Why, for programs. Absent when it was not Amber that refused (a proxy, the network), or when the reason is newer than
   * this package: go by the code then. */
  readonly reason: Reason | undefined;
  /** What Amber adds to its reason, such as `role` or `limit`. */
  readonly metadata: Readonly<Record<string, string>>;
  /** How long to wait before the call may succeed, in milliseconds. Absent when the server did not say. */
  readonly retryAfterMs: number | undefined;
  /** The fields that are wrong. Empty unless the code is `InvalidArgument`. */
  readonly fieldViolations: readonly FieldViolation[];
  /** Finds the call in the logs of the server. */
  readonly requestId: string | undefined;
  /** Finds the cause of an internal error in the logs of the server. */
  readonly errorId: string | undefined;
}

/** Reads what a call threw. Anything may be given: what is no answer of a server has the code `Unknown`, or `Canceled` when
 * the caller gave up. */
export function refusalOf(error: unknown): Refusal {
  const refused = ConnectError.from(error);
  const info = refused.findDetails(ErrorInfoSchema).find(({ domain }) => domain === DOMAIN);
  const delay = refused.findDetails(RetryInfoSchema)[0]?.retryDelay;
  const violations = refused.findDetails(BadRequestSchema).flatMap(({ fieldViolations }) => fieldViolations);
  return {
    code: refused.code,
    message: refused.rawMessage,
    reason: info && isReason(info.reason) ? info.reason : undefined,
    metadata: info?.metadata ?? {},
    retryAfterMs: delay && durationMs(delay),
    fieldViolations: violations.map(({ field, description }) => ({ field, description })),
    requestId: refused.metadata.get("x-request-id") ?? undefined,
    errorId: info?.metadata["error_id"],
  };
}

/** Whether a call was refused by Amber for one of these reasons. */
export function isRefusedFor(error: unknown, ...reasons: readonly Reason[]): boolean {
  const { reason } = refusalOf(error);
  return reason !== undefined && reasons.includes(reason);
}

function isReason(name: string): name is Reason {
  return name !== "UNSPECIFIED" && typeof ErrorReason[name as Reason] === "number";
}

/** Whether the network or a process failed rather than Amber refused: each transport has codes of its own for that, and none
 * of them brings a reason. */
export function isOutage(error: unknown): boolean {
  const { code, reason } = refusalOf(error);
  return code === Code.Unavailable || (reason === undefined && TRANSPORT_CODES.includes(code));
}

const TRANSPORT_CODES: readonly Code[] = [Code.Unknown, Code.Internal, Code.Canceled, Code.Aborted];
