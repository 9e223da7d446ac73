//! Embed tokens: issue, check, redeem.

use std::sync::Arc;
use std::time::Duration;

use super::Error;
use super::dashboards::dashboard_id;
use crate::auth::{self, Registry, require_scope};
use crate::domain::{ClientId, EmbedClaims, EmbedSession, Locks, Network, Origin, Principal, Scope};
use crate::embed::{self, Embedder, IssueRequest, Issued, Issuer, Opened, Redeemer, Refusal, parse_origins};
use crate::telemetry::Metrics;

/// What a caller asks for.
#[derive(Debug, Clone, Default)]
pub struct IssueToken {
    /// The dashboard to open.
    pub dashboard_id: String,
    /// The sites that may frame it; empty means all registered ones.
    pub origins: Vec<String>,
    /// The viewer, as the caller's pseudonym.
    pub user_id: Option<String>,
    /// How long the token is of use.
    pub ttl: Option<Duration>,
}

/// A token and where to use it.
#[derive(Debug)]
pub struct IssuedToken {
    /// The token.
    pub issued: Issued,
    /// The page to frame, without the token.
    pub embed_url: String,
}

/// What embedding works with.
pub struct EmbedParts {
    /// Issues tokens.
    pub issuer: Issuer,
    /// Checks tokens and uses them up.
    pub redeemer: Redeemer,
    /// Knows the sites of every client.
    pub registry: Arc<dyn Registry>,
    /// The sites that may frame an error page whose token says nothing.
    pub registered: Vec<Origin>,
}

/// Embed tokens.
pub struct EmbedTokens {
    parts: Option<EmbedParts>,
    metrics: Metrics,
    public_url: String,
}

const DISABLED: Error = Error::Disabled("Embedding is not enabled");

impl EmbedTokens {
    /// Works with `parts`; None when embedding is switched off.
    #[must_use]
    pub fn new(parts: Option<EmbedParts>, metrics: Metrics, public_url: String) -> Self {
        Self { parts, metrics, public_url }
    }

    /// Issues a token. For admins and API keys with the scope.
    ///
    /// # Errors
    /// [`Error::Disabled`], [`Error::Auth`], [`Error::Invalid`], [`Error::Embed`].
    pub async fn issue(&self, caller: &Principal, request: IssueToken) -> Result<IssuedToken, Error> {
        let outcome = self.try_issue(caller, request).await;
        match &outcome {
            Ok(_) => self.metrics.token_issued(),
            Err(Error::Auth(auth::Error::CredentialMissing)) => self.metrics.token_denied(),
            Err(Error::Auth(error)) => self.metrics.token_refused(error.reason()),
            Err(Error::Embed(error)) => self.metrics.token_refused(error.reason()),
            Err(Error::Disabled(_)) => self.metrics.token_refused("FEATURE_DISABLED"),
            Err(_) => self.metrics.token_refused("FIELD_INVALID"),
        }
        outcome
    }

    async fn try_issue(&self, caller: &Principal, request: IssueToken) -> Result<IssuedToken, Error> {
        let parts = self.parts.as_ref().ok_or(DISABLED)?;
        require_scope(caller, Scope::EmbedIssue)?;
        let dashboard = dashboard_id(&request.dashboard_id)?;
        let embed_url = format!("{}/embed/v1/dashboards/{dashboard}", self.public_url);
        let client_id = ClientId::of(caller).ok_or(auth::Error::CredentialMissing)?;
        let registered = parts.registry.origins(&client_id).await?.ok_or(auth::Error::CredentialInvalid)?;
        let request = IssueRequest {
            client_id,
            dashboard,
            origins: parse_origins(&request.origins)?,
            subject: request.user_id.filter(|id| !id.is_empty()),
            ttl: request.ttl,
            leaders: Vec::new(),
            locks: Locks::default(),
            max_session: None,
        };
        let issued = parts.issuer.issue(request, &registered)?;
        Ok(IssuedToken { issued, embed_url })
    }

    /// Checks a token without using it up; `origin` empty means that no site is asked about. For admins and API keys
    /// with the scope.
    ///
    /// # Errors
    /// [`Error::Disabled`], [`Error::Auth`]; an unusable token is an answer, not an error.
    pub async fn validate(
        &self,
        caller: &Principal,
        token: &str,
        origin: &str,
    ) -> Result<Result<EmbedClaims, embed::Error>, Error> {
        let parts = self.parts.as_ref().ok_or(DISABLED)?;
        require_scope(caller, Scope::EmbedIssue)?;
        let embedder = if origin.is_empty() { Embedder::NotAsked } else { Embedder::of_origin(Some(origin)) };
        let outcome = parts.redeemer.check(token, None, &embedder).await.map_err(|refusal| refusal.error);
        self.note_check(outcome.as_ref().err());
        Ok(outcome)
    }

    /// Uses a token up for the frame of `dashboard`, which `embedder` shows.
    ///
    /// # Errors
    /// Why the token is refused, with what it says when its signature was right. While embedding is switched off every token is
    /// malformed.
    pub async fn redeem(
        &self,
        token: &str,
        dashboard: &str,
        embedder: &Embedder,
        network: Option<Network>,
    ) -> Result<Opened, Refusal> {
        let parts = self.parts.as_ref().ok_or(embed::Error::TokenMalformed)?;
        let outcome = parts.redeemer.redeem(token, dashboard, embedder, network).await;
        self.note_check(outcome.as_ref().err().map(|refusal| &refusal.error));
        outcome
    }

    /// Uses a fresh token up to go on with a session; the new session takes over.
    ///
    /// # Errors
    /// Why the session or the token is refused. While embedding is switched off every session has ended.
    pub async fn renew(&self, session: &str, token: &str, network: Option<Network>) -> Result<Opened, Refusal> {
        let parts = self.parts.as_ref().ok_or(embed::Error::SessionEnded)?;
        let outcome = parts.redeemer.renew(session, token, network).await;
        self.note_check(outcome.as_ref().err().map(|refusal| &refusal.error));
        outcome
    }

    /// Reads a session that lives; with `dashboard`, only when it is for that one.
    ///
    /// # Errors
    /// Why the session is refused. While embedding is switched off every session has ended.
    pub async fn session(&self, session: &str, dashboard: Option<&str>) -> Result<EmbedSession, Refusal> {
        let parts = self.parts.as_ref().ok_or(embed::Error::SessionEnded)?;
        parts.redeemer.session(session, dashboard).await
    }

    /// Whether embedding is switched on.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.parts.is_some()
    }

    /// The sites that may frame an error page whose token says nothing.
    #[must_use]
    pub fn registered_origins(&self) -> &[Origin] {
        self.parts.as_ref().map_or(&[], |parts| &parts.registered)
    }

    fn note_check(&self, refused: Option<&embed::Error>) {
        match refused {
            None => self.metrics.token_validated(),
            Some(embed::Error::TokenExpired { .. }) => self.metrics.token_expired(),
            Some(_) => self.metrics.token_invalid(),
        }
    }
}
