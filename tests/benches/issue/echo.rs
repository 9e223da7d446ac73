//! The bare servers: they read what is asked and give one answer, which they were started with; some commit a line of the audit
//! before it.

use std::env;
use std::io::{BufRead, BufReader, Write};
use std::net::Ipv4Addr;
use std::process::{Child, Command, Stdio};

use amber_proto::v1;
use amber_proto::v1::embed_token_service_server::{EmbedTokenService, EmbedTokenServiceServer};
use axum::http::header::CONTENT_TYPE;
use axum::routing::post;
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use prost::Message;
use serde_json::Value;
use tokio::net::TcpListener;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

use crate::caller::Manner;
use crate::line::Lines;

/// A bare server in a process of its own. It ends when it is dropped.
pub(crate) struct Echo {
    child: Child,
    url: String,
}

impl Echo {
    /// Starts one that writes to a database, or to none.
    pub(crate) fn start(manner: Manner, answer: &str, database: Option<&str>) -> Self {
        let mut command = Command::new(env::current_exe().unwrap());
        command.args([manner.bare(), answer, database.unwrap_or_default()]).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut url = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
        Self { child, url: url.trim().to_owned() }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        self.child.kill().expect("the own child can be ended");
        self.child.wait().expect("the own child can be waited for");
    }
}

/// Is such a server, until it is killed.
pub(crate) async fn serve(kind: &str, answer: &str, database: &str) {
    let lines = if database.is_empty() { None } else { Some(Lines::to(database).await) };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    println!("http://{}", listener.local_addr().unwrap());
    std::io::stdout().flush().unwrap();
    if kind == Manner::Json.bare() {
        let answer: &'static str = answer.to_owned().leak();
        let echo = async move |Json(_): Json<Value>| {
            if let Some(lines) = &lines {
                lines.write().await;
            }
            ([(CONTENT_TYPE, "application/json")], answer)
        };
        axum::serve(listener, Router::new().route("/api/embed/token", post(echo))).await.unwrap();
        return;
    }
    let bytes = STANDARD.decode(answer).unwrap();
    let bare = Bare { answer: v1::IssueEmbedTokenResponse::decode(&bytes[..]).unwrap(), lines };
    let service = EmbedTokenServiceServer::new(bare);
    Server::builder().add_service(service).serve_with_incoming(TcpIncoming::from(listener)).await.unwrap();
}

struct Bare {
    answer: v1::IssueEmbedTokenResponse,
    lines: Option<Lines>,
}

/// Answers one method of the contract; nobody calls the others.
macro_rules! echo_alone {
    ($($other:ident: $asked:ident => $answered:ident),+ $(,)?) => {
        #[tonic::async_trait]
        impl EmbedTokenService for Bare {
            async fn issue_embed_token(
                &self,
                _request: Request<v1::IssueEmbedTokenRequest>,
            ) -> Result<Response<v1::IssueEmbedTokenResponse>, Status> {
                if let Some(lines) = &self.lines {
                    lines.write().await;
                }
                Ok(Response::new(self.answer.clone()))
            }

            $(async fn $other(&self, _request: Request<v1::$asked>) -> Result<Response<v1::$answered>, Status> {
                Err(Status::unimplemented("this server only echoes"))
            })+
        }
    };
}

echo_alone! {
    validate_embed_token: ValidateEmbedTokenRequest => ValidateEmbedTokenResponse,
    redeem_embed_token: RedeemEmbedTokenRequest => RedeemEmbedTokenResponse,
    renew_embed_session: RenewEmbedSessionRequest => RenewEmbedSessionResponse,
    revoke_embed_tokens: RevokeEmbedTokensRequest => RevokeEmbedTokensResponse,
    list_embed_keys: ListEmbedKeysRequest => ListEmbedKeysResponse,
    list_embed_audit_events: ListEmbedAuditEventsRequest => ListEmbedAuditEventsResponse,
}
