//! The bearer token, which may be replaced while calls are under way.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use reqwest::header::HeaderValue;
use ring::digest::{SHA256, digest};
use secrecy::{ExposeSecret, SecretString};

use super::Error;

/// Names a credential without telling it: the first 16 hexadecimal digits of its SHA-256.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// The fingerprint of a token.
    #[must_use]
    pub fn of(token: &SecretString) -> Self {
        let hash = digest(&SHA256, token.expose_secret().as_bytes());
        let start = hash.as_ref().iter().take(8).fold(0_u64, |start, byte| start << 8 | u64::from(*byte));
        Self(format!("{start:016x}"))
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A bearer token in the forms that a call needs.
#[derive(Debug)]
pub(super) struct Credential {
    pub(super) token: SecretString,
    pub(super) header: HeaderValue,
    pub(super) fingerprint: Fingerprint,
}

impl Credential {
    fn new(token: SecretString) -> Result<Self, Error> {
        let refuse = || Error::Setup { reason: "the bearer token is empty or no header can carry it".to_owned() };
        if token.expose_secret().is_empty() {
            return Err(refuse());
        }
        let mut header = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret())).map_err(|_| refuse())?;
        header.set_sensitive(true);
        Ok(Self { fingerprint: Fingerprint::of(&token), header, token })
    }
}

/// The credential in use.
#[derive(Debug)]
pub(super) struct Wallet(RwLock<Arc<Credential>>);

impl Wallet {
    pub(super) fn new(token: SecretString) -> Result<Self, Error> {
        Ok(Self(RwLock::new(Arc::new(Credential::new(token)?))))
    }

    pub(super) fn current(&self) -> Arc<Credential> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts another token in place of the present one; false when it is the same.
    pub(super) fn replace(&self, token: SecretString) -> Result<bool, Error> {
        let credential = Credential::new(token)?;
        let mut place = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if place.token.expose_secret() == credential.token.expose_secret() {
            return Ok(false);
        }
        *place = Arc::new(credential);
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_the_start_of_the_hash() {
        // `printf abc | sha256sum` begins with this (FIPS 180-4, example B.1).
        assert_eq!(Fingerprint::of(&SecretString::from("abc")).as_str(), "ba7816bf8f01cfea");
    }
}
