// The review queue: what its pages compute.

import {
  ListReviewAuditResponseSchema,
  ListReviewItemsResponseSchema,
  ReviewReason,
  ReviewState,
  SentimentLabel,
  VerificationStatus,
} from "@amber/client/v1";
import { create } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { changes, legible, type ReviewItem, type ReviewPage, stateOf, withItem, withNext } from "../src/model/review";
import { reviewHistory, reviewPage } from "../src/model/review-from-wire";
import { isRole, mayManage, mayReview, ROLES } from "../src/model/role";

const item = (id: string, state: ReviewItem["state"] = "pending"): ReviewItem => ({
  id,
  state,
  reason: "requested",
  notes: "",
  reviewer: "",
  entered: "2026-01-01T00:00:00.000Z",
  updated: "2026-01-01T00:00:00.000Z",
});
const page = (items: readonly ReviewItem[], pending: number): ReviewPage => ({ items, next: "", pending });

describe("the queue", () => {
  test("keeps a decided item in its place, and counts what waits", () => {
    const before = page([item("a"), item("b")], 7);
    const after = withItem(before, item("b", "approved"));
    expect(after.items.map(({ id, state }) => [id, state])).toEqual([
      ["a", "pending"],
      ["b", "approved"],
    ]);
    expect(after.pending).toBe(6);
    expect(withItem(after, item("b", "rejected")).pending).toBe(6);
    expect(withItem(before, { ...item("a"), notes: "changed" }).pending).toBe(7);
  });

  test("does not change by an item that it does not hold", () => {
    expect(withItem(page([item("a")], 1), item("z", "approved"))).toEqual(page([item("a")], 1));
  });

  test("takes up its next page, each item once", () => {
    const next = { items: [item("b", "approved"), item("c")], next: "token", pending: 3 };
    const both = withNext(page([item("a"), item("b")], 2), next);
    expect(both.items.map(({ id, state }) => [id, state])).toEqual([
      ["a", "pending"],
      ["b", "pending"],
      ["c", "pending"],
    ]);
    expect([both.next, both.pending]).toEqual(["token", 3]);
  });
});

test("a state that is none is what waits", () => {
  expect(["rejected", "all", undefined, ["approved"]].map(stateOf)).toEqual([
    "rejected",
    "pending",
    "pending",
    "pending",
  ]);
});

test("roles may do what is theirs, and nothing else is a role", () => {
  expect(ROLES.filter(mayReview)).toEqual(["admin", "reviewer"]);
  expect(ROLES.filter(mayManage)).toEqual(["admin"]);
  expect(["admin", "ADMIN", "", undefined].map(isRole)).toEqual([true, false, false, false]);
});

test("a record is set out where it is whole", () => {
  expect(legible('{"id":"1"}')).toBe('{\n  "id": "1"\n}');
  expect(legible('{"id":"1')).toBe('{"id":"1');
});

test("only what differs between two moments is a change", () => {
  const before = { state: "pending", verification: "needs_review", tone: "neutral", notes: "" } as const;
  expect(changes(before, { ...before, state: "approved", verification: "verified" })).toEqual([
    { what: "state", from: "pending", to: "approved" },
    { what: "verification", from: "needs_review", to: "verified" },
  ]);
  expect(changes(before, before)).toEqual([]);
  expect(changes(undefined, { tone: "positive", notes: "" })).toEqual([{ what: "tone", to: "positive" }]);
});

test("items of the contract become items of the page, what is newer than the page too", () => {
  const { items, next, pending } = reviewPage(
    create(ListReviewItemsResponseSchema, {
      items: [
        {
          id: "1",
          state: ReviewState.REJECTED,
          reason: ReviewReason.QUARANTINED,
          record: { reason: "no id", path: "/data/0", raw: "{}", attempts: 2 },
          reviewer: "asha",
          reviewTime: { seconds: 1n },
          createTime: { seconds: 0n },
        },
        { id: "2", state: ReviewState.PENDING, reason: 99 as ReviewReason },
      ],
      nextPageToken: "more",
      pendingSize: 5n,
    }),
  );
  expect([next, pending]).toEqual(["more", 5]);
  expect(items[0]).toMatchObject({
    state: "rejected",
    reason: "quarantined",
    record: { reason: "no id", path: "/data/0", raw: "{}", attempts: 2 },
    reviewed: "1970-01-01T00:00:01.000Z",
  });
  expect(items[1]).toMatchObject({ reason: "unknown", post: undefined, record: undefined, reviewed: undefined });
});

test("lines of the audit tell what changed, by actions that are known", () => {
  const before = { state: ReviewState.PENDING, verification: VerificationStatus.NEEDS_REVIEW };
  const after = { ...before, sentiment: SentimentLabel.POSITIVE, notes: "sounds glad" };
  const { events } = reviewHistory(
    create(ListReviewAuditResponseSchema, {
      entries: [
        { id: "1", actor: "asha", action: "edit", before, after },
        { id: "2", actor: "asha", action: "merge_items" },
      ],
    }),
  );
  expect(events.map(({ action }) => action)).toEqual(["edit", "unknown"]);
  expect(events[0]?.changes).toEqual([
    { what: "tone", from: undefined, to: "positive" },
    { what: "notes", from: "", to: "sounds glad" },
  ]);
});
