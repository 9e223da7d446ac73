// A post as the pages show it: plain values that pass from the server to the browser.

export const SCORED = ["positive", "neutral", "negative"] as const;
export const TONES = [...SCORED, "unscored"] as const;
export type Tone = (typeof TONES)[number];

/** What reviewers say of a post. */
export const VERIFICATIONS = ["needs_review", "verified", "rejected"] as const;
export type Verification = (typeof VERIFICATIONS)[number];

export interface Medium {
  readonly kind: "photo" | "video" | "gif" | "media";
  /** A still picture, if one is known. */
  readonly picture?: string | undefined;
  readonly alt?: string | undefined;
}

export interface Post {
  readonly id: string;
  readonly externalId: string;
  readonly leaderId: string;
  readonly author: { readonly name: string; readonly handle: string; readonly picture?: string | undefined };
  readonly text: string;
  /** When it was published, as ISO 8601. */
  readonly time: string;
  readonly language: string;
  readonly media: readonly Medium[];
  readonly replies?: number | undefined;
  readonly reposts?: number | undefined;
  readonly likes?: number | undefined;
  readonly tone: Tone;
  readonly score?: number | undefined;
  readonly verification: Verification;
  readonly onX: boolean;
  /** What its platform is called. */
  readonly platform: string;
  /** Its address on its platform; empty when it has none. */
  readonly permalink: string;
  readonly edited: boolean;
  readonly truncated: boolean;
}

/** One page of the feed. */
export interface PostPage {
  readonly posts: readonly Post[];
  /** Asks for the next page; empty on the last one. */
  readonly next: string;
  /** How many posts match; absent when they were not counted. */
  readonly total?: number | undefined;
  /** Where to watch from so that no post after this page is missed; empty on all pages but the first. */
  readonly watchFrom: string;
}

/** Which posts to show. Empty values mean all. */
export interface PostFilter {
  readonly leader: string;
  readonly tone: Tone | "";
  readonly language: string;
}

/** Newest first, as the server orders them. */
const byTime = (one: Post, other: Post): number => other.time.localeCompare(one.time) || other.id.localeCompare(one.id);

/** Both lists in one, newest first, each post once; what `fresh` says of a post wins. */
export function merged(fresh: readonly Post[], known: readonly Post[]): readonly Post[] {
  const ids = new Set(fresh.map(({ id }) => id));
  return [...fresh, ...known.filter(({ id }) => !ids.has(id))].sort(byTime);
}
