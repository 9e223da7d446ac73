//! Which calls of the contract may be repeated, and which answer with a stream.

/// Calls that answer with a stream; whoever reads it repeats them.
const STREAMS: [&str; 3] =
    ["/amber.v1.FeedService/WatchPosts", "/amber.v1.HealthService/WatchHealth", "/amber.v1.IngestionService/WatchRun"];

/// Calls that the contract marks `NO_SIDE_EFFECTS` or `IDEMPOTENT`: twice does no more than once.
const SAFE: [&str; 39] = [
    "/amber.v1.ApiKeyService/ListApiKeys",
    "/amber.v1.ApiKeyService/RevokeApiKey",
    "/amber.v1.AuthService/WhoAmI",
    "/amber.v1.DashboardService/GetDashboard",
    "/amber.v1.DashboardService/GetDashboardData",
    "/amber.v1.DashboardService/ListDashboards",
    "/amber.v1.EmbedTokenService/ListEmbedAuditEvents",
    "/amber.v1.EmbedTokenService/ListEmbedKeys",
    "/amber.v1.EmbedTokenService/RevokeEmbedTokens",
    "/amber.v1.FeedService/AnalyzeSentiment",
    "/amber.v1.FeedService/GetPost",
    "/amber.v1.FeedService/GetSentimentTrend",
    "/amber.v1.FeedService/ListPosts",
    "/amber.v1.FeedService/UpdatePost",
    "/amber.v1.FeedService/WatchPosts",
    "/amber.v1.HealthService/GetHealth",
    "/amber.v1.HealthService/WatchHealth",
    "/amber.v1.IngestionService/CancelRun",
    "/amber.v1.IngestionService/DiscardQuarantine",
    "/amber.v1.IngestionService/GetCheckpoint",
    "/amber.v1.IngestionService/GetIngestionStatus",
    "/amber.v1.IngestionService/GetRun",
    "/amber.v1.IngestionService/ListCheckpoints",
    "/amber.v1.IngestionService/ListQuarantine",
    "/amber.v1.IngestionService/ListRuns",
    "/amber.v1.IngestionService/StartIngestion",
    "/amber.v1.IngestionService/StopIngestion",
    "/amber.v1.IngestionService/WatchRun",
    "/amber.v1.LeaderService/GetLeader",
    "/amber.v1.LeaderService/ListLeaders",
    "/amber.v1.LeaderService/UpdateLeader",
    "/amber.v1.MetricsService/GetMetrics",
    "/amber.v1.RateLimitService/GetLimits",
    "/amber.v1.RateLimitService/ResetLimits",
    "/amber.v1.ReviewService/ApproveReviewItem",
    "/amber.v1.ReviewService/EditReviewItem",
    "/amber.v1.ReviewService/ListReviewAudit",
    "/amber.v1.ReviewService/ListReviewItems",
    "/amber.v1.ReviewService/RejectReviewItem",
];

/// Whether the call of this path answers with a stream.
pub(crate) fn is_stream(path: &str) -> bool {
    STREAMS.contains(&path)
}

/// Whether the call of this path may be made twice.
pub(crate) fn is_safe(path: &str) -> bool {
    SAFE.contains(&path)
}

#[cfg(test)]
mod tests {
    use prost::Message;
    use prost_types::FileDescriptorSet;
    use prost_types::method_options::IdempotencyLevel;

    use super::*;

    #[test]
    fn the_tables_are_those_of_the_contract() {
        let set = FileDescriptorSet::decode(amber_proto::FILE_DESCRIPTOR_SET).expect("the descriptors decode");
        let (mut streams, mut safe) = (Vec::new(), Vec::new());
        for service in set.file.iter().filter(|file| file.package() == "amber.v1").flat_map(|file| &file.service) {
            for method in &service.method {
                let path = format!("/amber.v1.{}/{}", service.name(), method.name());
                assert!(!method.client_streaming(), "{path}: a message is sent again from memory");
                let level = method.options.as_ref().map(prost_types::MethodOptions::idempotency_level);
                if level.is_some_and(|level| level != IdempotencyLevel::IdempotencyUnknown) {
                    safe.push(path.clone());
                }
                if method.server_streaming() {
                    streams.push(path);
                }
            }
        }
        streams.sort_unstable();
        safe.sort_unstable();
        assert_eq!(STREAMS.to_vec(), streams);
        assert_eq!(SAFE.to_vec(), safe);
    }
}
