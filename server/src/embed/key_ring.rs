//! The keys that sign embed tokens, by name. They may be replaced while calls are under way.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use ring::digest::{Context, SHA256};
use thiserror::Error;

use crate::auth::jws::MacKey;
use crate::domain::TokenCheck;

/// Keys by name: the first one signs, all of them verify, so that keys can be changed without a failed load.
#[derive(Debug)]
pub struct KeyRing(RwLock<Arc<Keys>>);

/// The keys at one moment.
#[derive(Debug)]
pub(super) struct Keys {
    by_id: HashMap<String, MacKey>,
    /// The names, the signing one first.
    order: Vec<String>,
    /// The SHA-256 of all names and secrets, by which two rings are compared.
    stamp: Vec<u8>,
}

/// Why keys make no ring. No text holds a key.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum KeyRingError {
    /// There is no key.
    #[error("a key ring needs at least one key")]
    Empty,
    /// A name that tokens cannot carry.
    #[error("the key id {0:?} must be 1 to 64 letters, digits, `.`, `_` or `-`")]
    KeyId(String),
    /// Two keys of one name.
    #[error("the key id {0} is given twice")]
    Duplicate(String),
    /// A key that could be guessed.
    #[error("the key {0} must be at least {min} bytes long", min = MacKey::MIN_BYTES)]
    TooShort(String),
}

impl KeyRing {
    /// A ring of `(key id, secret)`.
    ///
    /// # Errors
    /// The first key that breaks a rule.
    pub fn new<'a>(keys: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Result<Self, KeyRingError> {
        Ok(Self(RwLock::new(Arc::new(Keys::new(keys)?))))
    }

    /// Puts other keys in place of the present ones; false when they are the same. What a key signed that is gone opens nothing
    /// any more.
    ///
    /// # Errors
    /// The first key that breaks a rule; the present ones stay.
    pub fn replace<'a>(&self, keys: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Result<bool, KeyRingError> {
        let keys = Keys::new(keys)?;
        let mut place = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if place.stamp == keys.stamp {
            return Ok(false);
        }
        *place = Arc::new(keys);
        Ok(true)
    }

    /// The names of all keys, the signing one first.
    #[must_use]
    pub fn key_ids(&self) -> Vec<String> {
        self.current().order.clone()
    }

    /// The keys as they are now, for everything that one token needs.
    pub(super) fn current(&self) -> Arc<Keys> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Keys {
    fn new<'a>(keys: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Result<Self, KeyRingError> {
        let mut ring = Self { by_id: HashMap::new(), order: Vec::new(), stamp: Vec::new() };
        let mut stamp = Context::new(&SHA256);
        for (id, secret) in keys {
            if !is_key_id(id) {
                return Err(KeyRingError::KeyId(id.to_owned()));
            }
            let key = MacKey::new(secret).ok_or_else(|| KeyRingError::TooShort(id.to_owned()))?;
            if ring.by_id.insert(id.to_owned(), key).is_some() {
                return Err(KeyRingError::Duplicate(id.to_owned()));
            }
            ring.order.push(id.to_owned());
            for part in [id.as_bytes(), secret] {
                stamp.update(&part.len().to_be_bytes());
                stamp.update(part);
            }
        }
        ring.stamp = stamp.finish().as_ref().to_vec();
        if ring.order.is_empty() { Err(KeyRingError::Empty) } else { Ok(ring) }
    }

    /// The key that signs, and its name.
    pub(super) fn signing(&self) -> (&str, &MacKey) {
        let id = self.order.first().expect("a ring holds at least one key");
        (id, self.by_id.get(id).expect("every name has its key"))
    }

    /// The key of this name, if it is in the ring; no other key is ever tried.
    pub(super) fn get(&self, id: &str) -> Option<&MacKey> {
        self.by_id.get(id).or_else(|| (!TokenCheck::Key.is_made()).then(|| self.signing().1))
    }
}

fn is_key_id(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::*;
    use crate::config::{Embed, MapEnv};

    const K1: &[u8] = b"Pl0Ok9Ij8Uh7Yg6Tf5Rd4Es3Wa2Qz1Xm";
    const K2: &[u8] = b"Lk8Jh6Gf4Ds2Az1Sx3Cd5Fv7Gb9Hn0Jm";

    #[test]
    fn other_keys_take_the_place_of_the_present_ones_unless_they_are_unfit() {
        let ring = KeyRing::new([("k1", K1)]).unwrap();
        let before = ring.current();
        assert_eq!(ring.replace([("k1", K1)]), Ok(false), "the same keys are nothing new");
        assert_eq!(ring.replace([("k2", K2), ("k1", K1)]), Ok(true));
        assert_eq!(ring.key_ids(), ["k2", "k1"]);
        assert_eq!(before.signing().0, "k1", "a call under way keeps what it began with");
        assert_eq!(ring.replace([("k1", K1), ("k2", K2)]), Ok(true), "the order tells which one signs");
        assert_eq!(ring.current().signing().0, "k1");
        assert_eq!(ring.replace([("k1", K2), ("k2", K1)]), Ok(true), "the secrets count, too");

        assert_eq!(ring.replace([]), Err(KeyRingError::Empty));
        assert_eq!(ring.replace([("k3", &K1[..31])]), Err(KeyRingError::TooShort("k3".to_owned())));
        assert_eq!(ring.key_ids(), ["k1", "k2"], "what is unfit changes nothing");
    }

    #[test]
    fn every_name_that_the_configuration_takes_makes_a_ring() {
        let key = STANDARD.encode(K1);
        let longest = "k".repeat(32);
        for name in ["2026.11", "a-b_c.D", longest.as_str()] {
            let env = MapEnv::default().with("EMBED_SIGNING_KEYS", format!("{name}:{key}"));
            let keys = Embed::read_keys(&env).unwrap();
            let ring = KeyRing::new(keys.iter().map(|(id, key)| (id.as_str(), key.expose())));
            assert_eq!(ring.map(|ring| ring.key_ids()), Ok(vec![name.to_owned()]));
        }
    }
}
