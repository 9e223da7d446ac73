//! What differs between a recorded answer and ours.

use std::fmt;
use std::ops::Range;

use jiff::Timestamp;
use serde_json::Value;

use super::case::Case;
use crate::wire::Answer;

/// The headers that mean something to a caller.
const HEADERS: [&str; 6] = [
    "allow",
    "access-control-allow-origin",
    "retry-after",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
];

/// When it was recorded, in seconds since 1970: moments of that night are of the recording, not of the requests.
const RECORDED: Range<i64> = 1_795_298_400..1_795_305_600;

/// A place at which two answers differ.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Difference {
    /// `status`, `body`, `header` with its name, `metric` with its name, a path such as `$.posts[0].id`, or with `[]` at its
    /// end the number of items.
    pub(super) at: String,
    pub(super) recorded: Option<Value>,
    pub(super) ours: Option<Value>,
}

impl Difference {
    fn new(at: impl Into<String>, recorded: Option<Value>, ours: Option<Value>) -> Self {
        Self { at: at.into(), recorded, ours }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let show = |value: &Option<Value>| value.as_ref().map_or("nothing".to_owned(), |value| format!("{value:.200}"));
        let kind = kind(self.ours.as_ref());
        write!(f, "{} was {}, and is {} ({kind})", self.at, show(&self.recorded), show(&self.ours))
    }
}

/// All differences of an answer. Where the status is another one, the rest is not compared; a refusal must only be one.
/// What is new in an answer is no difference: clients pass over what they do not know.
pub(super) fn case(case: &Case, answer: &Answer) -> Vec<Difference> {
    if answer.status != case.status {
        if answer.status >= 400 {
            answer.problem(&case.id);
        }
        return vec![Difference::new("status", Some(case.status.into()), Some(answer.status.into()))];
    }
    let mut found = headers(case, answer);
    let is_json = answer.header("content-type").starts_with("application/json") && !answer.body.is_empty();
    match &case.json {
        Some(recorded) if is_json => compare("$", recorded, &answer.json(), &mut found),
        Some(recorded) => found.push(Difference::new("body", Some(recorded.clone()), Some(answer.text().into()))),
        None => found.extend(metrics(&case.body, &answer.text())),
    }
    found.retain(|difference| !varies(case, difference));
    found
}

/// The headers that are gone; `Content-Type` must be the same, but for its parameters.
fn headers(case: &Case, answer: &Answer) -> Vec<Difference> {
    let essence = |header: &str| header.split(';').next().unwrap_or_default().trim().to_owned();
    let before = case.headers.get("content-type").map(|header| essence(header)).unwrap_or_default();
    let now = essence(answer.header("content-type"));
    let of_type = (before != now && !answer.body.is_empty())
        .then(|| Difference::new("header content-type", Some(before.into()), Some(now.into())));
    let gone = HEADERS.into_iter().filter(|name| !answer.headers.contains_key(*name));
    let gone = gone.filter_map(|name| {
        let recorded = case.headers.get(name)?.as_str();
        Some(Difference::new(format!("header {name}"), Some(recorded.into()), None))
    });
    gone.chain(of_type).collect()
}

/// The metrics of a text for Prometheus that are gone or have another value.
fn metrics(recorded: &str, ours: &str) -> Vec<Difference> {
    let values = |text: &str| {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let pairs = lines.filter_map(|line| line.rsplit_once(' '));
        pairs.map(|(name, value)| (name.to_owned(), value.parse::<f64>().ok())).collect::<Vec<_>>()
    };
    let now = values(ours);
    let differing = values(recorded).into_iter().filter_map(|(name, before)| {
        let value = now.iter().find(|(other, _)| *other == name).map(|(_, value)| *value);
        let is_same = value.is_some_and(|value| value == before || name == "uptime_seconds");
        (!is_same).then(|| Difference::new(format!("metric {name}"), Some(before.into()), value.map(Value::from)))
    });
    differing.collect()
}

/// Whether the value differs from run to run, and ours is of the recorded kind.
fn varies(case: &Case, difference: &Difference) -> bool {
    let Some(expected) = case.varies.get(&difference.at).and_then(Value::as_str) else { return false };
    let ours = kind(difference.ours.as_ref());
    match expected {
        "set" => true,
        "number" | "null" => ["number", "null"].contains(&ours),
        "iso8601_naive" | "iso8601_z" | "iso8601_tz" => ours == "time",
        "uuid" => ours == "uuid",
        "string" => ["text", "uuid", "time"].contains(&ours),
        // Formats of the old service for what is opaque to clients.
        "embed_token" | "admin_token" | "hex32" => false,
        other => panic!("{}: what kind is {other}?", case.id),
    }
}

fn compare(at: &str, recorded: &Value, ours: &Value, found: &mut Vec<Difference>) {
    match (recorded, ours) {
        (Value::Object(before), Value::Object(now)) => {
            for (key, before) in before {
                let at = format!("{at}.{key}");
                match now.get(key) {
                    Some(now) => compare(&at, before, now, found),
                    None => found.push(Difference::new(at, Some(before.clone()), None)),
                }
            }
        }
        (Value::Array(before), Value::Array(now)) if before.len() != now.len() => {
            found.push(Difference::new(format!("{at}[]"), Some(before.len().into()), Some(now.len().into())));
        }
        (Value::Array(before), Value::Array(now)) => {
            for (place, (before, now)) in before.iter().zip(now).enumerate() {
                compare(&format!("{at}[{place}]"), before, now, found);
            }
        }
        (Value::Number(before), Value::Number(now)) if before.as_f64() == now.as_f64() => {}
        (Value::String(before), Value::String(now)) if is_same_time(before, now) => {}
        _ if recorded == ours => {}
        _ => found.push(Difference::new(at, Some(recorded.clone()), Some(ours.clone()))),
    }
}

/// Whether both texts are one moment; the old service left its offset out. A moment of the recording is any moment.
fn is_same_time(recorded: &str, ours: &str) -> bool {
    let recorded = recorded.parse().or_else(|_| format!("{recorded}Z").parse::<Timestamp>());
    match (recorded, time(ours)) {
        (Ok(recorded), Some(ours)) => recorded == ours || RECORDED.contains(&recorded.as_second()),
        _ => false,
    }
}

/// A moment as Amber writes it.
fn time(text: &str) -> Option<Timestamp> {
    if text.ends_with('Z') { text.parse().ok() } else { None }
}

/// What a value is, in one word.
pub(super) fn kind(value: Option<&Value>) -> &'static str {
    match value {
        None => "gone",
        Some(Value::Null) => "null",
        Some(Value::Bool(_)) => "bool",
        Some(Value::Number(_)) => "number",
        Some(Value::Array(_)) => "list",
        Some(Value::Object(_)) => "object",
        Some(Value::String(text)) if is_uuid(text) => "uuid",
        Some(Value::String(text)) if time(text).is_some() => "time",
        Some(Value::String(_)) => "text",
    }
}

/// Whether a text is a UUID as RFC 9562 writes it, of any version.
fn is_uuid(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12]) && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn places(recorded: &Value, ours: &Value) -> Vec<String> {
        let mut found = Vec::new();
        compare("$", recorded, ours, &mut found);
        found.into_iter().map(|difference| difference.at).collect()
    }

    #[test]
    fn every_difference_of_two_bodies_is_found_but_what_is_new() {
        let recorded = json!({ "a": 1, "b": [1, { "c": "x" }], "d": [], "e": null });
        let same = json!({ "a": 1.0, "b": [1, { "c": "x", "g": 7 }], "d": [], "e": null, "f": 0 });
        assert_eq!(places(&recorded, &same), [""; 0]);
        let ours = json!({ "a": "1", "b": [1, { "c": "y" }], "d": [1] });
        assert_eq!(places(&recorded, &ours), ["$.a", "$.b[1].c", "$.d[]", "$.e"]);
    }

    #[test]
    fn a_time_is_the_same_with_its_offset() {
        for (recorded, ours, expected) in [
            ("2025-01-01T00:00:00", "2025-01-01T00:00:00Z", true),
            ("2025-01-01T00:00:00+00:00", "2025-01-01T00:00:00Z", true),
            ("2025-01-01T00:00:00", "2025-01-01T00:00:01Z", false),
            ("2025-01-01T00:00:00", "2025-01-01T00:00:00", false),
            ("2026-11-21T22:38:32.234326", "2026-01-01T02:00:00Z", true),
            ("2026-11-21T22:38:32.234326", "later", false),
        ] {
            assert_eq!(is_same_time(recorded, ours), expected, "{recorded} {ours}");
        }
    }

    #[test]
    fn a_metric_is_missed_by_its_name_and_its_value() {
        let recorded = "# HELP a of\na 1\nb 2\nc 3\nuptime_seconds 9\n";
        let found = metrics(recorded, "a 1.0\nb 7\nuptime_seconds 0\nd 1\n");
        let at: Vec<_> = found.iter().map(|difference| difference.at.as_str()).collect();
        assert_eq!(at, ["metric b", "metric c"]);
    }

    #[test]
    fn a_kind_is_told_in_one_word() {
        let kinds = [
            json!("2026-01-01T00:00:00Z"),
            json!("2026-01-01T00:00:00"),
            json!("b8659ce9-6651-4e65-86af-902804861332"),
        ];
        assert_eq!(kinds.map(|value| kind(Some(&value))), ["time", "text", "uuid"]);
    }
}
