//! X's own description of its API, against which every exchange with the fake is held.

use std::path::Path;
use std::sync::OnceLock;

use amber_server::sandbox::Exchange;
use serde_json::Value;

use crate::setting;

mod request;
mod schema;
#[cfg(test)]
mod tests;

/// The description, as far as the checks need it.
#[derive(Debug)]
pub struct OpenApi {
    document: Value,
}

impl OpenApi {
    /// The description in the folder that `AMBER_TEST_DATA` names; None when it is not set.
    ///
    /// # Panics
    /// When the folder holds no description.
    #[must_use]
    pub fn shared() -> Option<&'static Self> {
        static SHARED: OnceLock<Option<OpenApi>> = OnceLock::new();
        let read = || {
            let file = Path::new(&setting("AMBER_TEST_DATA")?).join("x-api/openapi-2.166.json");
            let text = std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            Some(Self { document: serde_json::from_slice(&text).expect("the description is JSON") })
        };
        SHARED.get_or_init(read).as_ref()
    }

    /// What an exchange breaks of the description, in sentences. Answers that were tampered with are not looked at.
    #[must_use]
    pub fn broken_by(&self, exchange: &Exchange) -> Vec<String> {
        let asked = format!("{} {}", exchange.method, exchange.path);
        let operation = match self.operation(&exchange.method, &exchange.path) {
            Ok(operation) => operation,
            Err(reason) => return vec![format!("{asked}: {reason}")],
        };
        let mut broken = self.request_faults(&operation, &exchange.query);
        if exchange.is_true {
            broken.extend(self.answer_faults(operation.description, exchange));
        }
        broken.into_iter().map(|fault| format!("{asked}: {fault}")).collect()
    }

    fn answer_faults(&self, operation: &Value, exchange: &Exchange) -> Vec<String> {
        let Ok(body) = serde_json::from_slice(&exchange.body) else {
            return vec![format!("the body of {} is no JSON", exchange.status)];
        };
        let responses = &operation["responses"];
        let response = responses.get(exchange.status.to_string()).unwrap_or(&responses["default"]);
        let described = response["content"].as_object().into_iter().flat_map(|content| content.values());
        let faults = described.map(|content| self.value_faults(&content["schema"], &body, "answer"));
        // One of the described shapes is enough; the best fit tells what is wrong.
        faults.min_by_key(Vec::len).unwrap_or_else(|| vec![format!("{} is not described", exchange.status)])
    }

    fn resolved<'a>(&'a self, described: &'a Value) -> &'a Value {
        match described["$ref"].as_str() {
            Some(reference) => self.named(reference),
            None => described,
        }
    }

    fn named(&self, reference: &str) -> &Value {
        let pointer = reference.trim_start_matches('#');
        self.document.pointer(pointer).unwrap_or_else(|| panic!("the description lacks {reference}"))
    }
}
