//! Embed tokens and sessions: issue, verify, redeem, renew, audit; the key ring.
//!
//! A token is a compact JWS (RFC 7519, RFC 8725) that opens one dashboard once, for at most five minutes, on the sites it names.

mod admission;
mod audit;
mod claims;
mod embedder;
mod error;
mod graves;
mod issuer;
mod key_ring;
mod redeemer;
mod registered;
mod replay_cache;
mod session;
mod verifier;

pub use admission::Admission;
pub use audit::{AuditLog, AuditWriter, Backlog, NotWritten, event};
pub use embedder::Embedder;
pub use error::{Error, Refusal};
pub use graves::Graves;
pub use issuer::{IssueRequest, Issued, Issuer, MAX_ORIGINS, frame_url, parse_origins};
pub use key_ring::{KeyRing, KeyRingError};
pub use redeemer::{Admitted, Redeemer};
pub use registered::admits;
pub use replay_cache::ReplayCache;
pub use session::{Opened, Sessions};
pub use verifier::Verifier;

#[cfg(test)]
mod tests;
