//! The client, which is the same for every server.

use amber_proto::v1::{IssueEmbedTokenRequest, IssueEmbedTokenResponse};
use amber_sdk::{Amber, Credentials, Options, RetryPolicy};
use amber_tests::http_client;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use prost::Message;
use serde_json::json;
use tokio::task::JoinSet;

pub(crate) const API_KEY: &str = "bench-api-key-9f8e7d6c5b4a3210zyxw";

/// Calls under way at a time.
const AT_ONCE: u32 = 16;

/// In which language a token is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Manner {
    Rpc,
    Json,
}

impl Manner {
    /// The call, in words.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Rpc => "IssueEmbedToken",
            Self::Json => "POST /api/embed/token",
        }
    }

    /// The bare server, in words.
    pub(crate) fn bare(self) -> &'static str {
        match self {
            Self::Rpc => "bare tonic",
            Self::Json => "bare axum",
        }
    }
}

/// Asks one server for tokens.
#[derive(Clone)]
pub(crate) enum Caller {
    Rpc(Amber),
    Json { http: reqwest::Client, url: String },
}

impl Caller {
    pub(crate) async fn to(manner: Manner, url: &str) -> Self {
        match manner {
            Manner::Rpc => {
                let options = Options::new(url).credentials(Credentials::api_key(API_KEY)).retry(RetryPolicy::never());
                Self::Rpc(Amber::connect(options).await.unwrap())
            }
            Manner::Json => Self::Json { http: http_client(), url: format!("{url}/api/embed/token") },
        }
    }

    /// One answer, as text: what the bare server shall echo.
    pub(crate) async fn answer(&self) -> String {
        match self {
            Self::Rpc(amber) => STANDARD.encode(issue(amber).await.encode_to_vec()),
            Self::Json { http, url } => post(http, url).await,
        }
    }

    /// Asks so often, with a few calls under way at any time.
    pub(crate) async fn call(&self, calls: u32) {
        let mut lanes = JoinSet::new();
        for _ in 0..AT_ONCE {
            let caller = self.clone();
            lanes.spawn(async move {
                for _ in 0..calls / AT_ONCE {
                    match &caller {
                        Self::Rpc(amber) => drop(issue(amber).await),
                        Self::Json { http, url } => drop(post(http, url).await),
                    }
                }
            });
        }
        lanes.join_all().await;
    }
}

async fn issue(amber: &Amber) -> IssueEmbedTokenResponse {
    let request = IssueEmbedTokenRequest {
        dashboard_id: "demo".to_owned(),
        allowed_origins: vec!["https://partner.example".to_owned()],
        user_id: "viewer-7".to_owned(),
        ..IssueEmbedTokenRequest::default()
    };
    amber.embed_tokens().issue_embed_token(request).await.unwrap().into_inner()
}

async fn post(http: &reqwest::Client, url: &str) -> String {
    let body = json!({ "dashboardId": "demo", "allowedOrigins": ["https://partner.example"], "userId": "viewer-7" });
    let answer = http.post(url).bearer_auth(API_KEY).json(&body).send().await.unwrap();
    answer.error_for_status().unwrap().text().await.unwrap()
}
