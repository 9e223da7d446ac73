//! The whole way of a token, by gRPC and by HTTP.

use std::time::Duration;

use amber_sdk::v1::{
    DashboardTheme, EmbedLocks, ErrorReason, IssueEmbedTokenRequest, ListEmbedKeysRequest, RedeemEmbedTokenRequest,
    ValidateEmbedTokenRequest,
};
use amber_tests::{Backend, TestServer};
use serde_json::{Value, json};
use tonic::Code;

use super::{SITE, asked, get, issue, issuing, post, redeem, refused, renew};

#[tokio::test]
async fn a_token_opens_a_session_that_fresh_tokens_keep_alive() {
    let server = TestServer::start().await;
    let amber = issuing(&server).await;
    let locked = EmbedLocks { locale: "hi".into(), theme: DashboardTheme::Dark.into(), days: 7 };
    let leader = "0191d0a0-0000-7000-8000-000000000001";
    let request = IssueEmbedTokenRequest {
        leader_ids: vec![leader.into()],
        locked: Some(locked.clone()),
        max_session: Some(prost_types::Duration { seconds: 90, nanos: 0 }),
        user_id: "viewer-1".into(),
        ..asked()
    };
    let issued = amber.embed_tokens().issue_embed_token(request.clone()).await.expect("a token").into_inner();
    assert!(issued.embed_url.ends_with("/embed/v1/dashboards/sales"), "{}", issued.embed_url);
    let asked =
        RedeemEmbedTokenRequest { token: issued.token.clone(), dashboard_id: "sales".into(), origin: SITE.into() };
    let opened = server.sdk().await.embed_tokens().redeem_embed_token(asked).await.expect("a session").into_inner();
    let claims = opened.claims.expect("what the token said");
    assert_eq!((claims.token_id, claims.client_id.as_str()), (issued.token_id, "key:admin"));
    assert_eq!((claims.locked, claims.leader_ids), (Some(locked), vec![leader.to_owned()]));
    assert!((89..=90).contains(&opened.expires_in.expect("a life").seconds));
    assert_eq!(refused(redeem(&server, &issued.token).await), (Code::Unauthenticated, ErrorReason::TokenReplayed));

    server.clock.advance(Duration::from_mins(1));
    let fresh = amber.embed_tokens().issue_embed_token(request.clone()).await.expect("a token").into_inner().token;
    let renewed = renew(&server, &opened.session, &fresh).await.expect("more time");
    assert_eq!(refused(renew(&server, &opened.session, &fresh).await).1, ErrorReason::TokenReplayed);
    server.clock.advance(Duration::from_mins(1));
    let fresh = amber.embed_tokens().issue_embed_token(request).await.expect("a token").into_inner().token;
    let over = refused(renew(&server, &opened.session, &fresh).await);
    assert_eq!(over, (Code::Unauthenticated, ErrorReason::SessionEnded), "the first session lasted 90 seconds");
    assert!(renew(&server, &renewed, &fresh).await.is_ok(), "the second one goes on, and the token was not used up");
}

#[tokio::test]
async fn a_token_is_issued_checked_used_up_and_revoked_by_http() {
    let server = TestServer::start().await;
    let (key, admin) = (server.api_key(), server.token("admin").await);
    let body = json!({
        "dashboardId": "sales", "userId": "viewer-1", "allowedOrigins": [SITE], "maxSession": 120,
        "locked": { "locale": "hi", "theme": "dark", "days": 7 },
    });
    let issued = post(&server, "/api/embed/token", key, &body).await.json();
    let token = issued["token"].as_str().expect("a token");
    assert_eq!((&issued["expiresIn"], &issued["allowedOrigins"]), (&json!(60), &json!([SITE])));
    let check = |consume: bool| {
        let body = json!({ "token": token, "origin": SITE, "consume": consume });
        let server = &server;
        async move { post(server, "/api/embed/validate", key, &body).await.json() }
    };
    for consume in [false, false, true] {
        let checked = check(consume).await;
        assert_eq!((&checked["valid"], &checked["claims"]["subject"]), (&json!(true), &json!("viewer-1")), "{checked}");
        assert_eq!(checked["claims"]["locked"], json!({ "locale": "hi", "theme": "dark", "days": 7 }));
    }
    let checked = check(true).await;
    assert_eq!((&checked["valid"], &checked["reason"]), (&json!(false), &json!("TOKEN_REPLAYED")));
    let foreign = json!({ "token": token, "origin": "https://evil.example" });
    let checked = post(&server, "/api/embed/validate", key, &foreign).await.json();
    assert_eq!(checked["reason"], "ORIGIN_NOT_ALLOWED");

    let revoked = post(&server, "/api/embed/revoke", &admin, &json!({ "subject": "viewer-1" })).await;
    assert_eq!(revoked.status, 200, "{}", revoked.text());
    assert_eq!(check(false).await["reason"], "TOKEN_REVOKED");
    let keys = get(&server, "/api/embed/keys", &admin).await;
    assert_eq!(keys.json(), json!({ "keys": [{ "keyId": "k1", "signs": true }] }));
    assert_eq!(get(&server, "/api/embed/keys", key).await.status, 403);
}

#[tokio::test]
async fn a_call_with_a_name_can_be_repeated_for_a_minute_and_only_as_it_was() {
    let server = TestServer::start().await;
    let (amber, admin) = (issuing(&server).await, server.sdk_as_admin().await);
    let named = |name: &str| IssueEmbedTokenRequest { request_id: name.into(), ..asked() };
    let call = |amber: &amber_sdk::Amber, request| {
        let mut tokens = amber.embed_tokens();
        async move { tokens.issue_embed_token(request).await.map(tonic::Response::into_inner) }
    };
    let first = call(&amber, named("call-1")).await.expect("a token");
    server.clock.advance(Duration::from_secs(20));
    let again = call(&amber, named("call-1")).await.expect("the same token");
    assert_eq!((&again.token, &again.expire_time), (&first.token, &first.expire_time));
    assert!((39..=40).contains(&again.expires_in.expect("a life").seconds), "what is left of it");
    assert_ne!(call(&amber, named("call-2")).await.expect("a token").token, first.token);
    assert_ne!(call(&admin, named("call-1")).await.expect("a token").token, first.token, "names are a client's own");
    let other = IssueEmbedTokenRequest { user_id: "viewer-2".into(), ..named("call-1") };
    assert_eq!(refused(call(&amber, other).await), (Code::InvalidArgument, ErrorReason::FieldInvalid));
    server.clock.advance(Duration::from_secs(40));
    assert_ne!(call(&amber, named("call-1")).await.expect("a token").token, first.token, "after a minute it is new");
    let long = named(&"x".repeat(65));
    assert_eq!(refused(call(&amber, long).await), (Code::InvalidArgument, ErrorReason::FieldInvalid));
    let body = json!({ "dashboardId": "sales", "requestId": "call-3" });
    let by_http: [Value; 2] = [
        post(&server, "/api/embed/token", server.api_key(), &body).await.json(),
        post(&server, "/api/embed/token", server.api_key(), &body).await.json(),
    ];
    assert_eq!(by_http[0]["token"], by_http[1]["token"]);
}

#[tokio::test]
async fn keys_are_named_and_a_new_one_takes_over_without_a_refused_token() {
    let Some(builder) = TestServer::on(Backend::Postgres).await else { return };
    let server = builder.start().await;
    let amber = issuing(&server).await;
    let (token, spare) = (issue(&amber).await, issue(&amber).await);
    let ring =
        "k2:bmV3LWtleS0wMTIzNDU2Nzg5LWFiY2RlZmdoaWprbG1ub3A=,k1:dGVzdC1zaWduaW5nLWtleS1wb2l1eXRyZXdxLWxramhnZmRzYS0y";
    let promoted = server.twin().env("EMBED_SIGNING_KEY", "").env("EMBED_SIGNING_KEYS", ring).start().await;
    let keys = promoted.sdk_as_admin().await.embed_tokens().list_embed_keys(ListEmbedKeysRequest {}).await;
    let keys: Vec<_> = keys.expect("keys").into_inner().keys.into_iter().map(|key| (key.key_id, key.signs)).collect();
    assert_eq!(keys, [("k2".to_owned(), true), ("k1".to_owned(), false)]);
    let session = redeem(&promoted, &token).await.expect("the old key verifies");
    let fresh = issue(&issuing(&promoted).await).await;
    assert_eq!(refused(redeem(&server, &fresh).await).1, ErrorReason::TokenBadSignature, "a key unknown yet");
    renew(&promoted, &session, &fresh).await.expect("a session of the old key goes on with a token of the new one");
    let (only, _) = ring.split_once(',').expect("two keys");
    let removed = server.twin().env("EMBED_SIGNING_KEY", "").env("EMBED_SIGNING_KEYS", only).start().await;
    assert_eq!(refused(redeem(&removed, &spare).await).1, ErrorReason::TokenBadSignature);
    assert_eq!(refused(renew(&removed, &session, &fresh).await).1, ErrorReason::SessionEnded);
}

#[tokio::test]
async fn a_checked_token_tells_its_claims_and_is_used_up_on_request_only() {
    let server = TestServer::start().await;
    let amber = issuing(&server).await;
    let token = issue(&amber).await;
    let check = |consume| ValidateEmbedTokenRequest { token: token.clone(), origin: SITE.into(), consume };
    for _ in 0..2 {
        let checked = amber.embed_tokens().validate_embed_token(check(false)).await.expect("an answer").into_inner();
        assert!(checked.valid && checked.claims.is_some_and(|claims| claims.subject == "anonymous"));
    }
    assert!(amber.embed_tokens().validate_embed_token(check(true)).await.expect("an answer").into_inner().valid);
    assert_eq!(refused(redeem(&server, &token).await).1, ErrorReason::TokenReplayed);
}
