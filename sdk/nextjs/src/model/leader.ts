// A leader as the pages show it.

export const STATES = ["active", "protected", "suspended", "not_found", "unresolved"] as const;
export type LeaderState = (typeof STATES)[number];

export interface Leader {
  readonly id: string;
  readonly name: string;
  /** Without `@`; empty when the leader has none on X. */
  readonly handle: string;
  readonly topics: readonly string[];
  readonly picture?: string | undefined;
  readonly state: LeaderState;
  /** When the posts were last read, as ISO 8601. */
  readonly read?: string | undefined;
  /** Posts in thirty days, if they could be counted. */
  readonly posts?: number | undefined;
}

/** How far a run has come. */
export interface RunProgress {
  readonly status: "starting" | "pending" | "running" | "succeeded" | "partial" | "failed" | "cancelled";
  readonly done: number;
  readonly total: number;
  readonly fetched: number;
  readonly inserted: number;
}

export const hasEnded = ({ status }: RunProgress): boolean =>
  status !== "starting" && status !== "pending" && status !== "running";
