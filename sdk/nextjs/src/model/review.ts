// The review queue as the pages show it.
import type { Post, Tone, Verification } from "./post";

export const REVIEW_STATES = ["pending", "approved", "rejected"] as const;
export type ReviewState = (typeof REVIEW_STATES)[number];

/** Why an item entered. */
export type ReviewReason = "requested" | "low_confidence" | "quarantined" | "imported" | "unknown";

/** The most characters that notes may have. */
export const LONGEST_NOTES = 2_000;

/** A record of a platform that was no valid post. */
export interface RefusedRecord {
  /** What is wrong with it, in English. */
  readonly reason: string;
  /** Where in it, as a JSON pointer (RFC 6901). */
  readonly path: string;
  /** The record as it came; usually JSON, which may be cut. */
  readonly raw: string;
  /** How often it was read again. */
  readonly attempts: number;
}

export interface ReviewItem {
  readonly id: string;
  /** An item is about a post or a record. */
  readonly post?: Post | undefined;
  readonly record?: RefusedRecord | undefined;
  readonly state: ReviewState;
  readonly reason: ReviewReason;
  readonly notes: string;
  /** Who decided last; empty while nobody has. */
  readonly reviewer: string;
  /** When that was, as ISO 8601. */
  readonly reviewed?: string | undefined;
  /** When the item entered, as ISO 8601. */
  readonly entered: string;
  /** When it was changed last, as ISO 8601. */
  readonly updated: string;
}

export interface ReviewPage {
  readonly items: readonly ReviewItem[];
  /** Asks for the next page; empty on the last one. */
  readonly next: string;
  /** How many items wait in all. */
  readonly pending: number;
}

/** The state that an address or a caller asks for; what is none is what waits. */
export const stateOf = (value: unknown): ReviewState => REVIEW_STATES.find((state) => state === value) ?? "pending";

/** The queue after an item was changed: it keeps its place, and what waits is counted anew. */
export function withItem(page: ReviewPage, item: ReviewItem): ReviewPage {
  const before = page.items.find(({ id }) => id === item.id);
  const waits = (one: ReviewItem | undefined) => (one?.state === "pending" ? 1 : 0);
  return {
    ...page,
    items: page.items.map((one) => (one.id === item.id ? item : one)),
    pending: Math.max(0, page.pending + (before ? waits(item) - waits(before) : 0)),
  };
}

/** The queue with its next page, each item once. */
export function withNext(page: ReviewPage, next: ReviewPage): ReviewPage {
  const known = new Set(page.items.map(({ id }) => id));
  return { ...next, items: [...page.items, ...next.items.filter(({ id }) => !known.has(id))] };
}

/** A record on many lines, if it is whole JSON; else as it is. */
export function legible(raw: string): string {
  try {
    return JSON.stringify(JSON.parse(raw), undefined, 2);
  } catch {
    return raw;
  }
}

export const REVIEW_ACTIONS = ["approve", "reject", "edit", "create_post", "update_post", "delete_post"] as const;
export type ReviewAction = (typeof REVIEW_ACTIONS)[number] | "unknown";

/** What reviewers decide about, at one moment. */
export interface ReviewFacts {
  readonly state?: ReviewState | undefined;
  readonly verification?: Verification | undefined;
  readonly tone?: Tone | undefined;
  readonly notes: string;
}

interface Turn<What extends string, Value> {
  readonly what: What;
  readonly from?: Value | undefined;
  readonly to?: Value | undefined;
}
export type Change =
  | Turn<"state", ReviewState>
  | Turn<"verification", Verification>
  | Turn<"tone", Tone>
  | Turn<"notes", string>;

/** A line of the audit. */
export interface ReviewEvent {
  readonly id: string;
  /** As ISO 8601. */
  readonly time: string;
  readonly actor: string;
  readonly action: ReviewAction;
  readonly changes: readonly Change[];
}

/** The audit of one item, the last line first. */
export interface ReviewHistory {
  readonly events: readonly ReviewEvent[];
  /** Asks for earlier lines; empty when there are none. */
  readonly next: string;
}

const NOTHING: ReviewFacts = { notes: "" };

/** What differs between two moments. */
export function changes(before: ReviewFacts = NOTHING, after: ReviewFacts = NOTHING): readonly Change[] {
  const all: readonly Change[] = [
    { what: "state", from: before.state, to: after.state },
    { what: "verification", from: before.verification, to: after.verification },
    { what: "tone", from: before.tone, to: after.tone },
    { what: "notes", from: before.notes, to: after.notes },
  ];
  return all.filter(({ from, to }) => from !== to);
}
