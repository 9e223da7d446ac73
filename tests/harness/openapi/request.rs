//! Requests against the description: path, method and every parameter.

use reqwest::Url;
use serde_json::Value;

use super::OpenApi;

/// An operation of the description, and what a path says for its parameters.
pub(super) struct Operation<'a> {
    pub(super) description: &'a Value,
    in_path: Vec<(&'a str, String)>,
}

impl OpenApi {
    /// The operation that a request asks for, or why there is none.
    pub(super) fn operation(&self, method: &str, path: &str) -> Result<Operation<'_>, String> {
        let paths = self.document["paths"].as_object().expect("a description has paths");
        let fitting = paths.iter().filter_map(|(template, item)| Some((parameters_in(template, path)?, item)));
        // A path without parameters goes before one with some.
        let found = fitting.min_by_key(|(in_path, _)| in_path.len());
        let (in_path, item) = found.ok_or("there is no such path")?;
        let description = item.get(method.to_ascii_lowercase()).ok_or("the path does not take this method")?;
        Ok(Operation { description, in_path })
    }

    /// What is wrong with a request for `operation`.
    pub(super) fn request_faults(&self, operation: &Operation<'_>, query: &str) -> Vec<String> {
        let mut faults = Vec::new();
        let accepts = operation.description["security"].as_array().into_iter().flatten();
        if !accepts.into_iter().any(|way| way.get("BearerToken").is_some()) {
            faults.push("an application's bearer token is not enough".to_owned());
        }
        let described = operation.description["parameters"].as_array().into_iter().flatten();
        let described: Vec<&Value> = described.map(|parameter| self.resolved(parameter)).collect();
        let url = Url::parse(&format!("http://x/?{query}")).expect("any query makes a URL");
        let mut sent: Vec<(&str, String, String)> =
            url.query_pairs().map(|(name, value)| ("query", name.into_owned(), value.into_owned())).collect();
        sent.extend(operation.in_path.iter().map(|(name, value)| ("path", (*name).to_owned(), value.clone())));
        for (index, (place, name, value)) in sent.iter().enumerate() {
            if sent[..index].iter().any(|(_, earlier, _)| earlier == name) {
                faults.push(format!("`{name}` is sent twice"));
            }
            match described.iter().find(|parameter| parameter["name"] == **name && parameter["in"] == **place) {
                Some(parameter) => faults.extend(self.parameter_faults(parameter, name, value)),
                None => faults.push(format!("`{name}` is not described")),
            }
        }
        let is_missing = |parameter: &&&Value| {
            parameter["required"] == true && sent.iter().all(|(_, name, _)| parameter["name"] != **name)
        };
        faults.extend(described.iter().filter(is_missing).map(|parameter| format!("{} is missing", parameter["name"])));
        faults
    }

    /// Reads `value` as the form style writes it, then holds it against the schema.
    fn parameter_faults(&self, parameter: &Value, name: &str, value: &str) -> Vec<String> {
        let schema = self.resolved(&parameter["schema"]);
        let read = match schema["type"].as_str() {
            Some("array") if parameter["explode"] == false => value.split(',').map(Value::from).collect(),
            Some("integer") => value.parse::<i64>().map_or_else(|_| Value::from(value), Value::from),
            _ => Value::from(value),
        };
        self.value_faults(schema, &read, name)
    }
}

/// The values in `path` of the parameters of `template`, when it fits.
fn parameters_in<'a>(template: &'a str, path: &str) -> Option<Vec<(&'a str, String)>> {
    let (expected, given): (Vec<&str>, Vec<&str>) = (template.split('/').collect(), path.split('/').collect());
    if expected.len() != given.len() {
        return None;
    }
    let mut found = Vec::new();
    for (expected, given) in expected.into_iter().zip(given) {
        match expected.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some(name) => found.push((name, given.to_owned())),
            None if expected == given => {}
            None => return None,
        }
    }
    Some(found)
}
