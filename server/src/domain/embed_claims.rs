//! What an embed token says, and the session that it opens.

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use jiff::Timestamp;

use super::{DashboardId, LeaderId, Locale, Origin, Principal, Theme};

/// Names one token: 32 bits of its time and 96 random ones in unpadded base64url.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TokenId(pub String);

impl fmt::Display for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who had a token issued: `key:<id>` for an API key, `user:<id>` for a person.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ClientId(pub String);

impl ClientId {
    /// The name of a caller; None for one without a credential.
    #[must_use]
    pub fn of(caller: &Principal) -> Option<Self> {
        match caller {
            Principal::Key { id, .. } => Some(Self(format!("key:{id}"))),
            Principal::User { id, .. } => Some(Self(format!("user:{id}"))),
            Principal::Anonymous | Principal::Scraper => None,
        }
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Choices that the issuer makes for the viewer; None leaves one open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Locks {
    /// The language of the page.
    pub locale: Option<Locale>,
    /// The look of the page.
    pub theme: Option<Theme>,
    /// How many UTC days the page covers, 1 to 90.
    pub days: Option<u32>,
}

impl Locks {
    /// The days that a page may cover.
    pub const DAYS: RangeInclusive<u32> = 1..=90;
}

/// The claims of an embed token, after every check of its form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmbedClaims {
    /// Which token (`jti`).
    pub token_id: TokenId,
    /// The key that signed it (`kid`).
    pub key_id: String,
    /// Who issued it (`iss`).
    pub issuer: String,
    /// The viewer as the issuer's pseudonym, or `anonymous` (`sub`).
    pub subject: String,
    /// The client that asked for it (`cid`).
    pub client_id: ClientId,
    /// The dashboard it opens (`dsh`).
    pub dashboard_id: DashboardId,
    /// The sites that may frame it, 1 to 8 (`org`).
    pub origins: Vec<Origin>,
    /// The leaders it may show; empty means the dashboard's (`ldr`).
    pub leaders: Vec<LeaderId>,
    /// What the host page cannot change (`prm`).
    pub locks: Locks,
    /// The longest session that it opens, in whole seconds (`mxs`).
    pub max_session: Duration,
    /// When it was issued (`iat`), in whole seconds.
    pub issued_at: Timestamp,
    /// From when on it is of no use (`exp`), in whole seconds.
    pub expires_at: Timestamp,
}

/// What a frame may read, for how long; opened by one token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmbedSession {
    /// What the token said.
    pub claims: EmbedClaims,
    /// The site that frames the dashboard.
    pub origin: Origin,
    /// From when on the session is of no use, in whole seconds.
    pub expires_at: Timestamp,
}
