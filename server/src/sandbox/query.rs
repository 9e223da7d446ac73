//! The query of a request, read as strictly as X reads it: what it does not know makes the request a bad one.

use serde_json::{Value, json};
use url::form_urlencoded;

use super::problem;
use super::vocabulary::{self, Spelling};

/// A parameter that X would not accept.
#[derive(Debug)]
pub(super) struct Invalid {
    parameter: String,
    value: String,
    message: String,
}

impl Invalid {
    /// `value` of `parameter` breaks the rule that `reason` names.
    pub(super) fn value(parameter: &str, value: &str, reason: &str) -> Self {
        let message = format!("The `{parameter}` query parameter value [{value}] {reason}");
        Self { parameter: parameter.to_owned(), value: value.to_owned(), message }
    }

    pub(super) fn body(&self) -> Value {
        json!({
            "errors": [{"parameters": {&self.parameter: [&self.value]}, "message": self.message}],
            "title": "Invalid Request",
            "detail": "One or more parameters to your request was invalid.",
            "type": problem::kind("invalid-request"),
        })
    }
}

/// Names and values by their older names, in the order of the query.
pub(super) struct Params {
    values: Vec<(String, String)>,
    /// How the request spells them.
    pub(super) spelling: Spelling,
}

impl Params {
    /// Reads `query`, in which only the names in `known` may occur, each once.
    pub(super) fn read(query: &str, known: &[&str]) -> Result<Self, Invalid> {
        let mut params = Self { values: Vec::new(), spelling: Spelling::Tweet };
        for sent in form_urlencoded::parse(query.as_bytes()).into_owned() {
            let (name, value) = vocabulary::older(sent.0.clone(), sent.1.clone());
            if (&name, &value) != (&sent.0, &sent.1) {
                params.spelling = Spelling::Post;
            }
            if !known.contains(&name.as_str()) || params.get(&name).is_some() {
                let message =
                    format!("The query parameter [{name}] is not one of [{}] or is repeated", known.join(","));
                return Err(Invalid { parameter: name, value, message });
            }
            params.values.push((name, value));
        }
        Ok(params)
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.values.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The comma-separated values of `name`; none when it is missing.
    pub(super) fn list(&self, name: &str) -> Vec<&str> {
        self.get(name).map_or_else(Vec::new, |value| value.split(',').collect())
    }

    /// The 1 to 100 values of a list that must be there, each of which `accepts`.
    pub(super) fn required<T>(
        &self,
        name: &str,
        pattern: &str,
        accepts: impl Fn(&str) -> Option<T>,
    ) -> Result<Vec<T>, Invalid> {
        let values = self.list(name);
        if values.is_empty() || values.len() > 100 {
            return Err(Invalid::value(name, self.get(name).unwrap_or_default(), "does not have 1 to 100 items"));
        }
        let checked = |value: &str| {
            accepts(value).ok_or_else(|| Invalid::value(name, value, &format!("does not match {pattern}")))
        };
        values.into_iter().map(checked).collect()
    }

    /// A list whose values must be in `allowed`.
    pub(super) fn choices(&self, name: &str, allowed: &[&'static str]) -> Result<Vec<&'static str>, Invalid> {
        let checked = |value: &str| {
            let known = allowed.iter().find(|choice| **choice == value).copied();
            known.ok_or_else(|| Invalid::value(name, value, &format!("is not one of [{}]", allowed.join(","))))
        };
        self.list(name).into_iter().map(checked).collect()
    }
}
