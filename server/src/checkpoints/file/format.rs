//! What is in a checkpoint's file: a line with format and checksum, and a line of JSON.
//!
//! ```text
//! amber-checkpoint 1 <SHA-256 of all that follows this line, in hex>
//! {"key":"x:name","version":7,"checkpoint":{...}}
//! ```
//! `tail -n +2 FILE | sha256sum` tells the same sum.

use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::{OpaqueCheckpoint, SavedCheckpoint, StreamKey};

const MAGIC: &str = "amber-checkpoint ";
const FORMAT: &str = "amber-checkpoint 1";

/// The most bytes of a file: a checkpoint, its key with every byte escaped, and some words.
pub(super) const LONGEST: u64 = 66 * 1024;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    key: String,
    version: i64,
    checkpoint: Value,
}

/// Why bytes are no checkpoint.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// They are not what was written.
    Damaged(String),
    /// They are of another format, which begins like this.
    Foreign(String),
}

/// The bytes of a checkpoint's file.
pub(super) fn encode(saved: &SavedCheckpoint) -> Vec<u8> {
    let checkpoint = saved.checkpoint.as_json().clone();
    let body = Body { key: saved.key.to_string(), version: saved.version, checkpoint };
    let mut body = serde_json::to_string(&body).expect("texts, numbers and JSON are always JSON");
    body.push('\n');
    format!("{FORMAT} {}\n{body}", sum(body.as_bytes())).into_bytes()
}

/// Reads the file of `key`.
pub(super) fn decode(key: &StreamKey, bytes: &[u8]) -> Result<SavedCheckpoint, Fault> {
    let damaged = |reason: &str| Fault::Damaged(reason.to_owned());
    let end = bytes.iter().position(|byte| *byte == b'\n').ok_or_else(|| damaged("its first line has no end"))?;
    let (head, body) = (&bytes[..end], &bytes[end + 1..]);
    let head = std::str::from_utf8(head).map_err(|_| damaged("its first line is no text"))?;
    let Some(expected) = head.strip_prefix(FORMAT).and_then(|rest| rest.strip_prefix(' ')) else {
        return Err(match head.strip_prefix(MAGIC).and_then(|rest| rest.split(' ').next()) {
            Some(number) if number.parse::<u32>().is_ok() => Fault::Foreign(format!("{MAGIC}{number}")),
            _ => damaged("its first line is not that of a checkpoint"),
        });
    };
    if sum(body) != expected {
        return Err(damaged("its checksum is another one"));
    }
    let body: Body = serde_json::from_slice(body).map_err(|_| damaged("its content is no checkpoint"))?;
    if body.key != key.as_str() {
        return Err(Fault::Damaged(format!("it is the checkpoint of {}", body.key)));
    }
    let checkpoint = OpaqueCheckpoint::new(body.checkpoint).map_err(|reason| Fault::Damaged(reason.to_string()))?;
    Ok(SavedCheckpoint { key: key.clone(), checkpoint, version: body.version })
}

fn sum(bytes: &[u8]) -> String {
    hex::encode(digest(&SHA256, bytes))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn saved() -> SavedCheckpoint {
        let checkpoint = OpaqueCheckpoint::new(json!({"z": 1, "a": "it's\nnot ours"})).unwrap();
        SavedCheckpoint { key: "x:name".parse().unwrap(), checkpoint, version: 7 }
    }

    #[test]
    fn what_was_written_is_read() {
        let bytes = encode(&saved());
        assert_eq!(decode(&saved().key, &bytes), Ok(saved()));
        // The sum is that of `tail -n +2 FILE | sha256sum`.
        let text = String::from_utf8(bytes).unwrap();
        let body = r#"{"key":"x:name","version":7,"checkpoint":{"a":"it's\nnot ours","z":1}}"#;
        assert_eq!(text.lines().nth(1), Some(body));
        assert!(text.starts_with(&format!("amber-checkpoint 1 {}\n", sum(format!("{body}\n").as_bytes()))));
        assert_eq!(sum(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "FIPS 180-2");
    }

    #[test]
    fn no_cut_and_no_flipped_bit_goes_unseen() {
        let bytes = encode(&saved());
        for end in 0..bytes.len() {
            assert!(decode(&saved().key, &bytes[..end]).is_err(), "{end}");
        }
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(decode(&saved().key, &flipped).is_err(), "{bit}");
        }
    }

    #[test]
    fn another_format_and_another_stream_are_told_apart_from_damage() {
        let later = b"amber-checkpoint 2 something new\n{}\n";
        assert_eq!(decode(&saved().key, later), Err(Fault::Foreign("amber-checkpoint 2".to_owned())));
        let fault = decode(&"x:other".parse().unwrap(), &encode(&saved())).unwrap_err();
        assert_eq!(fault, Fault::Damaged("it is the checkpoint of x:name".to_owned()));
    }

    #[test]
    fn the_longest_checkpoint_fits_into_the_longest_file() {
        let checkpoint = OpaqueCheckpoint::new(json!("a".repeat(OpaqueCheckpoint::LONGEST - 2))).unwrap();
        let key: StreamKey = format!("x:{}", "\"".repeat(StreamKey::LONGEST - 2)).parse().unwrap();
        let bytes = encode(&SavedCheckpoint { key, checkpoint, version: SavedCheckpoint::LAST_VERSION });
        assert!(u64::try_from(bytes.len()).unwrap() <= LONGEST, "{}", bytes.len());
    }
}
