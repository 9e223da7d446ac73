//! The name under which a checkpoint is kept: `x:name`, `fb:page`, `x:name#backfill`.

use std::fmt;
use std::str::FromStr;

use super::Handle;

/// Names a stream: a source, a name there, and for a secondary stream the part that it reads.
///
/// ```text
/// key    = source ":" name [ "#" part ]        at most 72 bytes of UTF-8
/// source = word
/// name   = one or more characters, but no control character, no white space and no "#"
/// part   = word
/// word   = "a".."z", then any of "a".."z" "0".."9" "_" "-"
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamKey(String);

/// Why a text is no stream key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StreamKeyError {
    /// It is longer than any key.
    #[error("a stream key has at most {} bytes, not {bytes}", StreamKey::LONGEST)]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// Nothing says where the stream is.
    #[error("a stream key is `source:name`, such as `x:name`")]
    NoSource,
    /// The source is no word.
    #[error("the source of a stream key, before the colon, is a word of a-z, 0-9, `_` and `-`")]
    BadSource,
    /// The name is empty or holds what a name cannot.
    #[error("the name in a stream key is not empty and has no white space and no control characters")]
    BadName,
    /// The part is no word.
    #[error("the part in a stream key, after `#`, is a word of a-z, 0-9, `_` and `-`")]
    BadPart,
}

impl StreamKey {
    /// The most bytes of a key. Escaped for a file name they are three times as many, and with its endings that name has
    /// to stay below 255 bytes.
    pub const LONGEST: usize = 72;

    /// The stream of an account's newest posts on X. X does not tell letter cases apart, so the key has none.
    #[must_use]
    pub fn of_timeline(handle: &Handle) -> Self {
        Self(format!("x:{}", handle.folded()))
    }

    /// The stream of an account's older posts on X.
    #[must_use]
    pub fn of_backfill(handle: &Handle) -> Self {
        Self(format!("x:{}#backfill", handle.folded()))
    }

    /// The key as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Where the stream is, such as `x`.
    #[must_use]
    pub fn source(&self) -> &str {
        self.0.split(':').next().unwrap_or_default()
    }

    /// Which part a secondary stream reads, such as `backfill`.
    #[must_use]
    pub fn part(&self) -> Option<&str> {
        self.0.split_once('#').map(|(_, part)| part)
    }
}

impl FromStr for StreamKey {
    type Err = StreamKeyError;

    fn from_str(text: &str) -> Result<Self, StreamKeyError> {
        if text.len() > Self::LONGEST {
            return Err(StreamKeyError::TooLong { bytes: text.len() });
        }
        let (source, rest) = text.split_once(':').ok_or(StreamKeyError::NoSource)?;
        let (name, part) = match rest.split_once('#') {
            Some((name, part)) => (name, Some(part)),
            None => (rest, None),
        };
        if !is_word(source) {
            return Err(StreamKeyError::BadSource);
        }
        if name.is_empty() || name.chars().any(|char| char.is_control() || char.is_whitespace()) {
            return Err(StreamKeyError::BadName);
        }
        if part.is_some_and(|part| !is_word(part)) {
            return Err(StreamKeyError::BadPart);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for StreamKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_word(text: &str) -> bool {
    let inside = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-');
    text.as_bytes().first().is_some_and(u8::is_ascii_lowercase) && text.bytes().all(inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_names_source_name_and_part() {
        for text in ["x:name", "fb:My.Page", "x:name#backfill", "rss:https://a.example/feed?b=c", "fb:पेज"] {
            let key: StreamKey = text.parse().unwrap();
            assert_eq!(key.as_str(), text);
        }
        let key: StreamKey = "x:name#backfill".parse().unwrap();
        assert_eq!((key.source(), key.part()), ("x", Some("backfill")));
        assert_eq!("fb:page".parse::<StreamKey>().unwrap().part(), None);
    }

    #[test]
    fn what_is_no_key_says_why() {
        let longest = format!("x:{}", "a".repeat(70));
        assert!(longest.parse::<StreamKey>().is_ok());
        for (text, error) in [
            (format!("{longest}a").as_str(), StreamKeyError::TooLong { bytes: 73 }),
            ("", StreamKeyError::NoSource),
            ("name", StreamKeyError::NoSource),
            (":name", StreamKeyError::BadSource),
            ("X:name", StreamKeyError::BadSource),
            ("../x:name", StreamKeyError::BadSource),
            ("x:", StreamKeyError::BadName),
            ("x:#backfill", StreamKeyError::BadName),
            ("x:a b", StreamKeyError::BadName),
            ("x:a\0", StreamKeyError::BadName),
            ("x:a#", StreamKeyError::BadPart),
            ("x:a#b#c", StreamKeyError::BadPart),
        ] {
            assert_eq!(text.parse::<StreamKey>(), Err(error), "{text:?}");
        }
    }

    #[test]
    fn the_streams_of_an_account_do_not_depend_on_how_its_handle_is_written() {
        let [small, large] = ["ada_1", "Ada_1"].map(|handle| Handle::parse(handle).unwrap());
        assert_eq!(StreamKey::of_timeline(&small), StreamKey::of_timeline(&large));
        assert_eq!(StreamKey::of_timeline(&large).as_str(), "x:ada_1");
        assert_eq!(StreamKey::of_backfill(&large).as_str(), "x:ada_1#backfill");
    }
}
