//! Admin tokens for people who know the bootstrap secret.

use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;

use super::Error;
use crate::auth::{self, Authenticator, IssuedAdminToken};
use crate::domain::{Principal, Role, Violation};

/// Admin tokens.
pub struct Accounts {
    authenticator: Arc<Authenticator>,
}

impl Accounts {
    /// The shortest life of a token.
    pub const SHORTEST_LIFE: Duration = Duration::from_mins(1);

    /// Asks `authenticator`.
    #[must_use]
    pub fn new(authenticator: Arc<Authenticator>) -> Self {
        Self { authenticator }
    }

    /// The person who calls, by an admin token of any role.
    ///
    /// # Errors
    /// [`Error::Auth`] for anybody else, also for a good API key, which is no person's.
    pub fn person<'a>(&self, caller: &'a Principal) -> Result<(&'a str, Role), Error> {
        match caller {
            Principal::User { id, role, .. } => Ok((id, *role)),
            Principal::Key { .. } | Principal::Scraper => Err(auth::Error::CredentialInvalid.into()),
            Principal::Anonymous => Err(auth::Error::CredentialMissing.into()),
        }
    }

    /// Issues a token for `admin_id` to whoever knows the bootstrap secret, of use for `lifetime`, or as long as tokens can
    /// be.
    ///
    /// # Errors
    /// [`Error::Invalid`] when something is missing, [`Error::Auth`] when the secret is wrong or none is configured.
    pub fn issue_token(
        &self,
        admin_id: &str,
        role: Role,
        secret: &SecretString,
        lifetime: Option<Duration>,
    ) -> Result<IssuedAdminToken, Error> {
        use secrecy::ExposeSecret;
        if admin_id.is_empty() {
            return Err(Error::Invalid(vec![Violation::new("adminId", "adminId is required")]));
        }
        if secret.expose_secret().is_empty() {
            return Err(Error::Invalid(vec![Violation::new("secret", "secret is required")]));
        }
        let longest = self.authenticator.admin_token_ttl();
        let lifetime = lifetime.unwrap_or(longest);
        // An installation may have its tokens shorter than a minute.
        let fits = (Self::SHORTEST_LIFE.min(longest)..=longest).contains(&lifetime) && lifetime.subsec_nanos() == 0;
        if !fits {
            let (least, most) = (Self::SHORTEST_LIFE.min(longest).as_secs(), longest.as_secs());
            return Err(Error::field("lifetime", format!("lifetime must be {least} to {most} whole seconds")));
        }
        Ok(self.authenticator.issue_admin_token(admin_id, role, secret, lifetime)?)
    }
}
