// The counts of a dashboard as charts need them.

/** How long the server remembers counts. */
export const COUNTS_LIFE_MS = 4_000;

export interface DayCounts {
  /** A UTC day, `YYYY-MM-DD`. */
  readonly date: string;
  readonly posts: number;
  readonly positive: number;
  readonly neutral: number;
  readonly negative: number;
  readonly unscored: number;
  /** From -1 to 1; absent when no post has a score. */
  readonly mean?: number | undefined;
}

export interface Tally {
  readonly label: string;
  readonly posts: number;
}

export interface PersonCounts {
  readonly id: string;
  readonly name: string;
  readonly posts: number;
  readonly mean?: number | undefined;
}

export interface Counts {
  readonly total: number;
  /** Oldest first. */
  readonly days: readonly DayCounts[];
  readonly tones: {
    readonly positive: number;
    readonly neutral: number;
    readonly negative: number;
    readonly unscored: number;
  };
  /** BCP 47 tags. */
  readonly languages: readonly Tally[];
  readonly topics: readonly Tally[];
  readonly people: readonly PersonCounts[];
  /** When they were counted, as ISO 8601. */
  readonly time: string;
}

/** The mean score of some days, each with the weight of its scored posts. */
export function meanScore(days: readonly DayCounts[]): number | undefined {
  let sum = 0;
  let scored = 0;
  for (const { mean, posts, unscored } of days) {
    if (mean === undefined) continue;
    sum += mean * (posts - unscored);
    scored += posts - unscored;
  }
  return scored === 0 ? undefined : sum / scored;
}
