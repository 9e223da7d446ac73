//! Old leaders as Amber keeps them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use super::name::uuid_of;
use super::report::Notes;
use super::values::{json, shown, text, tidy, time};
use crate::domain::{Handle, LeaderId, NewLeader, Platform};
use crate::store::ImportedLeader;
use crate::store::legacy::{Row, Table};

/// Reads a leader; what had to be changed is noted. A leader without a time was added `now`.
pub(super) fn read(row: &Row, now: Timestamp, notes: &mut Notes) -> Result<ImportedLeader, String> {
    if let Some(column) = row.unreadable.first() {
        return Err(format!("its {column} is no text"));
    }
    let name = tidy(row.text("name").unwrap_or_default(), NewLeader::MAX_TEXT);
    if name.is_empty() {
        return Err("it has no name".to_owned());
    }
    if row.text("name") != Some(name.as_str()) {
        notes.add("the name was shortened or freed of control characters", &row.id);
    }
    let mut leader = NewLeader {
        name,
        handles: handles(json(row.text("handles")), &row.id, notes),
        tracking_topics: topics(json(row.text("tracking_topics"))),
    };
    if leader.handles.len() > NewLeader::MAX_ITEMS || leader.tracking_topics.len() > NewLeader::MAX_ITEMS {
        notes.add("handles or topics beyond the fiftieth were left out", &row.id);
        leader.handles = leader.handles.into_iter().take(NewLeader::MAX_ITEMS).collect();
        leader.tracking_topics.truncate(NewLeader::MAX_ITEMS);
    }
    if leader.x_handle_text().is_some_and(|text| Handle::parse(text).is_none()) {
        notes.add("the handle is none that X knows, so nothing will be fetched", &row.id);
    }
    let created_at = row.text("created_at").and_then(time);
    if created_at.is_none() {
        notes.add("it has no time, so it counts as added now", &row.id);
    }
    Ok(ImportedLeader { id: LeaderId(uuid_of(Table::Leaders, &row.id)), leader, created_at: created_at.unwrap_or(now) })
}

/// The handles by platform. A list may name platforms; a handle without one is kept under a name that nothing fetches.
fn handles(stored: Value, id: &str, notes: &mut Notes) -> BTreeMap<String, String> {
    let mut handles = BTreeMap::new();
    let mut keep = |platform: &str, handle: &Value| {
        let known = Platform::parse(platform).is_some();
        let platform = if known { platform.to_lowercase() } else { tidy(platform, NewLeader::MAX_TEXT) };
        let handle = text(handle);
        let handle = handle.map(|handle| tidy(&handle, NewLeader::MAX_TEXT)).filter(|handle| !handle.is_empty());
        match handle {
            Some(handle) if !platform.is_empty() => drop(handles.entry(platform).or_insert(handle)),
            _ => {}
        }
    };
    match stored {
        Value::Null => {}
        Value::Object(stored) => stored.iter().for_each(|(platform, handle)| keep(platform, handle)),
        Value::Array(stored) => {
            notes.add("handles without a platform are kept, and nothing is fetched for them", id);
            for (at, handle) in stored.iter().enumerate() {
                let (platform, handle) = named(handle, at + 1);
                keep(&platform, &handle);
            }
        }
        other => {
            notes.add("handles without a platform are kept, and nothing is fetched for them", id);
            keep("handle-1", &other);
        }
    }
    handles
}

/// An item of a list: `{"platform": "x", "handle": "ada"}`, `"x:ada"`, or a mere handle.
fn named(item: &Value, number: usize) -> (String, Value) {
    let unnamed = format!("handle-{number}");
    match item {
        Value::Object(item) => {
            let platform = item.get("platform").and_then(Value::as_str).unwrap_or(&unnamed);
            let handle = ["handle", "username", "name"].iter().find_map(|key| item.get(*key));
            (platform.to_owned(), handle.cloned().unwrap_or_default())
        }
        Value::String(item) => match item.split_once(':') {
            Some((platform, handle)) if Platform::parse(platform).is_some() => (platform.to_owned(), handle.into()),
            _ => (unnamed, item.as_str().into()),
        },
        other => (unnamed, other.clone()),
    }
}

fn topics(stored: Value) -> Vec<String> {
    let items = match stored {
        Value::Array(items) => items,
        other => vec![other],
    };
    let topics = items.iter().filter_map(text).map(|topic| tidy(&topic, NewLeader::MAX_TEXT));
    topics.filter(|topic| !topic.is_empty()).collect()
}

/// Why a post cannot be stored whose leader is not there.
pub(super) fn missing(id: &str) -> String {
    format!("its leader {} is not in Amber", shown(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leader(values: &[(&'static str, &str)]) -> (Result<ImportedLeader, String>, Notes) {
        let mut notes = Notes::default();
        let row = Row::new("1", values.iter().copied());
        (read(&row, Timestamp::UNIX_EPOCH, &mut notes), notes)
    }

    #[test]
    fn handles_are_read_in_every_form() {
        for (stored, expected) in [
            ("null", &[][..]),
            ("no json", &[]),
            (
                r#"{"x": "ada", "facebook": "@ada", "news": null, "n": 5}"#,
                &[("facebook", "@ada"), ("n", "5"), ("x", "ada")],
            ),
            (
                r#"["@ada", "X:bob", {"platform": "X", "handle": "eve"}, 7, []]"#,
                &[("handle-1", "@ada"), ("handle-4", "7"), ("x", "bob")],
            ),
            (r#""ada""#, &[("handle-1", "ada")]),
        ] {
            let (leader, _) = leader(&[("name", "Ada"), ("handles", stored)]);
            let handles = leader.unwrap().leader.handles;
            let handles: Vec<_> = handles.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
            assert_eq!(handles, expected, "{stored}");
        }
    }

    #[test]
    fn a_leader_is_stored_whatever_is_odd_about_it_but_not_without_a_name() {
        let (odd, notes) =
            leader(&[("name", " A\u{7}da "), ("handles", r#"{"x": "no handle"}"#), ("tracking_topics", "[1, null]")]);
        let odd = odd.unwrap();
        assert_eq!((odd.leader.name.as_str(), odd.leader.tracking_topics.as_slice()), ("A da", &["1".to_owned()][..]));
        assert_eq!((odd.created_at, odd.id.0.get_version_num()), (Timestamp::UNIX_EPOCH, 5));
        assert_eq!(notes.len(), 3, "{notes:?}");
        assert_eq!(leader(&[("name", " ")]).0, Err("it has no name".to_owned()));
    }
}
