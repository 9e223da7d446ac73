//! Admin tokens for people who know the bootstrap secret.

use std::sync::Arc;

use secrecy::SecretString;

use super::Error;
use crate::auth::{Authenticator, IssuedAdminToken};
use crate::domain::{Role, Violation};

/// Admin tokens.
pub struct Accounts {
    authenticator: Arc<Authenticator>,
}

impl Accounts {
    /// Asks `authenticator`.
    #[must_use]
    pub fn new(authenticator: Arc<Authenticator>) -> Self {
        Self { authenticator }
    }

    /// Issues a token for `admin_id` to whoever knows the bootstrap secret.
    ///
    /// # Errors
    /// [`Error::Invalid`] when something is missing, [`Error::Auth`] when the secret is wrong or none is configured.
    pub fn issue_token(&self, admin_id: &str, role: Role, secret: &SecretString) -> Result<IssuedAdminToken, Error> {
        use secrecy::ExposeSecret;
        if admin_id.is_empty() {
            return Err(Error::Invalid(vec![Violation::new("adminId", "adminId is required")]));
        }
        if secret.expose_secret().is_empty() {
            return Err(Error::Invalid(vec![Violation::new("secret", "secret is required")]));
        }
        Ok(self.authenticator.issue_admin_token(admin_id, role, secret)?)
    }
}
