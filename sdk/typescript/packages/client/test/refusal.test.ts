import { expect, test } from "vitest";
import { isOutage, isRefusedFor, refusalOf } from "../src/refusal.js";
import { Code, refused } from "./refused.js";

test("a refusal says its reason, its metadata and how long to wait", () => {
  const refusal = refusalOf(
    refused(Code.ResourceExhausted, {
      reason: "RATE_LIMITED",
      metadata: { limit: "60" },
      retryAfterMs: 1_500,
      headers: { "x-request-id": "request-1" },
    }),
  );
  expect(refusal).toMatchObject({
    code: Code.ResourceExhausted,
    reason: "RATE_LIMITED",
    metadata: { limit: "60" },
    retryAfterMs: 1_500,
    requestId: "request-1",
    fieldViolations: [],
  });
});

test("bad fields come in order", () => {
  const fields = [
    { field: "name", description: "must not be empty" },
    { field: "handles", description: "too many" },
  ];
  const refusal = refusalOf(refused(Code.InvalidArgument, { reason: "FIELD_INVALID", fields }));
  expect(refusal.fieldViolations).toEqual(fields);
});

test("an internal error names its line in the logs", () => {
  const refusal = refusalOf(refused(Code.Internal, { reason: "INTERNAL", metadata: { error_id: "id-1" } }));
  expect(refusal.errorId).toBe("id-1");
});

test.each([
  ["of another domain", refused(Code.Unavailable, { reason: "RATE_LIMITED", domain: "proxy.example" })],
  ["that is newer than this package", refused(Code.Unavailable, { reason: "INVENTED_LATER" })],
  ["that only an object would have", refused(Code.Unavailable, { reason: "toString" })],
  ["that is never sent", refused(Code.Unavailable, { reason: "UNSPECIFIED" })],
])("a reason %s counts as none", (_, error) => {
  expect(refusalOf(error).reason).toBeUndefined();
});

test("anything that is thrown can be read", () => {
  expect(refusalOf("no error at all")).toMatchObject({ code: Code.Unknown, reason: undefined });
  expect(refusalOf(new DOMException("gone", "AbortError")).code).toBe(Code.Canceled);
});

test("a refusal is told from another one by its reason", () => {
  const error = refused(Code.NotFound, { reason: "RUN_NOT_FOUND" });
  expect(isRefusedFor(error, "RUN_NOT_FOUND")).toBe(true);
  expect(isRefusedFor(error, "RATE_LIMITED", "LEADER_NOT_FOUND")).toBe(false);
  expect(isRefusedFor(new Error("no answer"))).toBe(false);
});

test("an outage is what no server answered, or what a server calls one", () => {
  expect(isOutage(new TypeError("fetch failed"))).toBe(true);
  expect(isOutage(refused(Code.Unavailable, { reason: "SHUTTING_DOWN" }))).toBe(true);
  expect(isOutage(refused(Code.Internal, { reason: "INTERNAL" }))).toBe(false);
  expect(isOutage(refused(Code.NotFound))).toBe(false);
});
