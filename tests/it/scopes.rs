//! Who may do what, for every call of the contract.

use std::collections::BTreeSet;

use amber_sdk::v1::revoke_embed_tokens_request::Selector;
use amber_sdk::v1::{
    AnalyzeSentimentRequest, ApiKeyScope, ApproveReviewItemRequest, CancelRunRequest, CreateApiKeyRequest,
    CreateDashboardRequest, CreateLeaderRequest, CreatePostRequest, Dashboard, DeleteDashboardRequest,
    DeleteLeaderRequest, DeletePostRequest, DiscardQuarantineRequest, EditReviewItemRequest, GetCheckpointRequest,
    GetDashboardDataRequest, GetDashboardRequest, GetHealthRequest, GetIngestionStatusRequest, GetLeaderRequest,
    GetLimitsRequest, GetMetricsRequest, GetPostRequest, GetRunRequest, GetSentimentTrendRequest,
    IssueAdminTokenRequest, IssueEmbedTokenRequest, Leader, ListApiKeysRequest, ListCheckpointsRequest,
    ListDashboardsRequest, ListEmbedAuditEventsRequest, ListEmbedKeysRequest, ListLeadersRequest, ListPostsRequest,
    ListQuarantineRequest, ListReviewAuditRequest, ListReviewItemsRequest, ListRunsRequest, RedeemEmbedTokenRequest,
    RefreshLeaderRequest, RejectReviewItemRequest, RenewEmbedSessionRequest, ReplayQuarantineRequest,
    ResetCheckpointRequest, ResetLimitsRequest, RevokeApiKeyRequest, RevokeEmbedTokensRequest, StartIngestionRequest,
    StopIngestionRequest, TriggerIngestionRequest, UpdateDashboardRequest, UpdateLeaderRequest, UpdatePostRequest,
    ValidateEmbedTokenRequest, WatchHealthRequest, WatchPostsRequest, WatchRunRequest, WhoAmIRequest,
};
use amber_sdk::{Amber, Credentials};
use amber_tests::TestServer;
use prost::Message;
use prost_types::FileDescriptorSet;
use tonic::Code;
use tonic::Code::{
    FailedPrecondition, InvalidArgument, NotFound, Ok, PermissionDenied as Denied, Unauthenticated as Unknown,
};

use crate::auth::callers;
use crate::wire::reason_of;

/// A caller whose limits are asked for.
const SOMEBODY: &str = "user:somebody";
const NO_LEADER: &str = "00000000-0000-4000-8000-000000000000";

/// The calls of the contract.
const CALLS: usize = 56;

/// By caller: anonymous, viewer, reviewer, admin, key of the environment, embed token; keys that issue, revoke, read.
const EXPECTED: [(&str, [Code; 9]); CALLS] = [
    ("GetHealth", [Ok; 9]),
    ("WatchHealth", [Ok; 9]),
    ("GetMetrics", [Ok; 9]),
    ("ListPosts", [Ok, Ok, Ok, Ok, Ok, Unknown, Ok, Ok, Ok]),
    ("GetPost", [NotFound, NotFound, NotFound, NotFound, NotFound, Unknown, NotFound, NotFound, NotFound]),
    ("WatchPosts", [Ok, Ok, Ok, Ok, Ok, Unknown, Ok, Ok, Ok]),
    ("GetSentimentTrend", [Ok, Ok, Ok, Ok, Ok, Unknown, Ok, Ok, Ok]),
    ("AnalyzeSentiment", [Ok, Ok, Ok, Ok, Ok, Unknown, Ok, Ok, Ok]),
    ("CreatePost", [Unknown, Denied, Denied, NotFound, Denied, Unknown, Denied, Denied, Denied]),
    ("UpdatePost", [Unknown, Denied, Denied, NotFound, Denied, Unknown, Denied, Denied, Denied]),
    ("DeletePost", [Unknown, Denied, Denied, NotFound, Denied, Unknown, Denied, Denied, Denied]),
    ("ListReviewItems", [Unknown, Denied, Ok, Ok, Denied, Unknown, Denied, Denied, Denied]),
    ("ApproveReviewItem", [Unknown, Denied, NotFound, NotFound, Denied, Unknown, Denied, Denied, Denied]),
    ("RejectReviewItem", [Unknown, Denied, NotFound, NotFound, Denied, Unknown, Denied, Denied, Denied]),
    ("EditReviewItem", [Unknown, Denied, NotFound, NotFound, Denied, Unknown, Denied, Denied, Denied]),
    ("ListReviewAudit", [Unknown, Denied, Ok, Ok, Denied, Unknown, Denied, Denied, Denied]),
    ("ListLeaders", [Ok, Ok, Ok, Ok, Ok, Unknown, Ok, Ok, Ok]),
    ("GetLeader", [NotFound, NotFound, NotFound, NotFound, NotFound, Unknown, NotFound, NotFound, NotFound]),
    ("GetIngestionStatus", [Ok, Ok, Ok, Ok, Ok, Unknown, Ok, Ok, Ok]),
    ("IssueAdminToken with a wrong secret", [Unknown; 9]),
    ("WhoAmI", [Ok, Ok, Ok, Ok, Ok, Unknown, Ok, Ok, Ok]),
    ("GetRun", [Unknown, NotFound, NotFound, NotFound, Denied, Unknown, Denied, Denied, Denied]),
    ("TriggerIngestion", [Unknown, Denied, Denied, FailedPrecondition, Denied, Unknown, Denied, Denied, Denied]),
    ("WatchRun", [Unknown, NotFound, NotFound, NotFound, Denied, Unknown, Denied, Denied, Denied]),
    ("ListRuns", [Unknown, Denied, Ok, Ok, Denied, Unknown, Denied, Denied, Denied]),
    ("CancelRun", [Unknown, Denied, Denied, NotFound, Denied, Unknown, Denied, Denied, Denied]),
    ("StopIngestion", [Unknown, Denied, Denied, Ok, Denied, Unknown, Denied, Denied, Denied]),
    ("StartIngestion", [Unknown, Denied, Denied, Ok, Denied, Unknown, Denied, Denied, Denied]),
    ("ListCheckpoints", [Unknown, Denied, Ok, Ok, Denied, Unknown, Denied, Denied, Denied]),
    ("GetCheckpoint", [Unknown, Denied, NotFound, NotFound, Denied, Unknown, Denied, Denied, Denied]),
    ("ResetCheckpoint", [Unknown, Denied, Denied, NotFound, Denied, Unknown, Denied, Denied, Denied]),
    ("ListQuarantine", [Unknown, Denied, Ok, Ok, Denied, Unknown, Denied, Denied, Denied]),
    ("ReplayQuarantine", [Unknown, Denied, Denied, InvalidArgument, Denied, Unknown, Denied, Denied, Denied]),
    ("DiscardQuarantine", [Unknown, Denied, Denied, InvalidArgument, Denied, Unknown, Denied, Denied, Denied]),
    ("CreateLeader", [Unknown, Denied, Denied, Ok, Denied, Unknown, Denied, Denied, Denied]),
    ("UpdateLeader", [Unknown, Denied, Denied, NotFound, Denied, Unknown, Denied, Denied, Denied]),
    ("DeleteLeader", [Unknown, Denied, Denied, NotFound, Denied, Unknown, Denied, Denied, Denied]),
    ("RefreshLeader", [Unknown, Denied, Denied, NotFound, Denied, Unknown, Denied, Denied, Denied]),
    ("IssueEmbedToken", [Unknown, Denied, Denied, Ok, Ok, Unknown, Ok, Denied, Denied]),
    ("ValidateEmbedToken", [Unknown, Denied, Denied, Ok, Ok, Unknown, Ok, Denied, Denied]),
    ("GetDashboardData", [Unknown, Denied, Denied, Ok, Ok, Unknown, Denied, Denied, Ok]),
    ("ListDashboards", [Unknown, Denied, Denied, Ok, Ok, Unknown, Denied, Denied, Ok]),
    ("GetDashboard", [Unknown, Denied, Denied, NotFound, NotFound, Unknown, Denied, Denied, NotFound]),
    ("CreateDashboard", [Unknown, Denied, Denied, Ok, Denied, Unknown, Denied, Denied, Denied]),
    ("UpdateDashboard", [Unknown, Denied, Denied, NotFound, Denied, Unknown, Denied, Denied, Denied]),
    ("DeleteDashboard", [Unknown, Denied, Denied, NotFound, Denied, Unknown, Denied, Denied, Denied]),
    ("RedeemEmbedToken without a token", [Unknown; 9]),
    ("RenewEmbedSession without a session", [Unknown; 9]),
    ("RevokeEmbedTokens of a viewer", [Unknown, Denied, Denied, Ok, Ok, Unknown, Denied, Ok, Denied]),
    ("ListEmbedKeys", [Unknown, Denied, Denied, Ok, Denied, Unknown, Denied, Denied, Denied]),
    ("ListEmbedAuditEvents", [Unknown, Denied, Denied, Ok, Denied, Unknown, Denied, Denied, Denied]),
    ("CreateApiKey", [Unknown, Denied, Denied, Ok, Denied, Unknown, Denied, Denied, Denied]),
    ("ListApiKeys", [Unknown, Denied, Denied, Ok, Denied, Unknown, Denied, Denied, Denied]),
    ("RevokeApiKey", [Unknown, Denied, Denied, NotFound, Denied, Unknown, Denied, Denied, Denied]),
    ("GetLimits", [Unknown, Denied, Denied, Ok, Denied, Unknown, Denied, Denied, Denied]),
    ("ResetLimits", [Unknown, Denied, Denied, Ok, Denied, Unknown, Denied, Denied, Denied]),
];

/// The outcome of every call of the contract, in the order of [`EXPECTED`].
async fn outcomes(amber: &Amber) -> [Code; CALLS] {
    fn code<T>(answer: Result<tonic::Response<T>, tonic::Status>) -> Code {
        answer.map_or_else(|status| reason_of(&status, "a refusal").0, |_| Code::Ok)
    }
    let no_leader = || NO_LEADER.to_owned();
    let nobody = || "nobody".to_owned();
    let dashboard = |id: &str| Some(Dashboard { id: id.into(), title: "Sales".into(), ..Default::default() });
    let redeem = RedeemEmbedTokenRequest {
        dashboard_id: "d".into(),
        origin: "https://partner.example".into(),
        ..Default::default()
    };
    let revoke = RevokeEmbedTokensRequest { selector: Some(Selector::Subject("somebody".into())) };
    let scopes = vec![ApiKeyScope::DashboardRead.into()];
    let key = CreateApiKeyRequest { name: "n".into(), scopes, ..Default::default() };
    let leader = Leader { id: no_leader(), ..Leader::default() };
    let issue = IssueEmbedTokenRequest { dashboard_id: "d".into(), ..Default::default() };
    let admin = IssueAdminTokenRequest { admin_id: "a".into(), secret: "wrong".into(), ..Default::default() };
    [
        code(amber.health().get_health(GetHealthRequest {}).await),
        code(amber.health().watch_health(WatchHealthRequest {}).await),
        code(amber.metrics().get_metrics(GetMetricsRequest { include_prometheus_text: true }).await),
        code(amber.feed().list_posts(ListPostsRequest::default()).await),
        code(amber.feed().get_post(GetPostRequest { post_id: no_leader() }).await),
        code(amber.feed().watch_posts(WatchPostsRequest::default()).await),
        code(amber.feed().get_sentiment_trend(GetSentimentTrendRequest::default()).await),
        code(amber.feed().analyze_sentiment(AnalyzeSentimentRequest::default()).await),
        code(amber.feed().create_post(CreatePostRequest { leader_id: no_leader(), ..Default::default() }).await),
        code(amber.feed().update_post(UpdatePostRequest { post_id: no_leader(), ..Default::default() }).await),
        code(amber.feed().delete_post(DeletePostRequest { post_id: no_leader() }).await),
        code(amber.reviews().list_review_items(ListReviewItemsRequest::default()).await),
        code(amber.reviews().approve_review_item(ApproveReviewItemRequest { item_id: no_leader(), notes: None }).await),
        code(amber.reviews().reject_review_item(RejectReviewItemRequest { item_id: no_leader(), notes: None }).await),
        code(
            amber
                .reviews()
                .edit_review_item(EditReviewItemRequest { item_id: no_leader(), ..Default::default() })
                .await,
        ),
        code(amber.reviews().list_review_audit(ListReviewAuditRequest::default()).await),
        code(amber.leaders().list_leaders(ListLeadersRequest::default()).await),
        code(amber.leaders().get_leader(GetLeaderRequest { leader_id: no_leader() }).await),
        code(amber.ingestion().get_ingestion_status(GetIngestionStatusRequest {}).await),
        code(amber.auth().issue_admin_token(admin).await),
        code(amber.auth().who_am_i(WhoAmIRequest {}).await),
        code(amber.ingestion().get_run(GetRunRequest { run_id: no_leader() }).await),
        code(amber.ingestion().trigger_ingestion(TriggerIngestionRequest::default()).await),
        code(amber.ingestion().watch_run(WatchRunRequest { run_id: String::new(), after_seq: 0 }).await),
        code(amber.ingestion().list_runs(ListRunsRequest::default()).await),
        code(amber.ingestion().cancel_run(CancelRunRequest { run_id: no_leader() }).await),
        code(amber.ingestion().stop_ingestion(StopIngestionRequest {}).await),
        code(amber.ingestion().start_ingestion(StartIngestionRequest {}).await),
        code(amber.ingestion().list_checkpoints(ListCheckpointsRequest::default()).await),
        code(amber.ingestion().get_checkpoint(GetCheckpointRequest { key: "x:a".into() }).await),
        code(amber.ingestion().reset_checkpoint(ResetCheckpointRequest { key: "x:a".into() }).await),
        code(amber.ingestion().list_quarantine(ListQuarantineRequest::default()).await),
        code(amber.ingestion().replay_quarantine(ReplayQuarantineRequest::default()).await),
        code(amber.ingestion().discard_quarantine(DiscardQuarantineRequest::default()).await),
        code(amber.leaders().create_leader(CreateLeaderRequest { name: "A".into(), ..Default::default() }).await),
        code(amber.leaders().update_leader(UpdateLeaderRequest { leader: Some(leader), update_mask: None }).await),
        code(amber.leaders().delete_leader(DeleteLeaderRequest { leader_id: no_leader() }).await),
        code(amber.leaders().refresh_leader(RefreshLeaderRequest { leader_id: no_leader() }).await),
        code(amber.embed_tokens().issue_embed_token(issue).await),
        code(amber.embed_tokens().validate_embed_token(ValidateEmbedTokenRequest::default()).await),
        code(
            amber.dashboards().get_dashboard_data(GetDashboardDataRequest { dashboard_id: "d".into(), days: 1 }).await,
        ),
        code(amber.dashboards().list_dashboards(ListDashboardsRequest::default()).await),
        code(amber.dashboards().get_dashboard(GetDashboardRequest { dashboard_id: nobody() }).await),
        code(amber.dashboards().create_dashboard(CreateDashboardRequest { dashboard: dashboard("") }).await),
        code(amber.dashboards().update_dashboard(UpdateDashboardRequest { dashboard: dashboard("nobody") }).await),
        code(amber.dashboards().delete_dashboard(DeleteDashboardRequest { dashboard_id: nobody() }).await),
        code(amber.embed_tokens().redeem_embed_token(redeem).await),
        code(amber.embed_tokens().renew_embed_session(RenewEmbedSessionRequest::default()).await),
        code(amber.embed_tokens().revoke_embed_tokens(revoke).await),
        code(amber.embed_tokens().list_embed_keys(ListEmbedKeysRequest {}).await),
        code(amber.embed_tokens().list_embed_audit_events(ListEmbedAuditEventsRequest::default()).await),
        code(amber.api_keys().create_api_key(key).await),
        code(amber.api_keys().list_api_keys(ListApiKeysRequest::default()).await),
        code(amber.api_keys().revoke_api_key(RevokeApiKeyRequest { api_key_id: nobody() }).await),
        code(amber.rate_limits().get_limits(GetLimitsRequest { identity: SOMEBODY.into() }).await),
        code(amber.rate_limits().reset_limits(ResetLimitsRequest { identity: SOMEBODY.into() }).await),
    ]
}

#[tokio::test]
async fn each_call_lets_in_whom_it_should() {
    let server = TestServer::start().await;
    for (column, (who, credential)) in callers(&server).await.into_iter().enumerate() {
        let credentials = credential.map_or(Credentials::None, Credentials::admin_jwt);
        let outcomes = Box::pin(outcomes(&server.sdk_as(credentials).await)).await;
        for ((what, expected), outcome) in EXPECTED.into_iter().zip(outcomes) {
            assert_eq!(outcome, expected[column], "{what} by {who}");
        }
    }
}

#[test]
fn every_call_of_the_contract_is_in_the_table() {
    let set = FileDescriptorSet::decode(amber_proto::FILE_DESCRIPTOR_SET).expect("the descriptors are compiled in");
    let own = set.file.into_iter().filter(|file| file.package() == "amber.v1").flat_map(|file| file.service);
    let calls: BTreeSet<String> = own.flat_map(|service| service.method).map(|method| method.name().into()).collect();
    let listed = EXPECTED.iter().filter_map(|(what, _)| what.split(' ').next());
    assert_eq!(listed.map(str::to_owned).collect::<BTreeSet<_>>(), calls);
}
