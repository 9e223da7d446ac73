//! Texts and JSON in the form that both databases take.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Error;

/// A text without NUL, which PostgreSQL refuses: one such character in a post would stop its whole stream.
pub(super) fn clean(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// Texts without NUL.
pub(super) fn clean_all(texts: &[String]) -> Vec<String> {
    texts.iter().map(|text| clean(text)).collect()
}

/// A value as JSON.
pub(super) fn json<T: Serialize>(value: &T) -> Value {
    serde_json::to_value(value).expect("names, numbers and lists of them are always JSON")
}

/// A value from stored JSON; `what` names it when it is not one.
pub(super) fn from_json<T: DeserializeOwned>(stored: Value, what: &'static str) -> Result<T, Error> {
    serde_json::from_value(stored).map_err(|_| Error::Corrupt { what })
}
