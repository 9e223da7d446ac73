//! The limits of callers, for administrators.

use std::sync::Arc;

use tracing::info;

use super::Error;
use crate::auth::require_role;
use crate::domain::{Principal, Role};
use crate::rate_limit::{Identity, Limits, Reset, Standing, UnknownIdentity};

/// The limits of callers.
pub struct RateLimits {
    limits: Option<Arc<Limits>>,
}

impl RateLimits {
    /// Works with these limits; None when limiting is switched off.
    #[must_use]
    pub fn new(limits: Option<Arc<Limits>>) -> Self {
        Self { limits }
    }

    /// What the buckets of a caller hold, with the name of the caller's key in the shared store.
    ///
    /// # Errors
    /// [`Error::Auth`] for anyone but an admin, [`Error::Invalid`] when `identity` names no caller, [`Error::Disabled`].
    pub async fn show(&self, caller: &Principal, identity: &str) -> Result<(String, Standing), Error> {
        let (limits, identity) = self.admit(caller, identity)?;
        Ok((identity.to_string(), limits.show(&identity).await))
    }

    /// Fills the buckets of a caller.
    ///
    /// # Errors
    /// As [`RateLimits::show`].
    pub async fn reset(&self, caller: &Principal, identity: &str) -> Result<Reset, Error> {
        let (limits, identity) = self.admit(caller, identity)?;
        let reset = limits.reset(&identity).await;
        info!(%identity, "The limits of {identity} were reset.");
        Ok(reset)
    }

    fn admit(&self, caller: &Principal, identity: &str) -> Result<(&Limits, Identity), Error> {
        require_role(caller, Role::Admin)?;
        let identity =
            identity.parse().map_err(|error: UnknownIdentity| Error::field("identity", error.to_string()))?;
        let limits = self.limits.as_deref();
        let limits =
            limits.ok_or(Error::Disabled("Limits are switched off: set RATE_LIMITING_ENABLED=true and restart"))?;
        Ok((limits, identity))
    }
}
