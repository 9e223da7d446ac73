// What does not depend on the transport. `@amber/client/web` and `@amber/client/node` connect, `@amber/client/v1` has the
// messages.
export { Code, ConnectError } from "@connectrpc/connect";
export { type Admin, adminJwt } from "./admin.js";
export { type Amber, createAmber } from "./amber.js";
export { apiKey, type Credentials, type IssuedToken, jwt } from "./credentials.js";
export { ErrorReason } from "./generated/amber/v1/error_reason_pb.js";
export type { Options } from "./options.js";
export type { Pages } from "./pages.js";
export { type FieldViolation, isOutage, isRefusedFor, type Reason, type Refusal, refusalOf } from "./refusal.js";
export { newRequestId } from "./request-id.js";
export { DEFAULT_RETRY, NEVER_RETRY, type RetryPolicy } from "./retry.js";
export type { WatchOptions } from "./watch.js";
