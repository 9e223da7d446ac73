//! Secrets: kept out of every text, and refused when they are weak.

use std::collections::BTreeSet;
use std::fmt;

use secrecy::{ExposeSecret, SecretSlice};

/// Secret bytes that are wiped when dropped and never printed.
#[derive(Clone)]
pub struct SecretBytes(SecretSlice<u8>);

impl SecretBytes {
    /// Takes the bytes over.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes.into())
    }

    /// The bytes, for the one place that signs with them.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.0.expose_secret()
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretBytes([REDACTED])")
    }
}

/// The fewest different characters or bytes that a secret may consist of.
const LEAST_VARIETY: usize = 8;

/// Words of sample files; a secret made of them is known to everybody.
const SAMPLES: &[&str] = &["changeme", "replaceme", "placeholder", "password", "secret", "example", "yoursecret"];

/// Why a made-up secret can be guessed; None when it looks strong.
pub(super) fn weakness(text: &str, least: usize) -> Option<String> {
    if text.trim() != text {
        return Some("begins or ends with white space".to_owned());
    }
    let length = text.chars().count();
    if length < least {
        return Some(format!("has {length} characters, fewer than {least}"));
    }
    if is_sample(text) {
        return Some("is a sample value that everybody knows".to_owned());
    }
    has_little_variety(text.chars()).then(repeats)
}

/// Why the bytes of a key can be guessed; None when they look strong.
pub(super) fn weakness_of_bytes(bytes: &[u8], least: usize) -> Option<String> {
    if bytes.len() < least {
        return Some(format!("has {} bytes, fewer than {least}", bytes.len()));
    }
    if std::str::from_utf8(bytes).is_ok_and(is_sample) {
        return Some("is a sample value that everybody knows".to_owned());
    }
    has_little_variety(bytes.iter()).then(repeats)
}

fn repeats() -> String {
    format!("consists of fewer than {LEAST_VARIETY} different characters")
}

fn has_little_variety<T: Ord>(items: impl Iterator<Item = T>) -> bool {
    items.collect::<BTreeSet<_>>().len() < LEAST_VARIETY
}

/// Whether the text says that it wants to be replaced, or its letters only repeat a word of [`SAMPLES`].
fn is_sample(text: &str) -> bool {
    let letters: String = text.chars().filter(char::is_ascii_alphabetic).map(|c| c.to_ascii_lowercase()).collect();
    let is_marked = ["changeme", "replaceme", "placeholder"].iter().any(|mark| letters.contains(mark));
    is_marked || SAMPLES.iter().any(|word| !letters.is_empty() && letters.replace(word, "").is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strong_secret_passes() {
        for text in ["kT9v+Qm2Lr7Zx4Wc8Yb1Nd6Hf3Js5Pg0", "test-signing-key-that-is-long-enough-0001"] {
            assert_eq!(weakness(text, 32), None, "{text}");
        }
    }

    #[test]
    fn a_weak_secret_is_refused_by_its_reason_without_being_shown() {
        for (text, reason) in [
            ("short-but-Various-1234567890123", "fewer than 32"),
            ("नमस्ते दुनिया नमस्ते", "fewer than 32"),
            ("abcabcabcabcabcabcabcabcabcabcabcabc", "different characters"),
            ("changeme-0123456789-ABCDEFGHIJKLMNOP", "sample"),
            ("CHANGE_ME_CHANGE_ME_CHANGE_ME_CHANGE_ME", "sample"),
            ("secret-secret-secret-secret-secret-123456", "sample"),
            (" kT9v+Qm2Lr7Zx4Wc8Yb1Nd6Hf3Js5Pg0", "white space"),
            ("kT9v+Qm2Lr7Zx4Wc8Yb1Nd6Hf3Js5Pg0\n", "white space"),
        ] {
            let problem = weakness(text, 32).unwrap_or_default();
            assert!(problem.contains(reason), "{text:?}: {problem}");
            assert!(!problem.contains(text.trim()), "{problem}");
        }
    }

    #[test]
    fn bytes_are_held_to_the_same_rules() {
        assert_eq!(weakness_of_bytes(&(0..32).collect::<Vec<u8>>(), 32), None);
        assert!(weakness_of_bytes(&(0..31).collect::<Vec<u8>>(), 32).is_some());
        assert!(weakness_of_bytes(&[7; 64], 32).is_some());
        assert!(weakness_of_bytes(b"changeme-0123456789-ABCDEFGHIJKLMNOP", 32).is_some());
    }

    #[test]
    fn secret_bytes_are_not_printed() {
        let printed = format!("{:?}", SecretBytes::new(b"hush".to_vec()));
        assert_eq!(printed, "SecretBytes([REDACTED])");
    }
}
