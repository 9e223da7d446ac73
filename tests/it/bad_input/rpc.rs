//! Whatever is sent by gRPC, the code, the reason and the text say what was wrong with it.

use amber_sdk::Amber;
use amber_sdk::v1::{
    AnalyzeSentimentRequest, CancelRunRequest, CreateLeaderRequest, DeleteLeaderRequest, ErrorReason,
    GetDashboardDataRequest, GetPostRequest, GetRunRequest, GetSentimentTrendRequest, IssueAdminTokenRequest,
    IssueEmbedTokenRequest, ListCheckpointsRequest, ListLeadersRequest, ListPostsRequest, ListQuarantineRequest,
    ListRunsRequest, RefreshLeaderRequest, TriggerIngestionRequest, ValidateEmbedTokenRequest, WatchPostsRequest,
};
use amber_tests::{Backend, TestServer};
use tonic::{Code, Response, Status};

use crate::wire::{Answer, grpc_web, reason_of};

/// Every method of the contract.
pub(crate) const METHODS: [&str; 39] = [
    "AuthService/IssueAdminToken",
    "DashboardService/GetDashboardData",
    "EmbedTokenService/IssueEmbedToken",
    "EmbedTokenService/ValidateEmbedToken",
    "FeedService/AnalyzeSentiment",
    "FeedService/CreatePost",
    "FeedService/DeletePost",
    "FeedService/GetPost",
    "FeedService/GetSentimentTrend",
    "FeedService/ListPosts",
    "FeedService/UpdatePost",
    "FeedService/WatchPosts",
    "HealthService/GetHealth",
    "IngestionService/TriggerIngestion",
    "IngestionService/GetRun",
    "IngestionService/GetIngestionStatus",
    "IngestionService/WatchRun",
    "IngestionService/ListRuns",
    "IngestionService/CancelRun",
    "IngestionService/StartIngestion",
    "IngestionService/StopIngestion",
    "IngestionService/ListCheckpoints",
    "IngestionService/GetCheckpoint",
    "IngestionService/ResetCheckpoint",
    "IngestionService/ListQuarantine",
    "IngestionService/ReplayQuarantine",
    "IngestionService/DiscardQuarantine",
    "LeaderService/ListLeaders",
    "LeaderService/CreateLeader",
    "LeaderService/DeleteLeader",
    "LeaderService/RefreshLeader",
    "MetricsService/GetMetrics",
    "RateLimitService/GetLimits",
    "RateLimitService/ResetLimits",
    "ReviewService/ApproveReviewItem",
    "ReviewService/EditReviewItem",
    "ReviewService/ListReviewAudit",
    "ReviewService/ListReviewItems",
    "ReviewService/RejectReviewItem",
];

#[track_caller]
fn refused<T: std::fmt::Debug>(answer: Result<Response<T>, Status>, code: Code, reason: ErrorReason, what: &str) {
    let status = answer.expect_err(what);
    assert_eq!(reason_of(&status, what), (code, reason), "{what}: {status:?}");
}

const FIELD: (Code, ErrorReason) = (Code::InvalidArgument, ErrorReason::FieldInvalid);

/// What the calls of the feed refuse besides pages.
async fn refuse_filters(amber: &Amber) {
    let (code, reason) = FIELD;
    let long = "x".repeat(10_000);
    let until = Some(prost_types::Timestamp { seconds: 5, nanos: 0 });
    for (what, posts) in [
        ("an unknown sentiment", ListPostsRequest { sentiments: vec![99], ..Default::default() }),
        ("no sentiment", ListPostsRequest { sentiments: vec![0], ..Default::default() }),
        ("a wildcard for a language", ListPostsRequest { languages: vec!["en-%".into()], ..Default::default() }),
        ("too many languages", ListPostsRequest { languages: vec!["en".into(); 21], ..Default::default() }),
        ("a long text", ListPostsRequest { text: "a".repeat(101), ..Default::default() }),
        ("NUL in a text", ListPostsRequest { text: "a\0".into(), ..Default::default() }),
        ("an end before the beginning", ListPostsRequest { since: until, until, ..Default::default() }),
        (
            "an instant that is none",
            ListPostsRequest {
                since: Some(prost_types::Timestamp { seconds: i64::MAX, nanos: -1 }),
                ..Default::default()
            },
        ),
    ] {
        let watched = WatchPostsRequest {
            languages: posts.languages.clone(),
            sentiments: posts.sentiments.clone(),
            since: posts.since,
            until: posts.until,
            text: posts.text.clone(),
            ..Default::default()
        };
        refused(amber.feed().list_posts(posts).await, code, reason, what);
        refused(amber.feed().watch_posts(watched).await, code, reason, what);
    }
    for text in ["%", "_", "\\", "'", "\"", "%' OR 1=1 --"] {
        let posts = ListPostsRequest { text: text.into(), ..Default::default() };
        amber.feed().list_posts(posts).await.expect("any text may be looked for");
    }
    for id in ["", "nope", "\0", "00000000-0000-4000-8000-000000000000", &long] {
        let asked = GetPostRequest { post_id: id.into() };
        refused(amber.feed().get_post(asked).await, Code::NotFound, ErrorReason::PostNotFound, "no post");
    }
    for token in ["garbage", "AAAA", "\0", "AX__________________________________", &long] {
        let asked = WatchPostsRequest { resume_token: token.into(), ..Default::default() };
        let reason = ErrorReason::ResumeTokenInvalid;
        refused(amber.feed().watch_posts(asked).await, code, reason, &format!("the token {token:.20?}"));
    }
    for days in [-1, 91, i32::MIN, i32::MAX] {
        let asked = GetSentimentTrendRequest { days, ..Default::default() };
        refused(amber.feed().get_sentiment_trend(asked).await, code, reason, "days that are none");
    }
    for leader_ids in [vec![], vec!["a".to_owned(); 26]] {
        let asked = GetSentimentTrendRequest { leader_ids, per_leader: true, ..Default::default() };
        refused(amber.feed().get_sentiment_trend(asked).await, code, reason, "no leaders, or too many");
    }
    for texts in [vec![String::new(); 101], vec!["a".repeat(10_001)]] {
        let asked = AnalyzeSentimentRequest { texts };
        refused(amber.feed().analyze_sentiment(asked).await, code, reason, "too much text");
    }
}

#[tokio::test]
async fn a_bad_field_of_any_call_is_refused_with_its_reason_on_both_databases() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let Some(builder) = TestServer::on(backend).await else { continue };
        let server = builder.start().await;
        let amber = server.sdk_as_admin().await;
        let (code, reason) = FIELD;
        let long = "x".repeat(10_000);
        for name in ["", "  ", "a\0b", "a\u{7}b", &long] {
            let asked = CreateLeaderRequest { name: name.into(), ..Default::default() };
            refused(amber.leaders().create_leader(asked).await, code, reason, &format!("the name {name:.20?}"));
        }
        for (key, handle) in [("x", "a b"), ("x", "../a"), ("y", "\0"), ("\0", "y"), ("x", "")] {
            let handles = [(key.into(), handle.into())].into();
            let asked = CreateLeaderRequest { name: "A".into(), handles, ..Default::default() };
            refused(amber.leaders().create_leader(asked).await, code, reason, &format!("the handle {handle:?}"));
        }
        let tracking_topics = vec!["t".to_owned(); 10_000];
        let asked = CreateLeaderRequest { name: "A".into(), tracking_topics, ..Default::default() };
        refused(amber.leaders().create_leader(asked).await, code, reason, "many topics");
        for id in ["", "nope", "../../etc/passwd", "\0", "00000000-0000-4000-8000-000000000000", &long] {
            let (code, reason) = (Code::NotFound, ErrorReason::LeaderNotFound);
            let asked = DeleteLeaderRequest { leader_id: id.into() };
            refused(amber.leaders().delete_leader(asked).await, code, reason, &format!("deleting {id:.20?}"));
            let asked = RefreshLeaderRequest { leader_id: id.into() };
            refused(amber.leaders().refresh_leader(asked).await, code, reason, &format!("refreshing {id:.20?}"));
            let asked = GetRunRequest { run_id: id.into() };
            let what = format!("the run {id:.20?}");
            refused(amber.ingestion().get_run(asked).await, Code::NotFound, ErrorReason::RunNotFound, &what);
            let asked = CancelRunRequest { run_id: id.into() };
            refused(amber.ingestion().cancel_run(asked).await, Code::NotFound, ErrorReason::RunNotFound, &what);
        }
        for page_token in ["garbage", "AAAA", "\0", "../..", "AX__________________________________", &long] {
            let (code, reason) = (Code::InvalidArgument, ErrorReason::PageTokenInvalid);
            let posts = ListPostsRequest { page_token: page_token.into(), ..Default::default() };
            refused(amber.feed().list_posts(posts).await, code, reason, &format!("the page {page_token:.20?}"));
            let leaders = ListLeadersRequest { page_token: page_token.into(), ..Default::default() };
            refused(amber.leaders().list_leaders(leaders).await, code, reason, &format!("the page {page_token:.20?}"));
            let runs = ListRunsRequest { page_token: page_token.into(), ..Default::default() };
            refused(amber.ingestion().list_runs(runs).await, code, reason, &format!("the page {page_token:.20?}"));
            let checkpoints = ListCheckpointsRequest { page_token: page_token.into(), ..Default::default() };
            let what = format!("the page {page_token:.20?}");
            refused(amber.ingestion().list_checkpoints(checkpoints).await, code, reason, &what);
            let records = ListQuarantineRequest { page_token: page_token.into(), ..Default::default() };
            refused(amber.ingestion().list_quarantine(records).await, code, reason, &what);
        }
        for page_size in [-1, i32::MIN] {
            let posts = ListPostsRequest { page_size, ..Default::default() };
            refused(amber.feed().list_posts(posts).await, code, reason, "a negative page size");
            let leaders = ListLeadersRequest { page_size, ..Default::default() };
            refused(amber.leaders().list_leaders(leaders).await, code, reason, "a negative page size");
            let runs = ListRunsRequest { page_size, ..Default::default() };
            refused(amber.ingestion().list_runs(runs).await, code, reason, "a negative page size");
            let checkpoints = ListCheckpointsRequest { page_size, ..Default::default() };
            refused(amber.ingestion().list_checkpoints(checkpoints).await, code, reason, "a negative page size");
            let records = ListQuarantineRequest { page_size, ..Default::default() };
            refused(amber.ingestion().list_quarantine(records).await, code, reason, "a negative page size");
        }
        for platform in [0, -1, 99] {
            let posts = ListPostsRequest { platforms: vec![platform], ..Default::default() };
            refused(amber.feed().list_posts(posts).await, code, reason, "an unknown platform");
        }
        let posts = ListPostsRequest { leader_ids: vec!["nope".into(); 101], ..Default::default() };
        refused(amber.feed().list_posts(posts).await, code, reason, "too many leaders");
        refuse_filters(&amber).await;
        for leader_ids in [vec!["nope".to_owned()], vec!["\0".to_owned()], vec![String::new(); 101]] {
            let asked = TriggerIngestionRequest { leader_ids, ..Default::default() };
            refused(amber.ingestion().trigger_ingestion(asked).await, code, reason, "ids of no leader");
        }
        for (id, days) in [("", 0), ("a/b", 0), ("\0", 0), (long.as_str(), 0), ("d", -1), ("d", 91), ("d", i32::MIN)] {
            let asked = GetDashboardDataRequest { dashboard_id: id.into(), days };
            let what = format!("the dashboard {id:.20?} over {days} days");
            refused(amber.dashboards().get_dashboard_data(asked).await, code, reason, &what);
        }
        // The largest numbers are cut, not refused.
        let posts = ListPostsRequest { page_size: i32::MAX, ..Default::default() };
        amber.feed().list_posts(posts).await.expect("a page of the greatest size");
    }
}

#[tokio::test]
async fn a_bad_token_request_is_refused_with_its_reason() {
    let server = TestServer::start().await;
    let amber = server.sdk_as_admin().await;
    let (code, reason) = FIELD;
    let long = "x".repeat(10_000);
    let base = || IssueEmbedTokenRequest { dashboard_id: "d".into(), ..Default::default() };
    for id in ["", "a/b", "../..", "डैश", "\0", &long] {
        let asked = IssueEmbedTokenRequest { dashboard_id: id.into(), ..Default::default() };
        refused(amber.embed_tokens().issue_embed_token(asked).await, code, reason, &format!("dashboard {id:.20?}"));
    }
    for user_id in ["\0", long.as_str()] {
        let asked = IssueEmbedTokenRequest { user_id: user_id.into(), ..base() };
        refused(amber.embed_tokens().issue_embed_token(asked).await, code, reason, &format!("user {user_id:.20?}"));
    }
    let origins = [
        ("null", Code::InvalidArgument, ErrorReason::OriginInvalid),
        ("https://a.example; script-src *", Code::InvalidArgument, ErrorReason::OriginInvalid),
        ("\0", Code::InvalidArgument, ErrorReason::OriginInvalid),
        ("https://evil.example", Code::PermissionDenied, ErrorReason::OriginNotRegistered),
    ];
    for (origin, code, reason) in origins {
        let asked = IssueEmbedTokenRequest { allowed_origins: vec![origin.into()], ..base() };
        refused(amber.embed_tokens().issue_embed_token(asked).await, code, reason, origin);
    }
    let spans = [(-1, 0), (0, 0), (301, 0), (i64::MAX, 0), (i64::MIN, 0), (1, -1), (60, 1_000_000_000)];
    for (seconds, nanos) in spans {
        let asked = format!("{seconds} s {nanos} ns");
        let ttl = Some(prost_types::Duration { seconds, nanos });
        let status = amber.embed_tokens().issue_embed_token(IssueEmbedTokenRequest { ttl, ..base() }).await;
        let (code, reason) = reason_of(&status.expect_err(&asked), &asked);
        assert_eq!(code, Code::InvalidArgument, "{asked}");
        assert!([ErrorReason::FieldInvalid, ErrorReason::TtlTooLong].contains(&reason), "{asked}: {reason:?}");
    }
    for token in ["", "a.b.c", "\0", &long] {
        let asked = ValidateEmbedTokenRequest { token: token.into(), origin: "\0".into(), consume: false };
        let answer = amber.embed_tokens().validate_embed_token(asked).await.expect("a bad token is an answer");
        assert!(!answer.into_inner().valid, "{token:.20?}");
    }
}

#[tokio::test]
async fn a_bad_request_for_an_admin_token_is_refused_with_its_reason() {
    let server = TestServer::start().await;
    let amber = server.sdk().await;
    let (right, long) = (server.bootstrap_secret(), "x".repeat(129));
    let cases = [
        ("", right, 0, FIELD),
        ("\0", right, 0, FIELD),
        (long.as_str(), right, 0, FIELD),
        ("a", "", 0, FIELD),
        ("a", right, 99, FIELD),
        ("a", right, -1, FIELD),
        ("a", "wrong", 0, (Code::Unauthenticated, ErrorReason::CredentialInvalid)),
    ];
    for (id, secret, role, (code, reason)) in cases {
        let asked = IssueAdminTokenRequest { admin_id: id.into(), secret: secret.into(), role, lifetime: None };
        refused(amber.auth().issue_admin_token(asked).await, code, reason, &format!("{id:.20?} with the role {role}"));
    }
    let (code, reason) = FIELD;
    for (seconds, nanos) in [(59, 0), (3_601, 0), (-60, 0), (60, 1), (i64::MAX, 0)] {
        let lifetime = Some(prost_types::Duration { seconds, nanos });
        let asked = IssueAdminTokenRequest { admin_id: "a".into(), secret: right.into(), role: 0, lifetime };
        refused(
            amber.auth().issue_admin_token(asked).await,
            code,
            reason,
            &format!("a life of {seconds} s {nanos} ns"),
        );
    }
}

#[tokio::test]
async fn bytes_that_are_no_message_are_the_callers_fault() {
    let server = TestServer::start().await;
    let admin = server.token("admin").await;
    let call = |method: &str| {
        let url = server.url(&format!("/amber.v1.{method}"));
        server.http.post(url).bearer_auth(&admin)
    };
    for method in METHODS {
        // A field of the wire type 7, which no message can hold.
        let garbage = grpc_web(call(method), &[0xff; 40], false).await;
        let expected = (Code::InvalidArgument, ErrorReason::FieldInvalid);
        assert_eq!(reason_of(&garbage.status, method), expected, "{method}");

        let big = grpc_web(call(method), &vec![0; 2 << 20], false).await;
        assert_eq!(reason_of(&big.status, method), (Code::OutOfRange, ErrorReason::BodyTooLarge), "{method}");
    }
}

#[tokio::test]
async fn a_method_that_does_not_exist_is_told_so() {
    let server = TestServer::start().await;
    let h2 = reqwest::Client::builder().http2_prior_knowledge().no_proxy().build().unwrap();
    for method in ["amber.v1.FeedService/Nope", "amber.v1.NopeService/ListPosts", "nope.v9.Nope/Nope"] {
        let call = |client: &reqwest::Client| client.post(server.url(&format!("/{method}")));
        for as_text in [false, true] {
            let web = grpc_web(call(&server.http), b"", as_text).await;
            assert_eq!(reason_of(&web.status, method), (Code::Unimplemented, ErrorReason::MethodUnknown), "{web:?}");
        }
        let answer = Answer::to(call(&h2).header("content-type", "application/grpc").body(vec![0; 5])).await;
        let status = Status::from_header_map(&answer.headers).expect(method);
        assert_eq!(reason_of(&status, method), (Code::Unimplemented, ErrorReason::MethodUnknown), "{answer:?}");
    }
}

#[tokio::test]
async fn a_compressed_message_is_told_so() {
    let server = TestServer::start().await;
    for method in METHODS {
        let call = server.http.post(server.url(&format!("/amber.v1.{method}"))).header("grpc-encoding", "gzip");
        let answer = grpc_web(call, b"", false).await;
        let expected = (Code::Unimplemented, ErrorReason::EncodingUnsupported);
        assert_eq!(reason_of(&answer.status, method), expected, "{method}: {answer:?}");
    }
}
