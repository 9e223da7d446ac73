//! The answers against X's `OpenAPI` description, when `AMBER_TEST_DATA` names the folder that holds it.

use super::*;

/// A description and what the answers break of it.
struct Checker {
    openapi: Value,
    broken: Vec<String>,
}

impl Checker {
    fn resolved<'a>(&'a self, schema: &'a Value) -> &'a Value {
        match schema["$ref"].as_str() {
            Some(reference) => self.openapi.pointer(&reference[1..]).unwrap(),
            None => schema,
        }
    }

    /// The properties and required names of `schema`, with those of everything that it is composed of.
    fn object(&self, schema: &Value, value: &Value) -> (serde_json::Map<String, Value>, Vec<String>) {
        let mut schema = self.resolved(schema);
        let told_by = schema["discriminator"]["propertyName"].as_str().and_then(|name| value[name].as_str());
        let special = told_by.and_then(|told| schema["discriminator"]["mapping"][told].as_str());
        if let Some(reference) = special {
            schema = self.openapi.pointer(&reference[1..]).unwrap();
        }
        let mut properties = schema["properties"].as_object().cloned().unwrap_or_default();
        let mut required: Vec<String> = serde_json::from_value(schema["required"].clone()).unwrap_or_default();
        for part in schema["allOf"].as_array().into_iter().flatten() {
            let part_of = if special.is_some() { &Value::Null } else { value };
            let (more, needed) = self.object(part, part_of);
            properties.extend(more);
            required.extend(needed);
        }
        (properties, required)
    }

    fn check(&mut self, schema: &Value, value: &Value, place: &str) {
        let plain = self.resolved(schema).clone();
        let is_composed = plain["allOf"].is_array() || plain["discriminator"].is_object();
        let is_right_type = match plain["type"].as_str() {
            Some("object") => value.is_object(),
            Some("array") => value.is_array(),
            Some("string") => value.is_string(),
            Some("integer") => value.is_i64(),
            Some("boolean") => value.is_boolean(),
            _ => is_composed && value.is_object(),
        };
        if !is_right_type {
            return self.broken.push(format!("{place}: {value} is not a {}", plain["type"]));
        }
        match value {
            Value::Object(map) => self.check_object(&plain, value, map, place),
            Value::Array(list) => {
                if (list.len() as u64) < plain["minItems"].as_u64().unwrap_or(0) {
                    self.broken.push(format!("{place} is too short"));
                }
                for item in list {
                    self.check(&plain["items"], item, &format!("{place}[]"));
                }
            }
            Value::String(text) if !is_allowed(&plain, text) => {
                self.broken.push(format!("{place}: {text} breaks {plain}"));
            }
            _ => {}
        }
    }

    fn check_object(&mut self, schema: &Value, value: &Value, map: &serde_json::Map<String, Value>, place: &str) {
        let (properties, required) = self.object(schema, value);
        let missing = required.iter().filter(|name| !map.contains_key(*name));
        self.broken.extend(missing.map(|name| format!("{place}.{name} is missing")));
        for (name, inner) in map {
            match properties.get(name) {
                Some(schema) => self.check(schema, inner, &format!("{place}.{name}")),
                None if schema["additionalProperties"].is_object() => {
                    self.check(&schema["additionalProperties"], inner, &format!("{place}.*"));
                }
                None => self.broken.push(format!("{place}.{name} is not described")),
            }
        }
    }
}

fn is_allowed(schema: &Value, text: &str) -> bool {
    let is_within = |most: usize, is: fn(u8) -> bool| (1..=most).contains(&text.len()) && text.bytes().all(is);
    let fits = match schema["pattern"].as_str() {
        None => true,
        Some("^[0-9]{1,19}$") => is_within(19, |b| b.is_ascii_digit()),
        Some("^[A-Za-z0-9_]{1,15}$") => is_within(15, |b| b.is_ascii_alphanumeric() || b == b'_'),
        Some("^[A-Za-z]{1,12}$") => is_within(12, |b| b.is_ascii_alphabetic()),
        Some("^[A-Z]{2}$") => text.len() == 2 && is_within(2, |b| b.is_ascii_uppercase()),
        Some("^([0-9]+)_([0-9]+)$") => {
            text.split_once('_').is_some_and(|(a, b)| a.parse::<i64>().is_ok() && b.parse::<i64>().is_ok())
        }
        Some(other) => panic!("the test does not know the pattern {other}"),
    };
    let is_time = schema["format"] != "date-time" || text.parse::<Timestamp>().is_ok();
    fits && is_time && schema["enum"].as_array().is_none_or(|choices| choices.contains(&text.into()))
}

#[expect(clippy::disallowed_methods, reason = "a test asks where its data are, not how the server is set up")]
fn test_data() -> Option<std::ffi::OsString> {
    std::env::var_os("AMBER_TEST_DATA")
}

#[tokio::test]
async fn answers_are_as_the_openapi_description_says() {
    let Some(folder) = test_data() else {
        eprintln!("skipped: AMBER_TEST_DATA is not set");
        return;
    };
    let file = std::path::Path::new(&folder).join("x-api/openapi-2.166.json");
    let openapi: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let mut checker = Checker { openapi, broken: Vec::new() };
    let sandbox = Sandbox::new(options().0);
    let all = "tweet.fields=attachments,author_id,conversation_id,created_at,edit_controls,entities,lang,note_tweet,\
               possibly_sensitive,public_metrics,referenced_tweets,reply_settings,withheld\
               &expansions=author_id,attachments.media_keys,referenced_tweets.id,referenced_tweets.id.author_id,\
               referenced_tweets.id.attachments.media_keys,entities.mentions.username,edit_history_tweet_ids\
               &media.fields=url,alt_text,variants,preview_image_url,duration_ms,width,height,media_key,type\
               &user.fields=created_at,description,location,profile_image_url,protected,public_metrics,verified,\
               verified_type,url,most_recent_tweet_id";
    let names = format!(
        "oddities_sbx,nobody,{}",
        Sandbox::demo_leaders().iter().map(|leader| leader.handle).collect::<Vec<_>>().join(",")
    );
    let user_fields = all.rsplit_once('&').unwrap().1;
    let users = get(&sandbox, &format!("/2/users/by?usernames={names}&{user_fields}")).await.body;
    let mut answers = vec![("Get2UsersByResponse", users.clone())];
    for user in users["data"].as_array().unwrap() {
        let id = user["id"].as_str().unwrap();
        let page = get(&sandbox, &format!("/2/users/{id}/tweets?max_results=99&{all}")).await.body;
        let looked_up = ids(std::slice::from_ref(&page)).join(",") + if page["data"].is_array() { ",12" } else { "12" };
        answers.push(("Get2UsersIdTweetsResponse", page));
        answers.push(("Get2TweetsResponse", get(&sandbox, &format!("/2/tweets?ids={looked_up}&{all}")).await.body));
    }
    let bad = get(&sandbox, "/2/users/1/tweets?max_results=1").await.body;
    answers.push(("InvalidRequestProblem", bad));
    for (name, body) in &answers {
        let schema = serde_json::json!({"$ref": format!("#/components/schemas/{name}")});
        checker.check(&schema, body, name);
    }
    let broken: BTreeSet<String> = checker.broken.into_iter().collect();
    assert!(broken.is_empty(), "{broken:#?}");
}
