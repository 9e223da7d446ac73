//! Lets a token be used once.

use std::fmt;
use std::sync::Arc;

use super::{Embedder, Error, Refusal, Verifier};
use crate::domain::{AuditAction, AuditEvent, DashboardId, EmbedClaims, Network};
use crate::store::{Consumed, EmbedTokens};

/// Checks a token and uses it up.
#[derive(Clone)]
pub struct Redeemer {
    verifier: Arc<Verifier>,
    used: Arc<dyn EmbedTokens>,
}

impl Redeemer {
    /// Checks with `verifier` and remembers in `used`, which alone decides who was first.
    #[must_use]
    pub fn new(verifier: Arc<Verifier>, used: Arc<dyn EmbedTokens>) -> Self {
        Self { verifier, used }
    }

    /// Checks every rule and, last of all, uses the token up; a refused token stays unused.
    ///
    /// # Errors
    /// As [`Verifier::verify`]; then [`Error::TokenReplayed`], or [`Error::ReplayStoreUnavailable`] when the store
    /// cannot tell, for a token that may have been used is never admitted.
    pub async fn redeem(
        &self,
        token: &str,
        dashboard: &DashboardId,
        embedder: &Embedder,
        network: Option<Network>,
    ) -> Result<EmbedClaims, Refusal> {
        let claims = self.verifier.verify(token, Some(dashboard), embedder)?;
        let event = self.verifier.event(AuditAction::Redeemed, &claims, embedder.origin(), network);
        self.consume(claims, &event).await
    }

    /// Uses up a token that was verified.
    ///
    /// # Errors
    /// [`Error::TokenReplayed`], [`Error::ReplayStoreUnavailable`].
    pub async fn consume(&self, claims: EmbedClaims, event: &AuditEvent) -> Result<EmbedClaims, Refusal> {
        let first = self.used.consume(&claims, event).await;
        let error = match first {
            Ok(Consumed::First) => return Ok(claims),
            Ok(Consumed::Replayed) => Error::TokenReplayed,
            Ok(Consumed::Revoked) => Error::TokenRevoked,
            Ok(Consumed::DashboardDeleted) => Error::DashboardNotFound,
            Err(error) => {
                tracing::error!(%error, token_id = %claims.token_id, "The use of an embed token could not be recorded, so it is refused.");
                Error::ReplayStoreUnavailable
            }
        };
        Err(Refusal { error, claims: Some(Box::new(claims)) })
    }
}

impl fmt::Debug for Redeemer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redeemer").field("verifier", &self.verifier).finish_non_exhaustive()
    }
}
