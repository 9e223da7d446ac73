// What pages read from Amber.
import "server-only";
import { cache } from "react";
import { COUNTS_LIFE_MS, type Counts } from "../model/counts";
import type { Outcome } from "../model/failure";
import * as wire from "../model/from-wire";
import type { Leader } from "../model/leader";
import type { PostFilter, PostPage } from "../model/post";
import { listRequest } from "../model/post-request";
import type { ReviewPage, ReviewState } from "../model/review";
import { reviewPage, wireState } from "../model/review-from-wire";
import { act } from "./act";
import { anonymous, application, onBehalf } from "./amber";
import { countedDashboard } from "./env";
import { attempt } from "./failures";
import { recent } from "./recent";

/** Leaders that pages show; one looks up others by the API. */
const MOST_LEADERS = 500;

const NO_KEY: Outcome<Counts> = { ok: false, failure: { kind: "key" } };

/** Counts are the same for all visitors, and asked for with the one key of this application. */
const recentCounts = recent(COUNTS_LIFE_MS, async () => {
  const amber = application();
  if (!amber) return NO_KEY;
  return attempt(async () => wire.counts(await amber.dashboards.getDashboardData({ dashboardId: countedDashboard() })));
});

/** The counts of thirty days. */
export const readCounts = cache((): Promise<Outcome<Counts>> => recentCounts());

/** The first page of the feed. */
export async function readFeed(filter: PostFilter): Promise<Outcome<PostPage>> {
  return attempt(async () => wire.postPage(await anonymous().feed.listPosts(listRequest(filter), await onBehalf())));
}

/** The leaders by name, with how reading them goes. */
export const readLeaders = cache(
  async (): Promise<Outcome<readonly Leader[]>> =>
    attempt(async () => {
      const behalf = await onBehalf();
      const amber = anonymous();
      const [all, status, counts] = await Promise.all([
        amber.listLeaders({ pageSize: 100 }, behalf).toArray(MOST_LEADERS),
        amber.ingestion.getIngestionStatus({}, behalf),
        readCounts(),
      ]);
      const readings = new Map(status.leaders.map((reading) => [reading.leaderId, reading]));
      const posts = new Map(counts.ok ? counts.value.people.map(({ id, posts }) => [id, posts]) : []);
      return all
        .map((one) => ({ ...wire.leader(one, readings.get(one.id)), posts: posts.get(one.id) }))
        .sort((one, other) => one.name.localeCompare(other.name));
    }),
);

/** A page of the review queue, as whoever is logged in may see it. */
export const readReviews = (state: ReviewState, pageToken = ""): Promise<Outcome<ReviewPage>> =>
  act(async (amber) => reviewPage(await amber.reviews.listReviewItems({ states: [wireState(state)], pageToken })));
