//! A checkpoint as it is kept: under a key, with a version, and in a form that need not be Amber's.

use serde_json::Value;

use super::{Checkpoint, StreamKey};

/// How far a stream is read, as JSON. It is kept as it is, so that a checkpoint of another program or of a later
/// Amber comes through unharmed.
#[derive(Debug, Clone, PartialEq)]
pub struct OpaqueCheckpoint(Value);

/// Why JSON cannot be kept as a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// It is longer than any checkpoint.
    #[error("a checkpoint has at most {} bytes, not {bytes}", OpaqueCheckpoint::LONGEST)]
    TooLong {
        /// Its length as text.
        bytes: usize,
    },
    /// A text in it holds a NUL character, which PostgreSQL cannot keep.
    #[error("a checkpoint holds no NUL character")]
    Nul,
    /// It is nested so deeply that it could not be read again.
    #[error("a checkpoint is not nested that deeply")]
    TooDeep,
}

impl OpaqueCheckpoint {
    /// The most bytes of a checkpoint, as compact JSON.
    pub const LONGEST: usize = 64 * 1024;

    /// Takes JSON that every store can keep.
    ///
    /// # Errors
    /// When it is too long, too deep, or holds a NUL character.
    pub fn new(value: Value) -> Result<Self, CheckpointError> {
        let text = value.to_string();
        if text.len() > Self::LONGEST {
            return Err(CheckpointError::TooLong { bytes: text.len() });
        }
        if has_nul(&value) {
            return Err(CheckpointError::Nul);
        }
        // What the parser refuses to nest it would refuse to read back.
        serde_json::from_str::<Value>(&text).map_err(|_| CheckpointError::TooDeep)?;
        Ok(Self(value))
    }

    /// The JSON.
    #[must_use]
    pub fn as_json(&self) -> &Value {
        &self.0
    }

    /// The checkpoint of one of Amber's streams; None when it is something else.
    #[must_use]
    pub fn understood(&self) -> Option<Checkpoint> {
        serde_json::from_value(self.0.clone()).ok()
    }
}

impl From<&Checkpoint> for OpaqueCheckpoint {
    /// Never too long: [`Checkpoint::MAX_GAPS`] bounds it.
    fn from(checkpoint: &Checkpoint) -> Self {
        Self(serde_json::to_value(checkpoint).expect("numbers and lists of them are always JSON"))
    }
}

/// A checkpoint, its stream, and its version.
#[derive(Debug, Clone, PartialEq)]
pub struct SavedCheckpoint {
    /// The stream.
    pub key: StreamKey,
    /// How far it is read.
    pub checkpoint: OpaqueCheckpoint,
    /// Grows with every change.
    pub version: i64,
}

impl SavedCheckpoint {
    /// The last version: the greatest whole number that every reader of JSON keeps exactly (RFC 8259, section 6).
    pub const LAST_VERSION: i64 = (1 << 53) - 1;
}

/// Keys of objects count as well.
fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        Value::Object(members) => members.iter().any(|(name, value)| name.contains('\0') || has_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::{Gap, GivenUp, Unreachable};

    #[test]
    fn ambers_own_checkpoint_is_understood_and_another_is_not() {
        let own = Checkpoint { top: Some(7), ..Checkpoint::default() };
        assert_eq!(OpaqueCheckpoint::from(&own).understood(), Some(own));
        let other = OpaqueCheckpoint::new(json!({"cursor": "DAACCgACGa"})).unwrap();
        assert_eq!(other.understood(), None);
        assert_eq!(other.as_json(), &json!({"cursor": "DAACCgACGa"}));
    }

    #[test]
    fn what_a_store_cannot_keep_is_refused() {
        let deep = (0..500).fold(json!(1), |inner, _| json!([inner]));
        for (value, error) in [
            (json!("a".repeat(65_535)), CheckpointError::TooLong { bytes: 65_537 }),
            (json!({"a": ["\0"]}), CheckpointError::Nul),
            (json!({"a\0": 1}), CheckpointError::Nul),
            (deep, CheckpointError::TooDeep),
        ] {
            assert_eq!(OpaqueCheckpoint::new(value), Err(error));
        }
        assert!(OpaqueCheckpoint::new(json!("a".repeat(65_534))).is_ok());
    }

    #[test]
    fn the_longest_checkpoint_of_amber_fits() {
        let (most, now) = (i64::MAX, jiff::Timestamp::MAX);
        let gap = Gap { stuck_since: Some(now), ..Gap::new(most, most, most) };
        let given_up = Unreachable { lo: most, hi: most, since: now, reason: GivenUp::Stuck };
        let longest = Checkpoint {
            high_water: Some(most),
            top: Some(most),
            gaps: vec![gap; Checkpoint::MAX_GAPS],
            floor: Some(most),
            unreachable: vec![given_up; Checkpoint::MAX_GAPS],
            deep_at: Some(now),
            bounded: true,
            account: Some(most),
            account_since: Some(now),
        };
        assert!(OpaqueCheckpoint::new(OpaqueCheckpoint::from(&longest).0).is_ok());
    }
}
