//! A service that calls with an API key of its own.

use std::fmt;

use jiff::Timestamp;

use super::{Origin, Scope};

/// Names an API key: a part of its text, and no secret.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ApiKeyId(pub String);

impl fmt::Display for ApiKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A service that calls with an API key of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiClient {
    /// Its key.
    pub id: ApiKeyId,
    /// Whose it is, 1 to 100 characters.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// The sites for which it may issue embed tokens, at most 50.
    pub origins: Vec<Origin>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was used last, to a minute.
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}
