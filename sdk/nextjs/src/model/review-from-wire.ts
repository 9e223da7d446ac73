// Turns messages of the review queue into the values that pages show.

import type {
  ListReviewAuditResponse,
  ListReviewItemsResponse,
  QuarantinedRecord,
  ReviewAuditEntry,
  ReviewFacts as WireFacts,
  ReviewItem as WireItem,
} from "@amber/client/v1";
import { ReviewReason as WireReason, ReviewState as WireState } from "@amber/client/v1";
import { iso, post, toneOf, verificationOf } from "./from-wire";
import {
  changes,
  REVIEW_ACTIONS,
  type RefusedRecord,
  type ReviewEvent,
  type ReviewFacts,
  type ReviewHistory,
  type ReviewItem,
  type ReviewPage,
  type ReviewReason,
  type ReviewState,
} from "./review";

const WIRE: Record<ReviewState, WireState> = {
  pending: WireState.PENDING,
  approved: WireState.APPROVED,
  rejected: WireState.REJECTED,
};
export const wireState = (state: ReviewState): WireState => WIRE[state];

const STATE: Partial<Record<WireState, ReviewState>> = {
  [WireState.PENDING]: "pending",
  [WireState.APPROVED]: "approved",
  [WireState.REJECTED]: "rejected",
};

const REASON: Partial<Record<WireReason, ReviewReason>> = {
  [WireReason.REQUESTED]: "requested",
  [WireReason.LOW_CONFIDENCE]: "low_confidence",
  [WireReason.QUARANTINED]: "quarantined",
  [WireReason.IMPORTED]: "imported",
};

const EPOCH = { seconds: 0n, nanos: 0 };

const refused = ({ reason, path, raw, attempts }: QuarantinedRecord): RefusedRecord => ({
  reason,
  path,
  raw,
  attempts,
});

export function reviewItem(wire: WireItem): ReviewItem {
  return {
    id: wire.id,
    post: wire.post && post(wire.post),
    record: wire.record && refused(wire.record),
    state: STATE[wire.state] ?? "pending",
    reason: REASON[wire.reason] ?? "unknown",
    notes: wire.notes,
    reviewer: wire.reviewer,
    reviewed: wire.reviewTime && iso(wire.reviewTime),
    entered: iso(wire.createTime ?? EPOCH),
    updated: iso(wire.updateTime ?? EPOCH),
  };
}

export const reviewPage = (wire: ListReviewItemsResponse): ReviewPage => ({
  items: wire.items.map(reviewItem),
  next: wire.nextPageToken,
  pending: Number(wire.pendingSize),
});

const facts = (wire: WireFacts | undefined): ReviewFacts | undefined =>
  wire && {
    state: STATE[wire.state],
    verification: verificationOf(wire.verification),
    tone: toneOf(wire.sentiment),
    notes: wire.notes,
  };

const event = ({ id, time, actor, action, before, after }: ReviewAuditEntry): ReviewEvent => ({
  id,
  time: iso(time ?? EPOCH),
  actor,
  action: REVIEW_ACTIONS.find((known) => known === action) ?? "unknown",
  changes: changes(facts(before), facts(after)),
});

export const reviewHistory = (wire: ListReviewAuditResponse): ReviewHistory => ({
  events: wire.entries.map(event),
  next: wire.nextPageToken,
});
