//! Page tokens: opaque to callers, versioned for us.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use uuid::Uuid;

use super::Error;

/// The version of the form; a token of another version is refused, not guessed at.
const VERSION: u8 = 1;
/// Version, microseconds, id.
const LENGTH: usize = 1 + 8 + 16;
/// The version of the form that holds a text.
const TEXT_VERSION: u8 = 2;

/// Writes the place after which the next page starts.
pub(super) fn encode(at: Timestamp, id: Uuid) -> String {
    let mut bytes = Vec::with_capacity(LENGTH);
    bytes.push(VERSION);
    bytes.extend(at.as_microsecond().to_be_bytes());
    bytes.extend(id.as_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads a page token; an empty one is the start.
pub(super) fn decode(token: &str) -> Result<Option<(Timestamp, Uuid)>, Error> {
    if token.is_empty() {
        return Ok(None);
    }
    let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| Error::PageToken)?;
    let bytes: [u8; LENGTH] = bytes.try_into().map_err(|_| Error::PageToken)?;
    let (version, rest) = bytes.split_first().ok_or(Error::PageToken)?;
    let (micros, id) = rest.split_first_chunk::<8>().ok_or(Error::PageToken)?;
    if *version != VERSION {
        return Err(Error::PageToken);
    }
    let at = Timestamp::from_microsecond(i64::from_be_bytes(*micros)).map_err(|_| Error::PageToken)?;
    let id = Uuid::from_slice(id).map_err(|_| Error::PageToken)?;
    Ok(Some((at, id)))
}

/// Takes from `rows` a page of `size` when there is one row more, and writes the token of the page behind it, which is
/// empty at the end; `token` writes the place of a row.
pub(super) fn cut<T>(mut rows: Vec<T>, size: u32, token: impl Fn(&T) -> String) -> (Vec<T>, String) {
    let has_more = rows.len() > size as usize;
    rows.truncate(size as usize);
    let next = rows.last().filter(|_| has_more).map(token).unwrap_or_default();
    (rows, next)
}

/// Writes a place among things whose ids are texts.
pub(super) fn encode_named(at: Timestamp, id: &str) -> String {
    encode_text(&format!("{} {id}", at.as_microsecond()))
}

/// Reads a place among things whose ids are texts; `id` reads the id. An empty token is the start.
pub(super) fn decode_named<I>(token: &str, id: impl Fn(&str) -> Option<I>) -> Result<Option<(Timestamp, I)>, Error> {
    let Some(text) = decode_text(token)? else { return Ok(None) };
    let read = || {
        let (at, name) = text.split_once(' ')?;
        Some((Timestamp::from_microsecond(at.parse().ok()?).ok()?, id(name)?))
    };
    read().map(Some).ok_or(Error::PageToken)
}

/// Writes the text after which the next page starts.
pub(super) fn encode_text(text: &str) -> String {
    URL_SAFE_NO_PAD.encode([&[TEXT_VERSION], text.as_bytes()].concat())
}

/// Reads a page token that holds a text; an empty one is the start.
pub(super) fn decode_text(token: &str) -> Result<Option<String>, Error> {
    if token.is_empty() {
        return Ok(None);
    }
    let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| Error::PageToken)?;
    let text = bytes.strip_prefix(&[TEXT_VERSION]).ok_or(Error::PageToken)?;
    String::from_utf8(text.to_vec()).map(Some).map_err(|_| Error::PageToken)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(micros in -1_000_000_000_000_000_i64..4_000_000_000_000_000, id in any::<u128>()) {
            let at = Timestamp::from_microsecond(micros).unwrap();
            let id = Uuid::from_u128(id);
            prop_assert_eq!(decode(&encode(at, id)).unwrap(), Some((at, id)));
        }

        #[test]
        fn a_text_that_is_written_is_read(text in ".{0,80}") {
            prop_assert_eq!(decode_text(&encode_text(&text)).unwrap(), Some(text));
        }

        #[test]
        fn anything_else_is_refused_without_a_panic(text in "[A-Za-z0-9_=+/-]{1,60}") {
            if let Ok(Some((at, id))) = decode(&text) {
                prop_assert_eq!(encode(at, id), text.clone());
            }
            if let Ok(Some(key)) = decode_text(&text) {
                prop_assert_eq!(encode_text(&key), text);
            }
        }
    }

    #[test]
    fn a_token_of_another_version_is_refused() {
        let mut bytes = URL_SAFE_NO_PAD.decode(encode(Timestamp::UNIX_EPOCH, Uuid::nil())).unwrap();
        bytes[0] = 2;
        assert!(matches!(decode(&URL_SAFE_NO_PAD.encode(bytes)), Err(Error::PageToken)));
        assert!(matches!(decode_text(&encode(Timestamp::UNIX_EPOCH, Uuid::nil())), Err(Error::PageToken)));
        assert!(matches!(decode(&encode_text("x:ada")), Err(Error::PageToken)));
    }
}
