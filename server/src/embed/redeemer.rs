//! Lets a token be used once, for a session or for more time of one.

use std::fmt;
use std::sync::Arc;

use super::audit::event;
use super::{Admission, Embedder, Error, Opened, Refusal, ReplayCache, Sessions, Verifier};
use crate::domain::{AuditAction, AuditEvent, Clock, EmbedClaims, EmbedSession, Network, Origin, TokenCheck};
use crate::store::{Consumed, EmbedTokens};

/// A token that may open a dashboard on one site, and is not used up yet.
#[derive(Debug)]
pub struct Admitted {
    claims: EmbedClaims,
    site: Origin,
}

impl Admitted {
    /// What the token says.
    #[must_use]
    pub fn claims(&self) -> &EmbedClaims {
        &self.claims
    }

    /// The site that shows the dashboard.
    #[must_use]
    pub fn site(&self) -> &Origin {
        &self.site
    }
}

/// Checks tokens and sessions, and uses tokens up.
pub struct Redeemer {
    verifier: Verifier,
    sessions: Sessions,
    admission: Admission,
    used: Arc<dyn EmbedTokens>,
    replays: ReplayCache,
    clock: Arc<dyn Clock>,
}

impl Redeemer {
    /// Checks with `verifier` and `admission` and remembers in `used`, which alone decides who was first; `replays` may only refuse
    /// what was used before.
    #[must_use]
    pub fn new(
        verifier: Verifier,
        sessions: Sessions,
        admission: Admission,
        used: Arc<dyn EmbedTokens>,
        replays: ReplayCache,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { verifier, sessions, admission, used, replays, clock }
    }

    /// Checks every rule but first use.
    ///
    /// # Errors
    /// The first rule that is broken, in the order of [`Verifier::verify`], then of [`Admission::check`].
    pub async fn check(
        &self,
        token: &str,
        dashboard: Option<&str>,
        embedder: &Embedder,
    ) -> Result<EmbedClaims, Refusal> {
        let claims = self.verifier.verify(token)?;
        match self.admission.check(&claims, dashboard, embedder).await {
            Ok(()) => Ok(claims),
            Err(error) => Err(Refusal::of(error, claims)),
        }
    }

    /// Checks every rule but first use, for a site that shows the dashboard. Whatever can fail is done between this and
    /// [`Self::open`], so that it costs no token.
    ///
    /// # Errors
    /// As [`Self::check`]; [`Error::OriginUnknown`] when no site shows it.
    pub async fn admit(&self, token: &str, dashboard: &str, embedder: &Embedder) -> Result<Admitted, Refusal> {
        let claims = self.check(token, Some(dashboard), embedder).await?;
        match embedder.origin() {
            Some(site) => Ok(Admitted { claims, site: site.clone() }),
            None => Err(Refusal::of(Error::OriginUnknown, claims)),
        }
    }

    /// Uses an admitted token up for a session. What was revoked or deleted meanwhile is refused still.
    ///
    /// # Errors
    /// [`Error::TokenExpired`] when its time ended meanwhile, [`Error::TokenReplayed`], [`Error::TokenRevoked`] or
    /// [`Error::DashboardNotFound`]; [`Error::ReplayStoreUnavailable`] when the store cannot tell, for a token that may have
    /// been used is never admitted.
    pub async fn open(&self, admitted: Admitted, network: Option<Network>) -> Result<Opened, Refusal> {
        let Admitted { claims, site } = admitted;
        if self.clock.now() >= claims.expires_at && TokenCheck::Expiry.is_made() {
            return Err(Refusal::of(Error::TokenExpired { expired_at: claims.expires_at }, claims));
        }
        let event = self.event(AuditAction::Redeemed, &claims, Some(&site), network);
        let claims = self.consume(claims, &event).await?;
        Ok(self.sessions.open(claims, site)?)
    }

    /// Uses up a token that was checked.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn spend(
        &self,
        claims: EmbedClaims,
        embedder: &Embedder,
        network: Option<Network>,
    ) -> Result<EmbedClaims, Refusal> {
        let event = self.event(AuditAction::Redeemed, &claims, embedder.origin(), network);
        self.consume(claims, &event).await
    }

    /// Uses a fresh token up to go on with a session: one of the same dashboard, client and viewer, for the same site.
    ///
    /// # Errors
    /// As [`Self::session`] for the session, then as [`Self::check`] and [`Self::open`] for the token; [`Error::TokenWrongAudience`] for a token of
    /// another client or viewer.
    pub async fn renew(&self, session: &str, token: &str, network: Option<Network>) -> Result<Opened, Refusal> {
        let EmbedSession { claims: before, origin, .. } = self.session(session, None).await?;
        let embedder = Embedder::Site(origin.clone());
        let claims = self.check(token, Some(before.dashboard_id.as_str()), &embedder).await?;
        let is_same_client = claims.client_id == before.client_id || !TokenCheck::SameClient.is_made();
        let is_same_viewer = claims.subject == before.subject || !TokenCheck::SameViewer.is_made();
        if !is_same_client || !is_same_viewer {
            return Err(Refusal::of(Error::TokenWrongAudience, claims));
        }
        let event = self.event(AuditAction::Renewed, &claims, Some(&origin), network);
        let claims = self.consume(claims, &event).await?;
        Ok(self.sessions.open(claims, origin)?)
    }

    /// Reads a session that lives: in time, not revoked, of a known client and an existing dashboard, for a site that is still
    /// registered.
    ///
    /// # Errors
    /// [`Error::SessionEnded`]; then as [`Admission::check`].
    pub async fn session(&self, session: &str, dashboard: Option<&str>) -> Result<EmbedSession, Refusal> {
        let session = self.sessions.read(session)?;
        let embedder = Embedder::Site(session.origin.clone());
        match self.admission.check(&session.claims, dashboard, &embedder).await {
            Ok(()) => Ok(session),
            Err(error) => Err(Refusal::of(error, session.claims)),
        }
    }

    fn event(
        &self,
        action: AuditAction,
        claims: &EmbedClaims,
        site: Option<&Origin>,
        network: Option<Network>,
    ) -> AuditEvent {
        event(self.clock.now(), action, claims, site, network)
    }

    async fn consume(&self, claims: EmbedClaims, event: &AuditEvent) -> Result<EmbedClaims, Refusal> {
        if self.replays.knows(&claims).await && TokenCheck::FirstUse.is_made() {
            return Err(Refusal::of(Error::TokenReplayed, claims));
        }
        let error = match self.used.consume(&claims, event).await {
            Ok(Consumed::First) => {
                self.replays.remember(&claims, event.at).await;
                return Ok(claims);
            }
            Ok(Consumed::Replayed) if TokenCheck::FirstUse.is_made() => Error::TokenReplayed,
            Ok(Consumed::Replayed) => return Ok(claims),
            Ok(Consumed::Revoked) => Error::TokenRevoked,
            Ok(Consumed::DashboardDeleted) => Error::DashboardNotFound,
            Err(error) => {
                tracing::error!(%error, token_id = %claims.token_id, "The use of an embed token could not be recorded, so it is refused.");
                Error::ReplayStoreUnavailable
            }
        };
        Err(Refusal::of(error, claims))
    }
}

impl fmt::Debug for Redeemer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redeemer").field("verifier", &self.verifier).finish_non_exhaustive()
    }
}
