//! What turns the secret of an API key into what is stored of it.

use std::fmt;

use ring::hkdf::{HKDF_SHA256, Salt};
use ring::hmac::{self, HMAC_SHA256, Key};
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

use super::Error;
use super::jws::MacKey;

/// Sets the derived key apart from every other use of the same secret.
const LABEL: &[u8] = b"amber api key pepper v1";

/// Turns the secret of an API key into what is stored of it, HMAC-SHA-256 (RFC 2104): who has the database alone can neither use
/// a key nor make one.
#[derive(Clone)]
pub struct Pepper(Key);

impl Pepper {
    /// Takes a secret of its own.
    ///
    /// # Errors
    /// [`Error::SecretTooShort`].
    pub fn new(secret: &SecretString) -> Result<Self, Error> {
        let secret = secret.expose_secret().as_bytes();
        if secret.len() < MacKey::MIN_BYTES {
            return Err(Error::SecretTooShort);
        }
        Ok(Self(Key::new(HMAC_SHA256, secret)))
    }

    /// Derives one from a secret that serves something else, by HKDF-SHA-256 (RFC 5869).
    ///
    /// # Errors
    /// [`Error::SecretTooShort`].
    ///
    /// # Panics
    /// Never: one block is less than HKDF can give.
    pub fn derived_from(secret: &SecretString) -> Result<Self, Error> {
        let secret = secret.expose_secret().as_bytes();
        if secret.len() < MacKey::MIN_BYTES {
            return Err(Error::SecretTooShort);
        }
        let extracted = Salt::new(HKDF_SHA256, &[]).extract(secret);
        let key = extracted.expand(&[LABEL], HMAC_SHA256).expect("HKDF gives up to 255 blocks, and this is one");
        Ok(Self(key.into()))
    }

    /// What is stored of `secret`.
    pub(super) fn mac(&self, secret: &str) -> [u8; 32] {
        hmac::sign(&self.0, secret.as_bytes()).as_ref().try_into().expect("a MAC of SHA-256 has 32 bytes")
    }

    /// Whether `stored` is of `secret`; takes the same time for every secret of one length, and where nothing is stored.
    pub(super) fn matches(&self, secret: &str, stored: Option<&[u8]>) -> bool {
        let mac = self.mac(secret);
        let nothing = [0; 32];
        let is_equal: bool = mac.ct_eq(stored.unwrap_or(&nothing)).into();
        is_equal && stored.is_some()
    }
}

impl fmt::Debug for Pepper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pepper([REDACTED])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "pepper-of-the-tests-0123456789abcdef";

    #[test]
    fn a_secret_is_known_by_its_own_mac_under_its_own_pepper() {
        let (own, other) = (Pepper::new(&SECRET.into()).unwrap(), Pepper::derived_from(&SECRET.into()).unwrap());
        let mac = own.mac("secret");
        assert!(own.matches("secret", Some(&mac)));
        assert!(!own.matches("Secret", Some(&mac)));
        assert!(!own.matches("secret", Some(&mac[..16])));
        assert!(!own.matches("secret", Some(&[])));
        assert!(!own.matches("secret", None));
        assert!(!other.matches("secret", Some(&mac)), "a derived pepper is another one");
    }

    /// Made once with Python's `hmac`, step by step as the RFCs say: keys must stay valid from release to release.
    #[test]
    fn the_macs_stay_as_they_are() {
        assert_eq!(
            hex::encode(Pepper::new(&SECRET.into()).unwrap().mac("what do ya want for nothing?")),
            "c6c7c413c6429c965f992f14b7bb05157b4ac03b5ffcecda6585b31894b7da28"
        );
        assert_eq!(
            hex::encode(Pepper::derived_from(&SECRET.into()).unwrap().mac("what do ya want for nothing?")),
            "be2d7453b1a1dc84cde95ad5ce34112738eb342ec516a4c69e1fe3fb72d2dd36"
        );
    }

    #[test]
    fn a_short_secret_makes_no_pepper_and_none_is_printed() {
        assert_eq!(Pepper::new(&"short".into()).map(drop), Err(Error::SecretTooShort));
        assert_eq!(Pepper::derived_from(&"short".into()).map(drop), Err(Error::SecretTooShort));
        assert!(!format!("{:?}", Pepper::new(&SECRET.into()).unwrap()).contains("pepper-of"));
    }
}
