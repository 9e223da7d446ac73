//! Why tokens are refused, as gRPC and HTTP tell it.

use std::time::Duration;

use amber_sdk::v1::{ErrorReason, IssueEmbedTokenRequest, RedeemEmbedTokenRequest};
use amber_tests::{Backend, TestServer};
use serde_json::json;
use tonic::Code;

use super::{SITE, asked, issue, issuing, post, redeem, refused};

#[tokio::test]
async fn every_refusal_of_a_use_has_its_code_and_its_reason() {
    let server = TestServer::start().await;
    let amber = issuing(&server).await;
    let token = issue(&amber).await;
    let open = |token: &str, dashboard: &str, origin: &str| {
        let asked =
            RedeemEmbedTokenRequest { token: token.into(), dashboard_id: dashboard.into(), origin: origin.into() };
        let server = &server;
        async move { refused(server.sdk().await.embed_tokens().redeem_embed_token(asked).await) }
    };
    let (signed, _) = token.rsplit_once('.').expect("three parts");
    for (bad, dashboard, origin, expected) in [
        ("", "sales", SITE, (Code::Unauthenticated, ErrorReason::TokenMalformed)),
        ("a.b.c", "sales", SITE, (Code::Unauthenticated, ErrorReason::TokenMalformed)),
        (&format!("{signed}.AAAA"), "sales", SITE, (Code::Unauthenticated, ErrorReason::TokenBadSignature)),
        (&"x".repeat(900_000), "sales", SITE, (Code::Unauthenticated, ErrorReason::TokenMalformed)),
        (&token, "other", SITE, (Code::NotFound, ErrorReason::WrongDashboard)),
        (&token, "../x", SITE, (Code::NotFound, ErrorReason::WrongDashboard)),
        (&token, "sales", "https://evil.example", (Code::PermissionDenied, ErrorReason::OriginNotAllowed)),
        (&token, "sales", "https://sub.partner.example", (Code::PermissionDenied, ErrorReason::OriginNotAllowed)),
        (&token, "sales", "", (Code::PermissionDenied, ErrorReason::OriginUnknown)),
        (&token, "sales", "null", (Code::PermissionDenied, ErrorReason::OriginUnknown)),
    ] {
        assert_eq!(open(bad, dashboard, origin).await, expected, "{dashboard} {origin}");
    }
    let admin = server.token("admin").await;
    assert_eq!(open(&admin, "sales", SITE).await.1, ErrorReason::TokenMalformed, "an admin token is no embed token");
    let as_admin = post(&server, "/api/embed/revoke", &token, &json!({ "all": true })).await;
    assert_eq!(as_admin.status, 401, "an embed token is no admin token");
    server.clock.advance(Duration::from_mins(1));
    assert_eq!(open(&token, "sales", SITE).await, (Code::Unauthenticated, ErrorReason::TokenExpired));
}

#[tokio::test]
async fn forgers_are_all_told_the_same() {
    let server = TestServer::start().await;
    let token = issue(&issuing(&server).await).await;
    let (signed, _) = token.rsplit_once('.').expect("three parts");
    let (_, payload) = signed.split_once('.').expect("two parts");
    let unknown_key = format!("eyJhbGciOiJIUzI1NiIsInR5cCI6ImFtYmVyLWVtYmVkK2p3dCIsImtpZCI6Ims5In0.{payload}.AAAA");
    let mut texts = Vec::new();
    for bad in ["nonsense".to_owned(), unknown_key, format!("{signed}.AAAA")] {
        let status = redeem(&server, &bad).await.expect_err("no token");
        texts.push((status.code(), status.message().to_owned()));
    }
    assert!(texts.iter().all(|text| *text == texts[0]), "{texts:?}");
}

#[tokio::test]
async fn every_refusal_of_an_issue_has_its_code_and_its_reason() {
    let server = TestServer::start().await;
    let amber = issuing(&server).await;
    let span = |seconds| Some(prost_types::Duration { seconds, nanos: 0 });
    let many = (0..80).map(|n| format!("00000000-0000-0000-0000-0000000000{n:02}")).collect();
    let origins = |origin: &str| IssueEmbedTokenRequest { allowed_origins: vec![origin.into()], ..asked() };
    for (request, expected) in [
        (origins("https://evil.example"), (Code::PermissionDenied, ErrorReason::OriginNotRegistered)),
        (origins("http://partner.example"), (Code::InvalidArgument, ErrorReason::OriginInvalid)),
        (IssueEmbedTokenRequest { ttl: span(301), ..asked() }, (Code::InvalidArgument, ErrorReason::TtlTooLong)),
        (
            IssueEmbedTokenRequest { max_session: span(59), ..asked() },
            (Code::InvalidArgument, ErrorReason::FieldInvalid),
        ),
        (
            IssueEmbedTokenRequest { leader_ids: vec!["x".into()], ..asked() },
            (Code::InvalidArgument, ErrorReason::FieldInvalid),
        ),
        (IssueEmbedTokenRequest { leader_ids: many, ..asked() }, (Code::InvalidArgument, ErrorReason::FieldInvalid)),
    ] {
        let outcome = amber.embed_tokens().issue_embed_token(request.clone()).await;
        assert_eq!(refused(outcome), expected, "{request:?}");
    }
    let missing = server.sdk().await.embed_tokens().issue_embed_token(asked()).await;
    assert_eq!(refused(missing), (Code::Unauthenticated, ErrorReason::CredentialMissing));
    let key = server.api_key();
    for (body, status, error) in [
        (json!({ "dashboardId": "sales", "locked": { "days": 91 } }), 400, "invalid_request"),
        (json!({ "dashboardId": "sales", "locked": 7 }), 400, "invalid_request"),
        (json!({ "dashboardId": "sales", "leaderIds": ["x"] }), 400, "invalid_request"),
        (json!({ "dashboardId": "sales", "maxSession": 601 }), 400, "field_invalid"),
        (json!({ "dashboardId": "sales", "allowedOrigins": ["https://evil.example"] }), 403, "origin_not_registered"),
    ] {
        let answer = post(&server, "/api/embed/token", key, &body).await;
        assert_eq!((answer.status, &answer.problem("issue")["error"]), (status, &json!(error)), "{body}");
    }
}

#[tokio::test]
async fn without_embedding_every_call_says_so() {
    let builder = TestServer::on(Backend::Sqlite).await.expect("SQLite is always there");
    let off = builder.env("EMBED_ENABLED", "false").start().await;
    let admin = off.token("admin").await;
    assert_eq!(refused(redeem(&off, "x").await), (Code::FailedPrecondition, ErrorReason::FeatureDisabled));
    assert_eq!(post(&off, "/api/embed/revoke", &admin, &json!({ "all": true })).await.status, 503);
    assert_eq!(super::get(&off, "/api/embed/keys", &admin).await.status, 503);
    assert_eq!(super::get(&off, "/api/embed/audit", &admin).await.status, 200, "what happened can be read still");
}
