//! What an embed token says.

use std::fmt;

use jiff::Timestamp;

use super::{DashboardId, LeaderId, Origin};

/// Names one token: 128 random bits in unpadded base64url.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TokenId(pub String);

impl fmt::Display for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The claims of an embed token, after every check of its form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmbedClaims {
    /// Which token (`jti`).
    pub token_id: TokenId,
    /// Who issued it (`iss`).
    pub issuer: String,
    /// The viewer as the issuer's pseudonym, or `anonymous` (`sub`).
    pub subject: String,
    /// The client that asked for it (`cid`).
    pub client_id: String,
    /// The dashboard it opens (`dsh`).
    pub dashboard_id: DashboardId,
    /// The sites that may frame it, 1 to 8 (`org`).
    pub origins: Vec<Origin>,
    /// The leaders it may show; empty means the dashboard's (`ldr`).
    pub leaders: Vec<LeaderId>,
    /// When it was issued (`iat`), in whole seconds.
    pub issued_at: Timestamp,
    /// From when on it is of no use (`exp`), in whole seconds.
    pub expires_at: Timestamp,
}
