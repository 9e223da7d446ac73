//! The text of an API key: `amb_<id>_<secret><checksum>`.
//!
//! The id finds the key in the database and is no secret. The checksum tells a typing mistake from a key, for Amber and for
//! scanners of source code, without a call to the database; it proves nothing.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::SecretString;

use crate::domain::{ApiKeyId, Entropy};

/// How every key begins.
pub(super) const PREFIX: &str = "amb_";

/// Characters of an id: 71 random bits.
const ID: usize = 12;
/// Characters of a secret: 256 random bits in unpadded base64url (RFC 4648, section 5).
const SECRET: usize = 43;
/// Characters of a checksum: CRC-32 (ISO-HDLC) of everything before it.
const CHECKSUM: usize = 6;

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A key that was just made.
pub(super) struct Fresh {
    pub(super) id: ApiKeyId,
    pub(super) text: SecretString,
    pub(super) secret: SecretString,
}

/// The parts of a text that has the form of a key.
#[derive(PartialEq, Eq)]
pub(super) struct Parts<'a> {
    pub(super) id: ApiKeyId,
    pub(super) secret: &'a str,
}

/// Makes a key.
pub(super) fn generate(entropy: &dyn Entropy) -> Fresh {
    let mut bytes = [0; 32];
    entropy.fill(&mut bytes);
    let secret = URL_SAFE_NO_PAD.encode(bytes);
    let id = random_id(entropy);
    let text = format!("{PREFIX}{id}_{secret}");
    let text = format!("{text}{}", checksum(&text));
    Fresh { id: ApiKeyId(id), text: text.into(), secret: secret.into() }
}

/// Reads the text of a key; None when it is none, or was changed on its way.
pub(super) fn read(text: &str) -> Option<Parts<'_>> {
    if text.len() != PREFIX.len() + ID + 1 + SECRET + CHECKSUM || !text.is_ascii() {
        return None;
    }
    let (signed, sum) = text.split_at(text.len() - CHECKSUM);
    let (id, rest) = signed.strip_prefix(PREFIX)?.split_at(ID);
    let secret = rest.strip_prefix('_')?;
    let is_whole = id.bytes().all(|b| b.is_ascii_alphanumeric()) && checksum(signed) == sum;
    is_whole.then(|| Parts { id: ApiKeyId(id.to_owned()), secret })
}

pub(super) fn checksum(text: &str) -> String {
    let mut rest = crc32fast::hash(text.as_bytes()) as usize;
    let mut digits = [b'0'; CHECKSUM];
    for digit in digits.iter_mut().rev() {
        *digit = BASE62[rest % BASE62.len()];
        rest /= BASE62.len();
    }
    digits.iter().copied().map(char::from).collect()
}

/// Every character is as likely as every other: bytes beyond the last whole round of the alphabet are thrown away.
fn random_id(entropy: &dyn Entropy) -> String {
    const FAIR: usize = 256 - 256 % BASE62.len();
    let mut id = String::with_capacity(ID);
    while id.len() < ID {
        let mut bytes = [0; ID];
        entropy.fill(&mut bytes);
        let fair = bytes.into_iter().map(usize::from).filter(|byte| *byte < FAIR);
        id.extend(fair.map(|byte| char::from(BASE62[byte % BASE62.len()])).take(ID - id.len()));
    }
    id
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use secrecy::ExposeSecret;

    use super::*;
    use crate::domain::OsEntropy;

    #[test]
    fn a_key_reads_as_it_was_made() {
        for _ in 0..200 {
            let fresh = generate(&OsEntropy);
            let text = fresh.text.expose_secret();
            assert!(text.starts_with("amb_") && text.len() == 66, "{text}");
            let parts = read(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(parts.id, fresh.id);
            assert_eq!(parts.secret, fresh.secret.expose_secret());
        }
    }

    /// Made once with another implementation of CRC-32 (zlib): the form must never change, for keys live long.
    #[test]
    fn the_form_of_keys_stays() {
        let text = "amb_0123456789Ab_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh825IzB8";
        assert!(read(text).is_some());
    }

    #[test]
    fn what_is_no_key_is_seen_without_the_database() {
        let key = generate(&OsEntropy).text;
        let key = key.expose_secret();
        let (short, long) = (&key[..65], format!("{key}0"));
        let upper = key.replacen("amb", "AMB", 1);
        for text in ["", "amb_", "amb", "not-a-key", short, &long, &upper, &"é".repeat(33), &format!(" {}", &key[1..])]
        {
            assert!(read(text).is_none(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn one_wrong_character_is_always_noticed(place in 0_usize..66, other in "[0-9A-Za-z_-]") {
            let key = generate(&OsEntropy).text;
            let key = key.expose_secret();
            prop_assume!(key[place..=place] != other);
            let wrong = format!("{}{other}{}", &key[..place], &key[place + 1..]);
            prop_assert!(read(&wrong).is_none(), "{}", wrong);
        }

        #[test]
        fn two_characters_that_changed_places_are_noticed(first in 4_usize..65) {
            let key = generate(&OsEntropy).text;
            let mut bytes = key.expose_secret().as_bytes().to_vec();
            prop_assume!(bytes[first] != bytes[first + 1]);
            bytes.swap(first, first + 1);
            prop_assert!(read(std::str::from_utf8(&bytes).unwrap()).is_none());
        }
    }
}
