//! Embed tokens and the sessions that they open.

mod audit;
mod issue;
mod revoke;

pub use audit::{AuditPage, AuditQuery};
pub use issue::{AskedLocks, IssueToken, IssuedToken};
pub use revoke::Revocation;

use std::sync::Arc;

use super::Error;
use crate::auth::{Registry, require_scope};
use crate::domain::{AuditAction, AuditEvent, Clock, EmbedClaims, EmbedSession, Network, Origin, Principal, Scope};
use crate::embed::{self, Admitted, AuditLog, Embedder, Graves, Issuer, KeyRing, Opened, Redeemer, Refusal};
use crate::store::{self, EmbedAudit, EmbedRequests};
use crate::telemetry::Metrics;

/// What embedding works with.
pub struct EmbedParts {
    /// Issues tokens.
    pub issuer: Issuer,
    /// Checks tokens and uses them up.
    pub redeemer: Redeemer,
    /// Knows the sites of every client.
    pub registry: Arc<dyn Registry>,
    /// Knows the deleted dashboards.
    pub graves: Graves,
    /// Remembers named calls.
    pub requests: Arc<dyn EmbedRequests>,
    /// Revokes.
    pub tokens: Arc<dyn store::EmbedTokens>,
    /// Writes down what happens.
    pub audit: AuditLog,
    /// The keys that sign.
    pub ring: Arc<KeyRing>,
    /// The sites that may frame an error page whose token says nothing.
    pub registered: Vec<Origin>,
}

/// Embed tokens and the sessions that they open.
pub struct EmbedTokens {
    parts: Option<EmbedParts>,
    audit: Arc<dyn EmbedAudit>,
    metrics: Metrics,
    clock: Arc<dyn Clock>,
    public_url: String,
}

impl EmbedTokens {
    /// Works with `parts`, None when embedding is switched off; `audit` can be read even then.
    #[must_use]
    pub fn new(
        parts: Option<EmbedParts>,
        audit: Arc<dyn EmbedAudit>,
        metrics: Metrics,
        clock: Arc<dyn Clock>,
        public_url: String,
    ) -> Self {
        Self { parts, audit, metrics, clock, public_url }
    }

    /// Checks a token; `origin` empty means that no site is asked about. With `consume` a valid one is used up. For admins and
    /// API keys with the scope.
    ///
    /// # Errors
    /// [`Error::Auth`], [`Error::Disabled`], or when the store fails; an unusable token is an answer, not an error.
    pub async fn validate(
        &self,
        caller: &Principal,
        token: &str,
        origin: &str,
        consume: bool,
        network: Option<Network>,
    ) -> Result<Result<EmbedClaims, embed::Error>, Error> {
        let parts = self.parts()?;
        require_scope(caller, Scope::EmbedIssue)?;
        let embedder = if origin.is_empty() { Embedder::NotAsked } else { Embedder::of_origin(Some(origin)) };
        let outcome = match parts.redeemer.check(token, None, &embedder).await {
            Ok(claims) if consume => parts.redeemer.spend(claims, &embedder, network).await,
            checked => checked,
        };
        let outcome = outcome.map_err(|refusal| refusal.error);
        self.note_check(outcome.as_ref().err());
        match outcome {
            Err(error @ embed::Error::ReplayStoreUnavailable) => Err(error.into()),
            answer => Ok(answer),
        }
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
        let admitted = self.admit(token, dashboard, embedder, network).await?;
        self.open(admitted, network).await
    }

    /// Checks a token for the frame of `dashboard`, which `embedder` shows, without using it up: the page is made first, so that
    /// its failure costs no token.
    ///
    /// # Errors
    /// As [`Self::redeem`], but for use before.
    pub async fn admit(
        &self,
        token: &str,
        dashboard: &str,
        embedder: &Embedder,
        network: Option<Network>,
    ) -> Result<Admitted, Refusal> {
        let parts = self.parts.as_ref().ok_or(embed::Error::TokenMalformed)?;
        let outcome = parts.redeemer.admit(token, dashboard, embedder).await;
        if let Err(refusal) = &outcome {
            self.note_refusal(parts, refusal, embedder.origin(), network);
        }
        outcome
    }

    /// Uses an admitted token up. Nothing of the dashboard may be shown before that.
    ///
    /// # Errors
    /// As [`Self::redeem`].
    pub async fn open(&self, admitted: Admitted, network: Option<Network>) -> Result<Opened, Refusal> {
        let parts = self.parts.as_ref().ok_or(embed::Error::TokenMalformed)?;
        let site = admitted.site().clone();
        let outcome = parts.redeemer.open(admitted, network).await;
        self.note_use(parts, &outcome, Some(&site), network, Metrics::session_opened);
        outcome
    }

    /// Uses a fresh token up to go on with a session; the new session takes over.
    ///
    /// # Errors
    /// Why the session or the token is refused. While embedding is switched off every session has ended.
    pub async fn renew(&self, session: &str, token: &str, network: Option<Network>) -> Result<Opened, Refusal> {
        let parts = self.parts.as_ref().ok_or(embed::Error::SessionEnded)?;
        let outcome = parts.redeemer.renew(session, token, network).await;
        self.note_use(parts, &outcome, None, network, Metrics::session_renewed);
        outcome
    }

    /// Reads a session that lives; with `dashboard`, only when it is for that one.
    ///
    /// # Errors
    /// Why the session is refused. While embedding is switched off every session has ended.
    pub async fn session(&self, session: &str, dashboard: Option<&str>) -> Result<EmbedSession, Refusal> {
        let parts = self.parts.as_ref().ok_or(embed::Error::SessionEnded)?;
        let outcome = parts.redeemer.session(session, dashboard).await;
        if let Err(refusal) = &outcome {
            self.metrics.embed_refused(refusal.error.reason());
        }
        outcome
    }

    /// Whether embedding is switched on.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.parts.is_some()
    }

    /// Says how embedding is switched on, unless it is.
    ///
    /// # Errors
    /// [`Error::Disabled`].
    pub fn require_enabled(&self) -> Result<(), Error> {
        self.parts().map(drop)
    }

    /// The sites that may frame an error page whose token says nothing.
    #[must_use]
    pub fn registered_origins(&self) -> &[Origin] {
        self.parts.as_ref().map_or(&[], |parts| &parts.registered)
    }

    fn parts(&self) -> Result<&EmbedParts, Error> {
        self.parts.as_ref().ok_or(Error::Disabled("Embedding is not enabled"))
    }

    /// Counts a use, by `count` as well, or its refusal.
    fn note_use(
        &self,
        parts: &EmbedParts,
        outcome: &Result<Opened, Refusal>,
        site: Option<&Origin>,
        network: Option<Network>,
        count: fn(&Metrics),
    ) {
        match outcome {
            Ok(_) => {
                self.note_check(None);
                count(&self.metrics);
            }
            Err(refusal) => self.note_refusal(parts, refusal, site, network),
        }
    }

    /// Counts a refusal; a token with a right signature is written down as well, and any other is only counted, because
    /// everybody can make one.
    fn note_refusal(&self, parts: &EmbedParts, refusal: &Refusal, site: Option<&Origin>, network: Option<Network>) {
        let Refusal { error, claims } = refusal;
        self.note_check(Some(error));
        self.metrics.embed_refused(error.reason());
        let Some(claims) = claims else { return };
        let event = embed::event(self.clock.now(), AuditAction::Refused, claims, site, network);
        parts.audit.note(AuditEvent { reason: Some(error.reason().to_owned()), ..event });
    }

    fn note_check(&self, refused: Option<&embed::Error>) {
        match refused {
            None => self.metrics.token_validated(),
            Some(embed::Error::TokenExpired { .. }) => self.metrics.token_expired(),
            Some(_) => self.metrics.token_invalid(),
        }
    }
}
