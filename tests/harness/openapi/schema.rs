//! Values against schemas: the part of JSON Schema that the description uses, and no member that it does not name.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::OpenApi;

impl OpenApi {
    /// What `value` breaks of `schema`.
    pub(super) fn value_faults(&self, schema: &Value, value: &Value, place: &str) -> Vec<String> {
        let mut faults = Vec::new();
        self.check(schema, value, place, &mut faults);
        faults
    }

    fn check(&self, schema: &Value, value: &Value, place: &str, faults: &mut Vec<String>) {
        let schema = self.resolved(schema);
        let is_composed = schema["allOf"].is_array();
        let is_right = match schema["type"].as_str() {
            Some("object") => value.is_object(),
            Some("array") => value.is_array(),
            Some("string") => value.is_string(),
            Some("integer") => value.is_i64(),
            Some("number") => value.is_number(),
            Some("boolean") => value.is_boolean(),
            _ => !is_composed || value.is_object(),
        };
        if !is_right {
            return faults.push(format!("{place} is {value}, which is no {}", schema["type"]));
        }
        match value {
            Value::Object(members) => self.check_object(schema, members, place, faults),
            Value::Array(items) => self.check_array(schema, items, place, faults),
            Value::String(text) => check_text(schema, text, place, faults),
            Value::Number(number) => {
                let number = number.as_f64().unwrap_or(f64::NAN);
                let is_within = schema["minimum"].as_f64().is_none_or(|least| number >= least)
                    && schema["maximum"].as_f64().is_none_or(|most| number <= most)
                    && (schema["format"] != "int32" || number.abs() <= f64::from(i32::MAX));
                if !is_within {
                    faults.push(format!("{place} is {value}, which is out of range"));
                }
            }
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn check_array(&self, schema: &Value, items: &[Value], place: &str, faults: &mut Vec<String>) {
        let count = items.len() as u64;
        let is_within = schema["minItems"].as_u64().is_none_or(|least| count >= least)
            && schema["maxItems"].as_u64().is_none_or(|most| count <= most);
        if !is_within {
            faults.push(format!("{place} has {count} items"));
        }
        let is_repeated = |(index, item)| items[..index].contains(item);
        if schema["uniqueItems"] == true && items.iter().enumerate().any(is_repeated) {
            faults.push(format!("{place} has an item twice"));
        }
        for item in items {
            self.check(&schema["items"], item, &format!("{place}[]"), faults);
        }
    }

    fn check_object(&self, schema: &Value, members: &Map<String, Value>, place: &str, faults: &mut Vec<String>) {
        let mut parts = Vec::new();
        let is_open = self.gather(schema, members, &mut parts);
        for part in &parts {
            let required = part["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let missing = required.filter(|name| !members.contains_key(*name));
            faults.extend(missing.map(|name| format!("{place}.{name} is missing")));
        }
        let described = |name: &str| parts.iter().find_map(|part| part["properties"].get(name));
        let others = parts.iter().find_map(|part| part.get("additionalProperties"));
        for (name, member) in members {
            match described(name).or(others) {
                Some(schema) => self.check(schema, member, &format!("{place}.{name}"), faults),
                None if is_open => {}
                None => faults.push(format!("{place}.{name} is not described")),
            }
        }
    }

    /// Gathers what an object is composed of; answers whether it may have members beside those that are described: when
    /// its kind is not, or when no member is.
    fn gather<'a>(&'a self, schema: &'a Value, members: &Map<String, Value>, parts: &mut Vec<&'a Value>) -> bool {
        let schema = self.resolved(schema);
        let discriminator = &schema["discriminator"];
        if !discriminator.is_object() {
            self.flatten(schema, parts);
            return parts.iter().all(|part| part.get("properties").is_none());
        }
        let kind = discriminator["propertyName"].as_str().and_then(|name| members.get(name)?.as_str());
        match kind.and_then(|kind| discriminator["mapping"][kind].as_str()) {
            Some(reference) => self.flatten(self.named(reference), parts),
            None => parts.push(schema),
        }
        kind.is_none_or(|kind| discriminator["mapping"].get(kind).is_none())
    }

    fn flatten<'a>(&'a self, schema: &'a Value, parts: &mut Vec<&'a Value>) {
        let schema = self.resolved(schema);
        parts.push(schema);
        for part in schema["allOf"].as_array().into_iter().flatten() {
            self.flatten(part, parts);
        }
    }
}

fn check_text(schema: &Value, text: &str, place: &str, faults: &mut Vec<String>) {
    let length = text.chars().count() as u64;
    let is_within = schema["minLength"].as_u64().is_none_or(|least| length >= least)
        && schema["maxLength"].as_u64().is_none_or(|most| length <= most);
    if !is_within {
        faults.push(format!("{place} is {length} characters long"));
    }
    if schema["enum"].as_array().is_some_and(|choices| choices.iter().all(|choice| choice != text)) {
        faults.push(format!("{place} is `{text}`, which is none of the choices"));
    }
    if schema["pattern"].as_str().is_some_and(|pattern| !matches(pattern, text)) {
        faults.push(format!("{place} is `{text}`, which does not match {}", schema["pattern"]));
    }
    if schema["format"] == "date-time" && text.parse::<Timestamp>().is_err() {
        faults.push(format!("{place} is `{text}`, which is no time"));
    }
}

/// The patterns of the description, by hand: there are few, and they are simple.
fn matches(pattern: &str, text: &str) -> bool {
    let is_within = |most: usize, is: fn(u8) -> bool| (1..=most).contains(&text.len()) && text.bytes().all(is);
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    match pattern {
        "^[0-9]{1,19}$" => is_within(19, |byte| byte.is_ascii_digit()),
        "^[A-Za-z0-9_]{1,15}$" => is_within(15, |byte| byte.is_ascii_alphanumeric() || byte == b'_'),
        "^[A-Za-z]{1,12}$" => is_within(12, |byte| byte.is_ascii_alphabetic()),
        "^[A-Z]{2}$" => text.len() == 2 && is_within(2, |byte| byte.is_ascii_uppercase()),
        "^([0-9]+)_([0-9]+)$" => text.split_once('_').is_some_and(|(a, b)| is_number(a) && is_number(b)),
        other => panic!("nobody has taught the test the pattern {other}"),
    }
}
