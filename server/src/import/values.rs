//! Values of the old service, in whatever form they were written.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

/// Reads a time, to the microsecond; one without an offset is in UTC.
pub(super) fn time(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let exact = text.parse::<Timestamp>().ok().or_else(|| {
        let naive: DateTime = text.parse().ok()?;
        Some(naive.to_zoned(TimeZone::UTC).ok()?.timestamp())
    })?;
    Timestamp::from_microsecond(exact.as_microsecond()).ok()
}

/// Reads JSON; what is none is nothing.
pub(super) fn json(text: Option<&str>) -> Value {
    text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

/// A text, also one that was written as a number. Nothing is no text.
pub(super) fn text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    Some(text).filter(|text| !text.is_empty())
}

/// A count, in whatever form.
fn count(value: &Value) -> Option<i64> {
    let count = match value {
        Value::Number(number) => number.as_i64().or_else(|| whole(number.as_f64()?)),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    count.filter(|count| *count >= 0)
}

#[expect(clippy::cast_possible_truncation, reason = "it is whole and below 2^53")]
fn whole(number: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    (number.fract() == 0.0 && number.abs() < EXACT).then_some(number as i64)
}

/// The first of `names` that is there as a count.
pub(super) fn count_of(object: Option<&Map<String, Value>>, names: &[&str]) -> Option<i64> {
    names.iter().find_map(|name| count(object?.get(*name)?))
}

/// The first of `names` that is there as a text.
pub(super) fn text_of(object: Option<&Map<String, Value>>, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| text(object?.get(*name)?))
}

/// A text as it is shown in a reason: quoted, and not much of it.
pub(super) fn shown(text: &str) -> String {
    const LONGEST: usize = 40;
    let short: String = text.chars().take(LONGEST).collect();
    format!("{short:?}")
}

/// A text without control characters, and at most `longest` characters of it.
pub(super) fn tidy(text: &str, longest: usize) -> String {
    let tidy: String = text.chars().map(|char| if char.is_control() { ' ' } else { char }).collect();
    tidy.trim().chars().take(longest).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_time_is_read_in_every_form_that_the_databases_give_it() {
        for text in [
            "2025-01-01 00:00:00.5",
            "2025-01-01 00:00:00.500000",
            "2025-01-01T00:00:00.5000004",
            "2025-01-01T00:00:00.5Z",
            "2025-01-01 05:30:00.5+05:30",
            " 2025-01-01 00:00:00.5+00 ",
        ] {
            assert_eq!(time(text).map(Timestamp::as_microsecond), Some(1_735_689_600_500_000), "{text}");
        }
        for text in ["", "yesterday", "infinity", "1735689600", "2025-13-01 00:00:00"] {
            assert_eq!(time(text), None, "{text}");
        }
    }

    #[test]
    fn a_count_is_a_whole_number_that_is_not_negative() {
        let object = json!({ "a": 5, "b": "7", "c": 3.0, "d": -1, "e": 1.5, "f": null, "g": [1], "h": "many" });
        let counts = ["a", "b", "c", "d", "e", "f", "g", "h", "i"].map(|name| count_of(object.as_object(), &[name]));
        assert_eq!(counts, [Some(5), Some(7), Some(3), None, None, None, None, None, None]);
        assert_eq!(count_of(object.as_object(), &["i", "d", "b"]), Some(7));
    }
}
