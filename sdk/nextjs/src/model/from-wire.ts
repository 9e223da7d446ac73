// Turns messages of the contract into the values that pages show.

import type {
  GetDashboardDataResponse,
  LeaderIngestion,
  ListPostsResponse,
  Media,
  Run,
  SentimentCounts,
  Leader as WireLeader,
  Post as WirePost,
} from "@amber/client/v1";
import {
  MediaKind,
  Platform,
  RunStatus,
  SentimentLabel,
  VerificationStatus,
  LeaderState as WireState,
} from "@amber/client/v1";
import type { Counts } from "./counts";
import type { Leader, LeaderState, RunProgress } from "./leader";
import type { Medium, Post, PostPage, Tone, Verification } from "./post";
import { picture } from "./x-links";

/** A timestamp of the contract. */
interface Moment {
  readonly seconds: bigint;
  readonly nanos: number;
}

export const iso = ({ seconds, nanos }: Moment): string => new Date(Number(seconds) * 1000 + nanos / 1e6).toISOString();
const whole = (value: bigint | undefined): number | undefined => (value === undefined ? undefined : Number(value));

const TONE: Partial<Record<SentimentLabel, Tone>> = {
  [SentimentLabel.POSITIVE]: "positive",
  [SentimentLabel.NEUTRAL]: "neutral",
  [SentimentLabel.NEGATIVE]: "negative",
  [SentimentLabel.UNSCORED]: "unscored",
};
const LABEL: Record<Tone, SentimentLabel> = {
  positive: SentimentLabel.POSITIVE,
  neutral: SentimentLabel.NEUTRAL,
  negative: SentimentLabel.NEGATIVE,
  unscored: SentimentLabel.UNSCORED,
};
export const toneOf = (label: SentimentLabel): Tone | undefined => TONE[label];
export const labelOf = (tone: Tone): SentimentLabel => LABEL[tone];

const VERIFICATION: Partial<Record<VerificationStatus, Verification>> = {
  [VerificationStatus.NEEDS_REVIEW]: "needs_review",
  [VerificationStatus.VERIFIED]: "verified",
  [VerificationStatus.REJECTED]: "rejected",
};
export const verificationOf = (status: VerificationStatus): Verification | undefined => VERIFICATION[status];

const MEDIUM: Partial<Record<MediaKind, Medium["kind"]>> = {
  [MediaKind.PHOTO]: "photo",
  [MediaKind.VIDEO]: "video",
  [MediaKind.ANIMATED_GIF]: "gif",
};

function medium({ kind, url, previewUrl, altText }: Media): Medium {
  const still = kind === MediaKind.PHOTO ? url : previewUrl;
  return { kind: MEDIUM[kind] ?? "media", picture: picture(still), alt: altText };
}

export function post(wire: WirePost): Post {
  const { author, metrics, sentiment } = wire;
  return {
    id: wire.id,
    externalId: wire.externalId,
    leaderId: wire.leaderId,
    author: {
      name: author?.name || wire.leaderName,
      handle: author?.handle ?? "",
      picture: picture(author?.avatarUrl),
    },
    text: wire.text,
    time: iso(wire.postTime ?? wire.firstSeenTime ?? { seconds: 0n, nanos: 0 }),
    language: wire.language,
    media: wire.media.map(medium),
    replies: whole(metrics?.replies),
    reposts: whole(metrics?.reposts),
    likes: whole(metrics?.likes),
    tone: (sentiment && TONE[sentiment.label]) ?? "unscored",
    score: sentiment?.score,
    verification: verificationOf(wire.verification) ?? "needs_review",
    onX: wire.platform === Platform.X,
    platform: wire.platformName,
    permalink: wire.permalink,
    edited: wire.edited,
    truncated: wire.truncated,
  };
}

export function postPage(wire: ListPostsResponse): PostPage {
  return {
    posts: wire.posts.map(post),
    next: wire.nextPageToken,
    total: wire.totalSizeUnknown ? undefined : Number(wire.totalSize),
    watchFrom: wire.watchToken,
  };
}

const tones = (counts: SentimentCounts | undefined): Counts["tones"] => ({
  positive: Number(counts?.positive ?? 0n),
  neutral: Number(counts?.neutral ?? 0n),
  negative: Number(counts?.negative ?? 0n),
  unscored: Number(counts?.unscored ?? 0n),
});

export function counts(wire: GetDashboardDataResponse): Counts {
  return {
    total: Number(wire.totalPosts),
    days: wire.days.map(({ date, posts, sentiment, meanScore }) => ({
      date,
      posts: Number(posts),
      ...tones(sentiment),
      mean: meanScore,
    })),
    tones: tones(wire.sentiment?.counts),
    languages: wire.languages.map(({ tag, posts }) => ({ label: tag, posts: Number(posts) })),
    topics: wire.topics.map(({ hashtag, posts }) => ({ label: hashtag, posts: Number(posts) })),
    people: wire.leaders.map(({ leaderId, name, posts, meanScore }) => ({
      id: leaderId,
      name,
      posts: Number(posts),
      mean: meanScore,
    })),
    time: iso(wire.generateTime ?? { seconds: 0n, nanos: 0 }),
  };
}

const STATE: Partial<Record<WireState, LeaderState>> = {
  [WireState.ACTIVE]: "active",
  [WireState.PROTECTED]: "protected",
  [WireState.SUSPENDED]: "suspended",
  [WireState.NOT_FOUND]: "not_found",
};

export function leader(wire: WireLeader, reading?: LeaderIngestion): Omit<Leader, "posts"> {
  return {
    id: wire.id,
    name: wire.name,
    handle: (wire.handles["x"] ?? "").replace(/^@/, ""),
    topics: wire.trackingTopics,
    picture: picture(wire.avatarUrl),
    state: STATE[reading?.state ?? wire.state] ?? "unresolved",
    read: reading?.lastSuccessTime && iso(reading.lastSuccessTime),
  };
}

const STATUS: Partial<Record<RunStatus, RunProgress["status"]>> = {
  [RunStatus.PENDING]: "pending",
  [RunStatus.RUNNING]: "running",
  [RunStatus.SUCCEEDED]: "succeeded",
  [RunStatus.PARTIAL]: "partial",
  [RunStatus.FAILED]: "failed",
  [RunStatus.CANCELLED]: "cancelled",
};

export const run = (wire: Run): RunProgress => ({
  status: STATUS[wire.status] ?? "running",
  done: wire.leadersDone,
  total: wire.leadersTotal,
  fetched: Number(wire.counters?.fetched ?? 0n),
  inserted: Number(wire.counters?.inserted ?? 0n),
});
