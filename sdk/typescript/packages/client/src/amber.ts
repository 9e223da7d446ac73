// A server of Amber: a typed client per service, whole lists, and streams that resume.
import type { MessageInitShape } from "@bufbuild/protobuf";
import { type CallOptions, type Client, createClient, type Transport } from "@connectrpc/connect";
import type { StreamCheckpoint } from "./generated/amber/v1/checkpoint_pb.js";
import type { Dashboard } from "./generated/amber/v1/dashboard_pb.js";
import type { Leader } from "./generated/amber/v1/leader_pb.js";
import type { Post } from "./generated/amber/v1/post_pb.js";
import type { QuarantinedRecord } from "./generated/amber/v1/quarantine_pb.js";
import type { ReviewItem } from "./generated/amber/v1/review_service_pb.js";
import type { Run } from "./generated/amber/v1/run_pb.js";
import { type Pages, pages } from "./pages.js";
import { DEFAULT_RETRY, type RetryPolicy } from "./retry.js";
import * as v1 from "./v1.js";
import { type WatchOptions, watch } from "./watch.js";

/** The server tells that a stream of posts or of health is alive every 15 seconds; three times that without a word is the end of it. */
const LONGEST_SILENCE_MS = 45_000;

/** A server of Amber. All its clients share what the transport has: connection, credential, retries. */
export interface Amber {
  readonly apiKeys: Client<typeof v1.ApiKeyService>;
  readonly auth: Client<typeof v1.AuthService>;
  readonly dashboards: Client<typeof v1.DashboardService>;
  readonly embedTokens: Client<typeof v1.EmbedTokenService>;
  readonly feed: Client<typeof v1.FeedService>;
  readonly health: Client<typeof v1.HealthService>;
  readonly ingestion: Client<typeof v1.IngestionService>;
  readonly leaders: Client<typeof v1.LeaderService>;
  readonly metrics: Client<typeof v1.MetricsService>;
  readonly rateLimits: Client<typeof v1.RateLimitService>;
  readonly reviews: Client<typeof v1.ReviewService>;

  /** All posts that match, newest first. */
  listPosts(
    filter?: MessageInitShape<typeof v1.ListPostsRequestSchema>,
    options?: CallOptions,
  ): Pages<v1.ListPostsResponse, Post>;
  /** All leaders, newest first. */
  listLeaders(
    request?: MessageInitShape<typeof v1.ListLeadersRequestSchema>,
    options?: CallOptions,
  ): Pages<v1.ListLeadersResponse, Leader>;
  /** All dashboards, newest first. */
  listDashboards(
    request?: MessageInitShape<typeof v1.ListDashboardsRequestSchema>,
    options?: CallOptions,
  ): Pages<v1.ListDashboardsResponse, Dashboard>;
  /** All runs of the ingestion, newest first. */
  listRuns(
    request?: MessageInitShape<typeof v1.ListRunsRequestSchema>,
    options?: CallOptions,
  ): Pages<v1.ListRunsResponse, Run>;
  /** How far each stream is read, by key. */
  listCheckpoints(
    request?: MessageInitShape<typeof v1.ListCheckpointsRequestSchema>,
    options?: CallOptions,
  ): Pages<v1.ListCheckpointsResponse, StreamCheckpoint>;
  /** All refused records that match, newest first. */
  listQuarantine(
    request?: MessageInitShape<typeof v1.ListQuarantineRequestSchema>,
    options?: CallOptions,
  ): Pages<v1.ListQuarantineResponse, QuarantinedRecord>;
  /** All items of the review queue in the given states, those that entered last first. */
  listReviewItems(
    request?: MessageInitShape<typeof v1.ListReviewItemsRequestSchema>,
    options?: CallOptions,
  ): Pages<v1.ListReviewItemsResponse, ReviewItem>;

  /** Each state of a run that is newer than `afterSeq`, until the run has ended. Resumes after the last state when the
   * connection breaks or the server goes away. */
  watchRun(
    runId: string,
    options?: WatchOptions & { readonly afterSeq?: bigint },
  ): AsyncGenerator<Run, void, undefined>;
  /** Each post once it is stored, without end. Resumes where it was when the connection breaks or the server goes away, so that
   * no post is lost or told twice. `resumeToken` may be the `watchToken` of a list, which tells what came since. */
  watchPosts(
    request?: MessageInitShape<typeof v1.WatchPostsRequestSchema>,
    options?: WatchOptions,
  ): AsyncGenerator<Post, void, undefined>;
  /** The health report at once and after each change of its status or of a check, without end; now and then as it is. Calls
   * again when the connection breaks or the server goes away. */
  watchHealth(options?: WatchOptions): AsyncGenerator<v1.GetHealthResponse, void, undefined>;
}

/** A server of Amber behind any transport. `@amber/client/web` and `@amber/client/node` make the usual ones. */
export function createAmber(transport: Transport, retry: RetryPolicy = DEFAULT_RETRY): Amber {
  const dashboards = createClient(v1.DashboardService, transport);
  const feed = createClient(v1.FeedService, transport);
  const health = createClient(v1.HealthService, transport);
  const ingestion = createClient(v1.IngestionService, transport);
  const leaders = createClient(v1.LeaderService, transport);
  const reviews = createClient(v1.ReviewService, transport);

  return {
    apiKeys: createClient(v1.ApiKeyService, transport),
    auth: createClient(v1.AuthService, transport),
    dashboards,
    embedTokens: createClient(v1.EmbedTokenService, transport),
    feed,
    health,
    ingestion,
    leaders,
    metrics: createClient(v1.MetricsService, transport),
    rateLimits: createClient(v1.RateLimitService, transport),
    reviews,

    listPosts: lister(feed.listPosts, ({ posts }) => posts),
    listLeaders: lister(leaders.listLeaders, (page) => page.leaders),
    listDashboards: lister(dashboards.listDashboards, (page) => page.dashboards),
    listRuns: lister(ingestion.listRuns, ({ runs }) => runs),
    listCheckpoints: lister(ingestion.listCheckpoints, ({ checkpoints }) => checkpoints),
    listQuarantine: lister(ingestion.listQuarantine, ({ records }) => records),
    listReviewItems: lister(reviews.listReviewItems, ({ items }) => items),

    async *watchRun(runId, { afterSeq = 0n, ...options } = {}) {
      let seen = afterSeq;
      const states = watch(
        {
          open: (signal) => ingestion.watchRun({ runId, afterSeq: seen }, { signal }),
          note({ run }) {
            seen = run?.seq ?? seen;
            return run?.endTime !== undefined;
          },
          endsByItself: true,
        },
        retry,
        options,
      );
      for await (const { run } of states) if (run) yield run;
    },

    async *watchPosts(request = {}, options = {}) {
      let resumeToken = request.resumeToken ?? "";
      const told = watch(
        {
          open: (signal) => feed.watchPosts({ ...request, resumeToken }, { signal }),
          note(message) {
            resumeToken = message.resumeToken;
            return false;
          },
          endsByItself: false,
          longestSilenceMs: LONGEST_SILENCE_MS,
        },
        retry,
        options,
      );
      for await (const { post } of told) if (post) yield post;
    },

    async *watchHealth(options = {}) {
      const told = watch(
        {
          open: (signal) => health.watchHealth({}, { signal }),
          note: () => false,
          endsByItself: false,
          longestSilenceMs: LONGEST_SILENCE_MS,
        },
        retry,
        options,
      );
      for await (const { report } of told) if (report) yield report;
    },
  };
}

/** The list of one call. */
function lister<Request extends { pageToken?: string }, Page extends { readonly nextPageToken: string }, Item>(
  call: (request: Request, options?: CallOptions) => Promise<Page>,
  items: (page: Page) => readonly Item[],
): (request?: Request, options?: CallOptions) => Pages<Page, Item> {
  return (request = {} as Request, options = {}) =>
    pages((pageToken) => call({ ...request, pageToken }, options), items, request.pageToken);
}
