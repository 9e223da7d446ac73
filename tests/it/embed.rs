//! Embed tokens over the wire: from issue to frame, and everything that ends them.

mod audit;
mod flow;
mod outages;
mod reasons;
mod revocation;

use amber_sdk::v1::{ErrorReason, IssueEmbedTokenRequest, RedeemEmbedTokenRequest, RenewEmbedSessionRequest};
use amber_sdk::{Amber, Credentials};
use amber_tests::{Backend, TestServer};
use serde_json::Value;
use tonic::{Code, Status};

use crate::wire::{Answer, reason_of};

/// The page that frames the dashboard.
const SITE: &str = "https://partner.example";

/// The SDK as the service that issues tokens.
async fn issuing(server: &TestServer) -> Amber {
    server.sdk_as(Credentials::api_key(server.api_key())).await
}

fn asked() -> IssueEmbedTokenRequest {
    IssueEmbedTokenRequest { dashboard_id: "sales".into(), ..Default::default() }
}

async fn issue(amber: &Amber) -> String {
    amber.embed_tokens().issue_embed_token(asked()).await.expect("a token").into_inner().token
}

/// What a server answers to a token: the session.
async fn redeem(server: &TestServer, token: &str) -> Result<String, Status> {
    let asked = RedeemEmbedTokenRequest { token: token.into(), dashboard_id: "sales".into(), origin: SITE.into() };
    Ok(server.sdk().await.embed_tokens().redeem_embed_token(asked).await?.into_inner().session)
}

async fn renew(server: &TestServer, session: &str, token: &str) -> Result<String, Status> {
    let asked = RenewEmbedSessionRequest { session: session.into(), token: token.into() };
    Ok(server.sdk().await.embed_tokens().renew_embed_session(asked).await?.into_inner().session)
}

#[track_caller]
fn refused<T: std::fmt::Debug>(outcome: Result<T, Status>) -> (Code, ErrorReason) {
    reason_of(&outcome.expect_err("it must be refused"), "an embed token")
}

async fn post(server: &TestServer, path: &str, credential: &str, body: &Value) -> Answer {
    Answer::to(server.http.post(server.url(path)).bearer_auth(credential).json(body)).await
}

async fn get(server: &TestServer, path: &str, credential: &str) -> Answer {
    Answer::to(server.http.get(server.url(path)).bearer_auth(credential)).await
}

/// Two servers on one database: on PostgreSQL when there is one, else one server that stands for both.
async fn two_servers() -> (TestServer, Option<TestServer>) {
    let Some(builder) = TestServer::on(Backend::Postgres).await else { return (TestServer::start().await, None) };
    let first = builder.start().await;
    let second = first.twin().start().await;
    (first, Some(second))
}
