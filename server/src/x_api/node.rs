//! Reads JSON of unknown quality: every step knows its path, so that a fault can be pointed at.

use serde_json::Value;

use crate::domain::{ExternalId, UserId};

/// What is wrong with a value, and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Malformed {
    pub(super) path: String,
    pub(super) reason: String,
}

/// A JSON value and its path from the top of the answer.
#[derive(Debug, Clone)]
pub(super) struct Node<'a> {
    value: &'a Value,
    path: String,
}

impl<'a> Node<'a> {
    pub(super) fn root(value: &'a Value) -> Self {
        Self { value, path: String::new() }
    }

    pub(super) fn value(&self) -> &'a Value {
        self.value
    }

    /// The member `name`; `null` counts as absent.
    pub(super) fn get(&self, name: &str) -> Option<Self> {
        let value = self.value.get(name).filter(|value| !value.is_null())?;
        Some(Self { value, path: self.child(name) })
    }

    /// The member under the older name, else under the newer one: X renames its fields, and both are in use.
    pub(super) fn either(&self, older: &str, newer: &str) -> Option<Self> {
        self.get(older).or_else(|| self.get(newer))
    }

    pub(super) fn need(&self, name: &str) -> Result<Self, Malformed> {
        self.get(name).ok_or_else(|| Malformed { path: self.child(name), reason: "is missing".to_owned() })
    }

    pub(super) fn text(&self) -> Result<&'a str, Malformed> {
        self.value.as_str().ok_or_else(|| self.malformed("is not a string"))
    }

    /// A whole number, written as a number or as a decimal string.
    pub(super) fn integer(&self) -> Result<i64, Malformed> {
        let number = match self.value {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        };
        number.ok_or_else(|| self.malformed("is not a whole number below 2^63"))
    }

    pub(super) fn post_id(&self) -> Result<ExternalId, Malformed> {
        self.positive().map(ExternalId)
    }

    pub(super) fn user_id(&self) -> Result<UserId, Malformed> {
        self.positive().map(UserId)
    }

    pub(super) fn items(&self) -> Result<impl ExactSizeIterator<Item = Self> + use<'a>, Malformed> {
        let items = self.value.as_array().ok_or_else(|| self.malformed("is not a list"))?;
        let path = self.path.clone();
        Ok(items.iter().enumerate().map(move |(at, value)| Self { value, path: format!("{path}[{at}]") }))
    }

    pub(super) fn malformed(&self, reason: impl Into<String>) -> Malformed {
        Malformed { path: self.path.clone(), reason: reason.into() }
    }

    fn positive(&self) -> Result<i64, Malformed> {
        let number = self.integer()?;
        if number <= 0 {
            return Err(self.malformed("is not a positive number"));
        }
        Ok(number)
    }

    fn child(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }
}

/// The items of a list that may be missing or no list at all: what hangs on a post must not fail it.
pub(super) fn lenient_items(list: Option<Node<'_>>) -> Vec<Node<'_>> {
    list.and_then(|list| list.items().ok()).into_iter().flatten().collect()
}

/// An address that a page may show; anything but http and https is dropped.
pub(super) fn web_address(node: Option<Node<'_>>) -> Option<String> {
    let address = node?.value.as_str()?;
    (address.starts_with("https://") || address.starts_with("http://")).then(|| address.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_number_may_be_a_string_but_no_fraction() {
        let body = json!({"a": 7, "b": "7", "c": 7.5, "d": "9223372036854775808", "e": true});
        let root = Node::root(&body);
        let read = |name| root.need(name).and_then(|node| node.integer());
        assert_eq!((read("a"), read("b")), (Ok(7), Ok(7)));
        for name in ["c", "d", "e"] {
            assert_eq!(read(name).unwrap_err().path, name);
        }
    }

    #[test]
    fn a_fault_is_told_with_its_path() {
        let body = json!({"data": [{"id": "1"}, {"id": null}]});
        let records: Vec<_> = Node::root(&body).need("data").unwrap().items().unwrap().collect();
        assert_eq!(records[0].need("id").unwrap().post_id(), Ok(ExternalId(1)));
        let fault = Malformed { path: "data[1].id".to_owned(), reason: "is missing".to_owned() };
        assert_eq!(records[1].need("id").unwrap_err(), fault);
    }

    #[test]
    fn only_web_addresses_are_kept() {
        let body = json!({"good": "https://pbs.twimg.com/a.jpg", "bad": "javascript:alert(1)"});
        let root = Node::root(&body);
        assert_eq!(web_address(root.get("good")).as_deref(), Some("https://pbs.twimg.com/a.jpg"));
        assert_eq!(web_address(root.get("bad")), None);
    }
}
