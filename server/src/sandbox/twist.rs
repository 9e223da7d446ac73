//! True answers in other words: what X may do to its JSON without asking anybody.

use serde_json::{Map, Value, json};

use super::{problem, snowflake, vocabulary};

/// One way to tell the truth differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Twist {
    /// Every number is a string of digits.
    NumbersAsStrings,
    /// Every object has a member that nobody has heard of.
    UnknownFields,
    /// The kinds of media and of references, and whoever may reply, have names that nobody has heard of. Reposts stay
    /// reposts.
    UnknownEnums,
    /// Beside the true ones, `errors` holds a problem of an unknown type; the types of the others have another host.
    UnknownProblems,
    /// Everything has its newer name (`note_post`), whatever was asked for.
    PostNames,
    /// Every second thing has its newer name.
    MixedNames,
    /// No other words but a lie: `created_at` of the middle post is an hour later than its id says. Waits for an answer
    /// that has posts.
    WrongTime,
}

impl Twist {
    /// Those that leave the meaning as it is.
    pub const HARMLESS: [Self; 6] = [
        Self::NumbersAsStrings,
        Self::UnknownFields,
        Self::UnknownEnums,
        Self::UnknownProblems,
        Self::PostNames,
        Self::MixedNames,
    ];

    /// Twists the body of an answer.
    pub(super) fn apply(self, body: &mut Value) {
        match self {
            Self::NumbersAsStrings => each(body, &mut |value| {
                if value.is_number() {
                    *value = Value::from(value.to_string());
                }
            }),
            Self::UnknownFields => each(body, &mut |value| {
                if let Value::Object(members) = value {
                    members.insert("x_sandbox_new".to_owned(), json!({"kind": 7, "of": [null, "anything"]}));
                }
            }),
            Self::UnknownEnums => each(body, &mut |value| {
                if let Value::Object(members) = value {
                    rename_kinds(members);
                }
            }),
            Self::UnknownProblems => add_problem(body),
            Self::PostNames => vocabulary::rename_all(body),
            Self::MixedNames => vocabulary::rename_some(body),
            Self::WrongTime => {
                if let Some(post) = middle_post(body)
                    && let Some(at) = post["created_at"].as_str().and_then(|text| text.parse::<jiff::Timestamp>().ok())
                {
                    post["created_at"] = json!(snowflake::written(at.as_millisecond() + 3_600_000));
                }
            }
        }
    }
}

/// The post in the middle of an answer.
pub(super) fn middle_post(body: &mut Value) -> Option<&mut Value> {
    let posts = body.get_mut("data")?.as_array_mut()?;
    let middle = posts.len() / 2;
    posts.get_mut(middle)
}

fn each(value: &mut Value, change: &mut impl FnMut(&mut Value)) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| each(item, change)),
        Value::Object(members) => members.values_mut().for_each(|member| each(member, change)),
        _ => {}
    }
    change(value);
}

fn rename_kinds(members: &mut Map<String, Value>) {
    let is_repost = members.get("type").is_some_and(|kind| kind == "retweeted" || kind == "reposted");
    let is_problem = members.contains_key("title");
    if let Some(kind) = members.get_mut("type").filter(|_| !is_repost && !is_problem) {
        *kind = json!("hologram");
    }
    if let Some(settings) = members.get_mut("reply_settings") {
        *settings = json!("only_on_sundays");
    }
}

fn add_problem(body: &mut Value) {
    let Value::Object(members) = body else { return };
    let is_about_records = ["data", "includes", "meta"].iter().any(|name| members.contains_key(*name));
    if !is_about_records && members.contains_key("type") {
        return;
    }
    let errors = members.entry("errors").or_insert_with(|| json!([]));
    let Value::Array(errors) = errors else { return };
    for error in errors.iter_mut() {
        if let Some(name) = error["type"].as_str().and_then(|kind| kind.strip_prefix(problem::TYPES)) {
            error["type"] = json!(format!("https://problems.x.example/v3/{name}"));
        }
    }
    errors.push(json!({
        "type": "https://problems.x.example/v3/never-heard-of",
        "title": "Never Heard Of",
        "detail": "Something is not quite as it could be.",
    }));
}
