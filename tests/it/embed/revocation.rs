//! What is revoked is refused at once, on every server.

use std::time::Duration;

use amber_sdk::v1::{
    ErrorReason, IssueEmbedTokenRequest, RevokeEmbedTokensRequest, revoke_embed_tokens_request::Selector,
};
use amber_sdk::{Amber, Credentials};
use amber_tests::TestServer;
use serde_json::json;
use tokio::time::{Instant, sleep};
use tonic::Code;

use super::{asked, issue, issuing, post, redeem, refused, renew, two_servers};

async fn revoke(amber: &Amber, selector: Selector) -> Result<(), tonic::Status> {
    let asked = RevokeEmbedTokensRequest { selector: Some(selector) };
    amber.embed_tokens().revoke_embed_tokens(asked).await.map(drop)
}

/// A key of its own, with every scope.
async fn client(server: &TestServer, name: &str) -> (String, Amber) {
    let admin = server.token("admin").await;
    let body = json!({
        "name": name, "scopes": ["embed.issue", "embed.revoke"], "origins": ["https://partner.example"],
    });
    let made = post(server, "/api/api-keys", &admin, &body).await;
    assert!(made.status < 300, "{}", made.text());
    let made = made.json();
    let text = made["key"].as_str().expect("the text of the key");
    let id = made["apiKey"]["id"].as_str().expect("its id");
    (format!("key:{id}"), server.sdk_as(Credentials::api_key(text)).await)
}

#[tokio::test]
async fn each_selector_ends_tokens_and_sessions_on_the_other_server_at_once() {
    let (first, second) = two_servers().await;
    let other = second.as_ref().unwrap_or(&first);
    let (amber, admin) = (issuing(&first).await, first.sdk_as_admin().await);
    for make in [
        |token_id: String| Selector::TokenId(token_id),
        |_| Selector::Subject("viewer-1".into()),
        |_| Selector::DashboardId("sales".into()),
        |_| Selector::ClientId("key:admin".into()),
        |_| Selector::KeyId("k1".into()),
        |_| Selector::All(true),
    ] {
        first.clock.advance(Duration::from_secs(2));
        let request = IssueEmbedTokenRequest { user_id: "viewer-1".into(), ..asked() };
        let issued = amber.embed_tokens().issue_embed_token(request.clone()).await.expect("a token").into_inner();
        let selector = make(issued.token_id);
        if let Selector::TokenId(_) = selector {
            revoke(&admin, selector.clone()).await.expect("revoked");
            let answer = refused(redeem(other, &issued.token).await);
            assert_eq!(answer, (Code::PermissionDenied, ErrorReason::TokenRevoked));
            continue;
        }
        let session = redeem(other, &issued.token).await.expect("a session");
        let fresh = amber.embed_tokens().issue_embed_token(request.clone()).await.expect("a token").into_inner().token;
        revoke(&admin, selector.clone()).await.expect("revoked");
        // Nobody is asked twice: the first answer after the revocation is a refusal.
        let answer = refused(renew(other, &session, &fresh).await);
        assert_eq!(answer, (Code::PermissionDenied, ErrorReason::TokenRevoked), "{selector:?}");
        assert_eq!(refused(redeem(other, &fresh).await).1, ErrorReason::TokenRevoked, "{selector:?}");
        first.clock.advance(Duration::from_secs(2));
        let later = amber.embed_tokens().issue_embed_token(request).await.expect("a token").into_inner().token;
        redeem(other, &later).await.unwrap_or_else(|status| panic!("a later token lives: {selector:?}: {status}"));
    }
}

#[tokio::test]
async fn a_key_revokes_its_own_tokens_and_no_others() {
    let server = TestServer::start().await;
    let (web, mobile) = (client(&server, "web").await, client(&server, "mobile").await);
    let issued = |amber: &Amber| {
        let request = IssueEmbedTokenRequest { user_id: "viewer-1".into(), ..asked() };
        let mut tokens = amber.embed_tokens();
        async move { tokens.issue_embed_token(request).await.expect("a token").into_inner() }
    };
    let (own, foreign) = (issued(&web.1).await, issued(&mobile.1).await);
    for selector in [
        Selector::TokenId(foreign.token_id.clone()),
        Selector::ClientId(mobile.0.clone()),
        Selector::DashboardId("sales".into()),
        Selector::KeyId("k1".into()),
        Selector::All(true),
    ] {
        let answer = refused(revoke(&web.1, selector.clone()).await);
        assert_eq!(answer, (Code::PermissionDenied, ErrorReason::RoleMissing), "{selector:?}");
    }
    revoke(&web.1, Selector::TokenId(own.token_id)).await.expect("its own token");
    assert_eq!(refused(redeem(&server, &own.token).await).1, ErrorReason::TokenRevoked);
    let own = issued(&web.1).await;
    revoke(&web.1, Selector::Subject("viewer-1".into())).await.expect("its own viewer");
    assert_eq!(refused(redeem(&server, &own.token).await).1, ErrorReason::TokenRevoked);
    redeem(&server, &foreign.token).await.expect("the other client's viewer of that name is another one");
    server.clock.advance(Duration::from_secs(2));
    let own = issued(&web.1).await;
    revoke(&web.1, Selector::ClientId(web.0.clone())).await.expect("all of its own");
    assert_eq!(refused(redeem(&server, &own.token).await).1, ErrorReason::TokenRevoked);
}

#[tokio::test]
async fn who_may_not_revoke_is_told_so() {
    let server = TestServer::start().await;
    let anonymous = revoke(&server.sdk().await, Selector::All(true)).await;
    assert_eq!(refused(anonymous), (Code::Unauthenticated, ErrorReason::CredentialMissing));
    let viewer = server.sdk_as(Credentials::admin_jwt(server.token("viewer").await)).await;
    assert_eq!(
        refused(revoke(&viewer, Selector::All(true)).await),
        (Code::PermissionDenied, ErrorReason::ScopeMissing)
    );
    let admin = server.sdk_as_admin().await;
    for bad in [Selector::All(false), Selector::TokenId("x".into()), Selector::Subject(String::new())] {
        let answer = refused(revoke(&admin, bad.clone()).await);
        assert_eq!(answer, (Code::InvalidArgument, ErrorReason::FieldInvalid), "{bad:?}");
    }
    let none = admin.embed_tokens().revoke_embed_tokens(RevokeEmbedTokensRequest { selector: None }).await;
    assert_eq!(refused(none), (Code::InvalidArgument, ErrorReason::FieldInvalid));
}

#[tokio::test]
async fn a_session_dies_with_its_api_key() {
    let server = TestServer::start().await;
    let (id, amber) = client(&server, "web").await;
    let session = redeem(&server, &issue(&amber).await).await.expect("a session");
    let fresh = issue(&amber).await;
    let admin = server.token("admin").await;
    let path = format!("/api/api-keys/{}", id.trim_start_matches("key:"));
    let gone = server.http.delete(server.url(&path)).bearer_auth(&admin).send().await.expect("an answer");
    assert!(gone.status().is_success());
    assert_eq!(refused(renew(&server, &session, &fresh).await), (Code::PermissionDenied, ErrorReason::TokenRevoked));
}

#[tokio::test]
async fn a_deleted_dashboard_takes_its_tokens_with_it_and_gets_no_new_ones() {
    let server = TestServer::start().await;
    let (amber, admin) = (issuing(&server).await, server.token("admin").await);
    let made = post(&server, "/api/dashboards", &admin, &json!({ "id": "sales", "title": "Sales" })).await;
    assert!(made.status < 300, "{}", made.text());
    let token = issue(&amber).await;
    let gone = server.http.delete(server.url("/api/dashboards/sales")).bearer_auth(&admin).send().await;
    assert!(gone.expect("an answer").status().is_success());
    assert_eq!(refused(redeem(&server, &token).await), (Code::NotFound, ErrorReason::DashboardNotFound));
    // That a dashboard lives is remembered for half a second where tokens are issued.
    let deleted = Instant::now();
    let refusal = loop {
        let since = deleted.elapsed();
        match amber.embed_tokens().issue_embed_token(asked()).await {
            Ok(_) => assert!(since < Duration::from_secs(1), "a token is issued {since:?} after the deletion"),
            refusal => break refused(refusal),
        }
        sleep(Duration::from_millis(50)).await;
    };
    assert_eq!(refusal, (Code::NotFound, ErrorReason::DashboardNotFound));
}
