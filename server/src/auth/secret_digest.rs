//! A secret that can be recognised but not read.

use std::fmt;

use ring::digest::{SHA256, digest};
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

/// The SHA-256 digest of a long random secret, all that is kept of it.
#[derive(Clone)]
pub struct SecretDigest([u8; 32]);

impl SecretDigest {
    /// The digest of `secret`.
    #[must_use]
    pub fn of(secret: &SecretString) -> Self {
        Self(sha256(secret.expose_secret()))
    }

    /// Whether `candidate` is the secret; takes the same time for every candidate of one length.
    #[must_use]
    pub fn matches(&self, candidate: &str) -> bool {
        self.0.ct_eq(&sha256(candidate)).into()
    }
}

impl fmt::Debug for SecretDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretDigest([REDACTED])")
    }
}

fn sha256(text: &str) -> [u8; 32] {
    digest(&SHA256, text.as_bytes()).as_ref().try_into().expect("a SHA-256 digest has 32 bytes")
}
