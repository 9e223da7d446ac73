//! What the database has to say about a token or a session with a right signature.

use std::fmt;
use std::sync::Arc;

use super::registered::{admits, covers};
use super::{Embedder, Error};
use crate::auth::Registry;
use crate::domain::{EmbedClaims, TokenCheck};
use crate::store::{self, EmbedTokens, Standing};

/// Asks the database, at every use, what it has against a token or a session.
#[derive(Clone)]
pub struct Admission {
    tokens: Arc<dyn EmbedTokens>,
    registry: Arc<dyn Registry>,
}

impl Admission {
    /// Asks `tokens` for what was revoked and `registry` for the sites of the clients.
    #[must_use]
    pub fn new(tokens: Arc<dyn EmbedTokens>, registry: Arc<dyn Registry>) -> Self {
        Self { tokens, registry }
    }

    /// Checks, in this order: client and revocation, dashboard, origin.
    ///
    /// # Errors
    /// The first rule that is broken; [`Error::ReplayStoreUnavailable`] when the database cannot tell, for what may be revoked is
    /// never admitted.
    pub async fn check(&self, claims: &EmbedClaims, dashboard: Option<&str>, embedder: &Embedder) -> Result<(), Error> {
        let registered = match self.registry.origins(&claims.client_id).await {
            Ok(Some(origins)) => origins,
            Ok(None) if TokenCheck::Client.is_made() => return Err(Error::TokenRevoked),
            Ok(None) => claims.origins.as_slice().into(),
            Err(error) => return Err(unknown(&error)),
        };
        let standing = self.tokens.standing(claims).await.map_err(|error| unknown(&error))?;
        if standing == Standing::Revoked && TokenCheck::Revocation.is_made() {
            return Err(Error::TokenRevoked);
        }
        let is_expected = dashboard.is_none_or(|expected| expected == claims.dashboard_id.as_str());
        if !is_expected && TokenCheck::Dashboard.is_made() {
            return Err(Error::WrongDashboard);
        }
        if standing == Standing::DashboardDeleted && TokenCheck::Deletion.is_made() {
            return Err(Error::DashboardNotFound);
        }
        // Every site of the token must still be registered, so that a withdrawn one is shut out at once.
        let is_registered = claims.origins.iter().all(|origin| covers(&registered, origin));
        if !is_registered && TokenCheck::Registration.is_made() {
            return Err(Error::OriginNotAllowed);
        }
        match embedder {
            Embedder::Unknown => Err(Error::OriginUnknown),
            Embedder::Foreign => Err(Error::OriginNotAllowed),
            Embedder::Site(site) if !admits(&claims.origins, site) && TokenCheck::Origin.is_made() => {
                Err(Error::OriginNotAllowed)
            }
            Embedder::NotAsked | Embedder::Site(_) => Ok(()),
        }
    }
}

fn unknown(error: &store::Error) -> Error {
    tracing::error!(%error, "The database cannot tell whether an embed token is revoked, so it is refused.");
    Error::ReplayStoreUnavailable
}

impl fmt::Debug for Admission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Admission")
    }
}
