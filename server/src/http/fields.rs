//! Reads the fields of a JSON object and collects every mistake.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::domain::Violation;

/// The fields of a body, and what is wrong with them.
pub(super) struct Fields {
    object: Map<String, Value>,
    violations: Vec<Violation>,
}

impl Fields {
    pub(super) fn new(object: Map<String, Value>) -> Self {
        Self { object, violations: Vec::new() }
    }

    /// A text; a number counts as its digits, as it did in the old service. Absent and null are None.
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        match self.object.remove(name)? {
            Value::Null => None,
            Value::String(text) => Some(text),
            Value::Number(number) => Some(number.to_string()),
            _ => self.refuse(name, "must be a text"),
        }
    }

    /// A text and nothing else. Absent and null are None.
    pub(super) fn strict_text(&mut self, name: &str) -> Option<String> {
        match self.object.remove(name)? {
            Value::Null => None,
            Value::String(text) => Some(text),
            _ => self.refuse(name, "must be a text"),
        }
    }

    /// A text that may be absent, but not null.
    pub(super) fn present_text(&mut self, name: &str) -> Option<String> {
        match self.object.remove(name)? {
            Value::String(text) => Some(text),
            _ => self.refuse(name, "must be a text"),
        }
    }

    /// A text that `read` knows. Absent and null are None.
    pub(super) fn one_of<T>(&mut self, name: &str, read: impl Fn(&str) -> Option<T>) -> Option<T> {
        let text = self.strict_text(name)?;
        read(&text).or_else(|| self.refuse(name, "is not one of those that there are"))
    }

    /// An instant. Absent and null are None.
    pub(super) fn instant(&mut self, name: &str) -> Option<Timestamp> {
        let text = self.strict_text(name)?;
        let rule = "must be an instant with its offset, as 2026-01-31T18:00:00Z (RFC 3339)";
        text.parse().ok().or_else(|| self.refuse(name, rule))
    }

    /// Whether there is such a field, and not null.
    pub(super) fn has(&self, name: &str) -> bool {
        self.object.get(name).is_some_and(|value| !value.is_null())
    }

    /// Whether something is wanted. Any text but an empty one counts as yes, as it did in the old service.
    pub(super) fn flag(&mut self, name: &str) -> bool {
        match self.object.remove(name) {
            None | Some(Value::Null) => false,
            Some(Value::Bool(flag)) => flag,
            Some(Value::String(text)) => !matches!(text.as_str(), "" | "false" | "no" | "0"),
            Some(_) => self.refuse(name, "must be true or false").unwrap_or_default(),
        }
    }

    /// A whole number of seconds. Absent and null are None.
    pub(super) fn seconds(&mut self, name: &str) -> Option<u64> {
        match self.object.remove(name)? {
            Value::Null => None,
            value => value.as_u64().or_else(|| self.refuse(name, "must be a whole number of seconds, 1 or more")),
        }
    }

    /// A whole number. Absent and null are None.
    pub(super) fn whole(&mut self, name: &str) -> Option<i64> {
        match self.object.remove(name)? {
            Value::Null => None,
            value => value.as_i64().or_else(|| self.refuse(name, "must be a whole number")),
        }
    }

    /// An object, read by `read`. Absent and null are an empty one.
    pub(super) fn nested<T: Default>(&mut self, name: &str, read: impl FnOnce(&mut Self) -> T) -> T {
        let object = match self.object.remove(name) {
            None | Some(Value::Null) => Map::new(),
            Some(Value::Object(object)) => object,
            Some(_) => return self.refuse(name, "must be an object").unwrap_or_default(),
        };
        let mut inner = Self::new(object);
        let value = read(&mut inner);
        let outer =
            |bad: Violation| Violation::new(format!("{name}.{}", bad.field), format!("{name}.{}", bad.description));
        self.violations.extend(inner.violations.into_iter().map(outer));
        value
    }

    /// Texts. Absent and null are none at all.
    pub(super) fn texts(&mut self, name: &str) -> Vec<String> {
        match self.object.remove(name) {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(items)) if items.iter().all(Value::is_string) => {
                items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
            }
            Some(_) => self.refuse(name, "must be a list of texts").unwrap_or_default(),
        }
    }

    /// Texts, of which some may be null. Absent is none at all.
    pub(super) fn texts_or_nulls(&mut self, name: &str) -> Vec<Option<String>> {
        match self.object.remove(name) {
            None => Vec::new(),
            Some(Value::Array(items)) if items.iter().all(|item| item.is_string() || item.is_null()) => {
                items.iter().map(|item| item.as_str().map(str::to_owned)).collect()
            }
            Some(Value::Array(_)) => self.refuse(name, "must be a list of texts").unwrap_or_default(),
            Some(_) => self.refuse(name, "must be a list").unwrap_or_default(),
        }
    }

    /// Texts by name. Absent and null are none at all.
    pub(super) fn map(&mut self, name: &str) -> BTreeMap<String, String> {
        match self.object.remove(name) {
            None | Some(Value::Null) => BTreeMap::new(),
            Some(Value::Object(items)) if items.values().all(Value::is_string) => {
                items.into_iter().filter_map(|(key, value)| Some((key, value.as_str()?.to_owned()))).collect()
            }
            Some(_) => self.refuse(name, "must be an object of texts").unwrap_or_default(),
        }
    }

    /// Everything that was wrong with the fields read so far.
    pub(super) fn finish(self) -> Result<(), Vec<Violation>> {
        if self.violations.is_empty() { Ok(()) } else { Err(self.violations) }
    }

    fn refuse<T>(&mut self, name: &str, rule: &str) -> Option<T> {
        self.violations.push(Violation::new(name, format!("{name} {rule}")));
        None
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_wrong_field_is_named() {
        let Value::Object(object) = json!({
            "content": null, "at": "yesterday", "tone": "loud", "name": {}, "ttl": -1, "origins": "x", "handles": [], "backfill": 7, "locked": { "days": "7" }, "more": 1
        }) else {
            unreachable!()
        };
        let mut fields = Fields::new(object);
        assert!(fields.has("at") && !fields.has("content") && !fields.has("nothing"));
        fields.present_text("content");
        fields.instant("at");
        fields.one_of("tone", |name| (name == "soft").then_some(1));
        fields.text("name");
        fields.seconds("ttl");
        fields.texts("origins");
        fields.map("handles");
        fields.flag("backfill");
        fields.nested("locked", |locked| locked.whole("days"));
        fields.nested("more", |more| more.whole("x"));
        let named: Vec<_> = fields.finish().unwrap_err().into_iter().map(|v| v.field).collect();
        assert_eq!(
            named,
            ["content", "at", "tone", "name", "ttl", "origins", "handles", "backfill", "locked.days", "more"]
        );
    }
}
