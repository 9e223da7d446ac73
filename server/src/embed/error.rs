//! Why a token is not issued or not accepted.

use std::time::Duration;

use jiff::Timestamp;
use thiserror::Error;

use crate::domain::{EmbedClaims, Origin, OriginError};

/// The one text for everything that only a forger or a broken client sends, so that it teaches nothing.
const UNUSABLE: &str = "the embed token is not valid: ask your server for a new one and pass it on unchanged";

/// Why a token is not issued or not accepted. The texts are for the public and say what to do.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Error {
    /// Not of the one form that Amber signs.
    #[error("{UNUSABLE}")]
    TokenMalformed,
    /// Signed with another key, or not at all.
    #[error("{UNUSABLE}")]
    TokenBadSignature,
    /// Signed, but by another issuer or for another purpose.
    #[error("{UNUSABLE}")]
    TokenWrongAudience,
    /// Its time is over.
    #[error("the embed token expired at {expired_at}: ask your server for a new one right before use")]
    TokenExpired {
        /// The first instant at which it was of no use.
        expired_at: Timestamp,
    },
    /// Its time has not come: the clocks of the servers differ.
    #[error("the embed token is valid from {valid_from} on: check the clocks of the servers")]
    TokenNotYetValid {
        /// The first instant at which it is of use.
        valid_from: Timestamp,
    },
    /// It was used before.
    #[error("the embed token was used before: ask your server for a new one for every load")]
    TokenReplayed,
    /// It was revoked, or its client is not known any more.
    #[error("the embed token or session was revoked")]
    TokenRevoked,
    /// The session of the frame is over, or is none of this server's.
    #[error("the session of the frame is over: open the frame again with a new token")]
    SessionEnded,
    /// The dashboard was deleted.
    #[error("the dashboard was deleted")]
    DashboardNotFound,
    /// It opens another dashboard.
    #[error("the embed token opens another dashboard: ask for a token of the dashboard that is framed")]
    WrongDashboard,
    /// The framing site is not named in the token, or is not registered any more.
    #[error("this site may not frame the dashboard: issue the token for the origin of the framing page")]
    OriginNotAllowed,
    /// The browser did not say which site frames the dashboard.
    #[error("the framing site is unknown: set referrerpolicy=\"origin\" on the iframe")]
    OriginUnknown,
    /// A site that the issuer may not name.
    #[error("the origin {origin} is not registered: add it to EMBED_ALLOWED_ORIGINS")]
    OriginNotRegistered {
        /// The site.
        origin: Origin,
    },
    /// A text that is no origin.
    #[error("{0}")]
    OriginInvalid(#[from] OriginError),
    /// A longer life than tokens may have.
    #[error("an embed token lives at most {} seconds, {} were asked for", .max.as_secs(), .asked.as_secs())]
    TtlTooLong {
        /// What was asked for.
        asked: Duration,
        /// The longest life.
        max: Duration,
    },
    /// Another field of the request is wrong.
    #[error("{field}: {problem}")]
    FieldInvalid {
        /// The name of the field in the contract.
        field: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// Whether the token was used before, or revoked, cannot be told now, so it is not accepted.
    #[error("embed tokens and sessions cannot be checked now: try again in a few seconds")]
    ReplayStoreUnavailable,
}

impl Error {
    /// The reason in answers, logs and metrics.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::TokenMalformed => "TOKEN_MALFORMED",
            Self::TokenBadSignature => "TOKEN_BAD_SIGNATURE",
            Self::TokenWrongAudience => "TOKEN_WRONG_AUDIENCE",
            Self::TokenExpired { .. } => "TOKEN_EXPIRED",
            Self::TokenNotYetValid { .. } => "TOKEN_NOT_YET_VALID",
            Self::TokenReplayed => "TOKEN_REPLAYED",
            Self::TokenRevoked => "TOKEN_REVOKED",
            Self::SessionEnded => "SESSION_ENDED",
            Self::DashboardNotFound => "DASHBOARD_NOT_FOUND",
            Self::WrongDashboard => "WRONG_DASHBOARD",
            Self::OriginNotAllowed => "ORIGIN_NOT_ALLOWED",
            Self::OriginUnknown => "ORIGIN_UNKNOWN",
            Self::OriginNotRegistered { .. } => "ORIGIN_NOT_REGISTERED",
            Self::OriginInvalid(_) => "ORIGIN_INVALID",
            Self::TtlTooLong { .. } => "TTL_TOO_LONG",
            Self::FieldInvalid { .. } => "FIELD_INVALID",
            Self::ReplayStoreUnavailable => "REPLAY_STORE_UNAVAILABLE",
        }
    }
}

/// A token that was not accepted, with what it says when its signature was right.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{error}")]
pub struct Refusal {
    /// Why.
    pub error: Error,
    /// The claims, trustworthy because they were signed; None when they were not or could not be read.
    pub claims: Option<Box<EmbedClaims>>,
}

impl Refusal {
    /// The refusal of a token with a right signature.
    pub(super) fn of(error: Error, claims: EmbedClaims) -> Self {
        Self { error, claims: Some(Box::new(claims)) }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self { error, claims: None }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        refusal.error
    }
}
