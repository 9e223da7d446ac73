//! One GET to X, bounded in time and size.

use std::sync::Once;
use std::time::Duration;

use reqwest::header::AUTHORIZATION;
use reqwest::{Response, Url, redirect};
use secrecy::ExposeSecret;
use tracing::{Instrument, Span, field};

use super::answer::Answer;
use super::client::Settings;
use super::credential::Credential;
use super::endpoint::Request;
use super::{Error, Fault};
use crate::telemetry::TRACED;

/// The connection to X.
#[derive(Debug)]
pub(super) struct Transport {
    http: reqwest::Client,
    base: Url,
    max_body: usize,
}

impl Transport {
    pub(super) fn new(settings: &Settings) -> Result<Self, Error> {
        install_tls_provider();
        let setup = |reason: String| Error::Setup { reason };
        let base = Url::parse(&settings.base_url).map_err(|error| setup(format!("the base URL: {error}")))?;
        if !matches!(base.scheme(), "http" | "https") || !base.has_host() {
            return Err(setup("the base URL is not an http or https URL".to_owned()));
        }
        let http = reqwest::Client::builder()
            .connect_timeout(settings.connect_timeout)
            .timeout(settings.request_timeout)
            .pool_idle_timeout(Duration::from_mins(1))
            // X does not redirect; whoever does must not get the bearer token.
            .redirect(redirect::Policy::none())
            .user_agent(concat!("amber/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| setup(error.to_string()))?;
        Ok(Self { http, base, max_body: settings.max_body })
    }

    /// Makes the request and reads the whole answer. The trace is not told to X, which is no part of the installation.
    pub(super) async fn get(&self, request: &Request, credential: &Credential) -> Result<Answer, Fault> {
        let span = self.span(request);
        let outcome = self.fetch(request, credential).instrument(span.clone()).await;
        match &outcome {
            Ok(answer) => {
                span.record("http.response.status_code", answer.status.as_u16());
                if !answer.status.is_success() {
                    span.record("otel.status_code", "ERROR").record("error.type", answer.status.as_str());
                }
            }
            Err(fault) => {
                span.record("otel.status_code", "ERROR").record("error.type", fault.kind());
            }
        }
        outcome
    }

    /// The call in its trace, by the semantic conventions of OpenTelemetry for clients of HTTP.
    fn span(&self, request: &Request) -> Span {
        tracing::info_span!(
            target: TRACED,
            "GET",
            otel.kind = "client",
            otel.name = format_args!("GET {}", request.endpoint),
            otel.status_code = field::Empty,
            http.request.method = "GET",
            http.response.status_code = field::Empty,
            server.address = self.base.host_str(),
            server.port = self.base.port_or_known_default(),
            error.type = field::Empty,
        )
    }

    async fn fetch(&self, request: &Request, credential: &Credential) -> Result<Answer, Fault> {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{}", self.base.path().trim_end_matches('/'), request.path));
        let call = self.http.get(url).query(&request.query).header(AUTHORIZATION, credential.header.clone());
        let response = call.send().await.map_err(|error| fault_of(&error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = self.body(response).await?;
        let body = if status.is_success() { body } else { redact(&body, credential) };
        Ok(Answer { status, headers, body })
    }

    async fn body(&self, mut response: Response) -> Result<Vec<u8>, Fault> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| fault_of(&error))? {
            if body.len() + chunk.len() > self.max_body {
                return Err(Fault::TooLarge { limit: self.max_body });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

/// Takes the bearer token out of a refusal, should one ever repeat it: refusals are quoted in errors and logs.
fn redact(body: &[u8], credential: &Credential) -> Vec<u8> {
    String::from_utf8_lossy(body).replace(credential.token.expose_secret(), "[redacted]").into_bytes()
}

fn fault_of(error: &reqwest::Error) -> Fault {
    if error.is_timeout() {
        return Fault::Timeout;
    }
    if error.is_connect() { Fault::Connect } else { Fault::Interrupted }
}

/// The TLS library has no provider of its own; the process may already have installed one.
fn install_tls_provider() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            // It fails only when another thread was faster, with the same result.
            let _installed_meanwhile = rustls::crypto::ring::default_provider().install_default();
        }
    });
}
