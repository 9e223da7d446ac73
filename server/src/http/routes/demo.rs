//! `/demo`: the host page of the demo.

use axum::extract;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::State;
use crate::domain::{DashboardId, Principal, Role};
use crate::http::Nonce;
use crate::http::demo_page::{self, Command, DemoPage};
use crate::http::problem::Problem;
use crate::usecase::IssueToken;

/// What the host page shows besides the frame.
#[derive(Debug, Clone)]
pub struct DemoSite {
    /// The dashboard to frame.
    pub dashboard: DashboardId,
    /// Lines to try.
    pub commands: Vec<Command>,
}

/// The page asks for its token as a partner's server would, and frames the dashboard with it.
pub(super) async fn page(extract::State(state): extract::State<State>) -> Result<Response, Problem> {
    let site = state.demo.as_ref().ok_or_else(|| {
        Problem::new(StatusCode::NOT_FOUND, "not_found", "the host page is part of `amber demo` only")
    })?;
    let host = Principal::User { id: "demo-host".to_owned(), role: Role::Admin };
    let request = IssueToken { dashboard_id: site.dashboard.to_string(), ..IssueToken::default() };
    let token = state.use_cases.embed_tokens.issue(&host, request, None).await?;
    let ttl = token.issued.life;
    let page = DemoPage { dashboard: &site.dashboard, token: &token.issued.token, ttl, commands: &site.commands };
    let nonce = Nonce::new(state.entropy.as_ref());
    Ok((demo_page::headers(&nonce), demo_page::page(&page, &nonce).into_string()).into_response())
}
