//! The recorded answers of the old service: the same status and every recorded key, but for differences that are meant.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use amber_tests::{Backend, TestServer, setting};
use serde_json::Value;

use crate::wire::Answer;

/// The routes that are served now; cases of others are passed over.
const ROUTES: [&str; 18] = [
    "/",
    "/api/health",
    "/api/metrics",
    "/api/feed",
    "/api/sentiment/batch",
    "/api/leaders",
    "/api/ingestion/trigger",
    "/api/ingestion/status",
    "/api/embed/token",
    "/api/admin/token",
    "/api/admin/ping",
    "/api/dashboard",
    "/api/review",
    "/api/review/",
    "/api/posts",
    "/api/posts/",
    "/api/nope",
    "/api/leaders/",
];

/// Where the status is another one on purpose.
const OTHER_STATUS: [(&str, u16); 40] = [
    // Client errors are never 500: array bodies, numbers that are none.
    ("admin/token_array", 400),
    ("leaders/create_array", 400),
    ("embed_token/array_body", 400),
    ("ingestion/trigger_array", 400),
    ("sentiment/array_body", 400),
    ("sentiment/number_item", 400),
    // What is no text has no tone.
    ("sentiment/zero_item", 400),
    ("sentiment/object_item", 400),
    ("feed/page_bad", 400),
    ("feed/page_empty", 400),
    ("feed/page_size_bad", 400),
    ("feed/page_huge", 400),
    // A broken body is not taken for an empty one.
    ("ingestion/trigger_bad_json", 400),
    // The body must be said to be JSON.
    ("embed_token/text_plain_body", 415),
    // Without a bearer token of X there is no ingestion, and no invented posts.
    ("ingestion/trigger_ok", 503),
    ("ingestion/trigger_backfill", 503),
    ("ingestion/trigger_backfill_string", 503),
    ("ingestion/trigger_no_body", 503),
    ("leaders/refresh_ok", 503),
    ("leaders/refresh_again_idempotent", 503),
    // An API key is known, but has no role.
    ("ingestion/trigger_api_key", 403),
    // Only admins and keys issue embed tokens.
    ("embed_token/ok_reviewer_session_token", 403),
    ("embed_token/ok_viewer_session_token", 403),
    // The scheme is read without regard to case, and X-API-Key is a way to send a key.
    ("embed_token/lowercase_bearer", 200),
    ("embed_token/x_api_key_header", 200),
    // Origins must be registered, ids and lists of the right type, and a lifetime is honoured and bounded.
    ("embed_token/ok_custom_origins", 403),
    ("embed_token/numeric_dashboard_id", 400),
    ("embed_token/object_dashboard_id", 400),
    ("embed_token/long_dashboard_id", 400),
    ("embed_token/unicode_dashboard_id", 400),
    ("embed_token/string_origins", 400),
    ("embed_token/ttl_ignored", 400),
    // A post has a text, a time and a tone that there is, and pages have numbers and cursors that there are.
    ("posts/create_null_content", 400),
    ("posts/create_bad_timestamp", 400),
    ("posts/create_bogus_sentiment", 400),
    ("posts/page_limit_bad", 400),
    ("posts/page_before_bad", 400),
    // One post can be read by its id.
    ("posts/get_one_405", 200),
    // A broken body is not taken for an empty one.
    ("review/reject_bad_json", 400),
    // Null handles are no handles.
    ("leaders/create_null_handles", 201),
];

/// Recorded keys that are missing on purpose, by case or, with a star, by the beginning of its name.
const MISSING: [(&str, &str); 4] = [
    // Beside the counts, metrics held whatever a fetch put in them.
    ("posts/page_next", "$.items[].metrics"),
    // The health report has one shape, that of the profile `rate`; the other kept plain texts where objects are now.
    ("health/*", "$.checks.ingestion"),
    ("health/*", "$.stats"),
    ("health/*", "$.checks"),
];

/// Where the word for programs is another one on purpose.
const OTHER_WORD: [&str; 3] = [
    // A broken body is told as such, not taken for an empty one; and an empty one is an empty object everywhere.
    "admin/token_bad_json",
    "embed_token/bad_json",
    "leaders/create_empty_body",
];

/// Metrics are in the form of the profile `embed`, which is text for who accepts a format of Prometheus; `rate` knew none.
const TEXT_NOW: [&str; 3] = ["metrics/text_plain", "metrics/prometheus_scraper", "metrics/openmetrics_only"];

struct Replay {
    server: TestServer,
    admin: String,
    variables: BTreeMap<String, String>,
}

impl Replay {
    async fn new() -> Self {
        let builder = TestServer::on(Backend::Sqlite).await.expect("SQLite is always there");
        let origins = "https://example.com,https://trusted-domain.com";
        let server = builder.env("EMBED_ALLOWED_ORIGINS", origins).start().await;
        let expired = server.token("admin").await;
        server.clock.advance(Duration::from_hours(2));
        let admin = server.token("admin").await;
        let variables = [
            ("expired_token", expired),
            ("admin_token", admin.clone()),
            ("reviewer_token", server.token("reviewer").await),
            ("viewer_token", server.token("viewer").await),
            ("api_key", server.api_key().to_owned()),
            ("bootstrap_secret", server.bootstrap_secret().to_owned()),
        ];
        let variables = variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Self { server, admin, variables }
    }

    fn substituted(&self, text: &str) -> String {
        self.variables
            .iter()
            .fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{{{name}}}}}"), value))
    }

    async fn ask(&self, case: &Value, group: &str) -> Answer {
        let request = &case["request"];
        let method = request["method"].as_str().expect("a method");
        let path = self.substituted(request["path"].as_str().expect("a path"));
        let mut asked = self.server.http.request(method.parse().expect("a method"), self.server.url(&path));
        let headers = request["headers"].as_object().expect("headers");
        for (name, value) in headers {
            asked = asked.header(name, self.substituted(value.as_str().expect("a text")));
        }
        // Changes needed no credential once, nor did a look into the queue.
        let was_open = if path.starts_with("/api/review") {
            method == "GET"
        } else {
            method != "GET" && ["leaders", "feed", "posts", "review"].contains(&group)
        };
        if was_open && !headers.contains_key("Authorization") {
            asked = asked.bearer_auth(&self.admin);
        }
        if let Some(body) = request.get("json") {
            asked = asked.body(self.substituted(&body.to_string()));
        } else if let Some(body) = request["body"].as_str() {
            asked = asked.body(self.substituted(body));
        }
        Answer::to(asked).await
    }

    fn capture(&mut self, case: &Value, answer: &Answer) {
        for (name, path) in case["capture"].as_object().into_iter().flatten() {
            let path = path.as_str().and_then(|path| path.strip_prefix('$')).expect("a field of the answer");
            let pointer = path.replace(['.', '['], "/").replace(']', "");
            if let Some(value) = answer.json().pointer(&pointer).and_then(Value::as_str) {
                self.variables.insert(name.clone(), value.to_owned());
            }
        }
    }
}

/// Whether the route of this case is served now.
fn is_served(case: &Value) -> bool {
    let path = case["request"]["path"].as_str().expect("a path");
    let path = path.split('?').next().expect("there is a first part");
    ROUTES.iter().any(|route| *route == path || *route != "/" && route.ends_with('/') && path.starts_with(route))
}

/// The keys of `recorded` that `ours` does not have; of lists the first items are compared.
fn missing(recorded: &Value, ours: &Value, at: &str, found: &mut Vec<String>) {
    match (recorded, ours) {
        (Value::Object(recorded), ours) => {
            for (key, value) in recorded {
                // Keys of a map by handle are data, not shape.
                let is_data = at.ends_with(".handles");
                match ours.get(key) {
                    None if !is_data => found.push(format!("{at}.{key}")),
                    None => {}
                    Some(ours) => missing(value, ours, &format!("{at}.{key}"), found),
                }
            }
        }
        (Value::Array(recorded), Value::Array(ours)) => {
            if let (Some(recorded), Some(ours)) = (recorded.first(), ours.first()) {
                missing(recorded, ours, &format!("{at}[]"), found);
            }
        }
        _ => {}
    }
}

fn is_meant(id: &str, key: &str) -> bool {
    MISSING.iter().any(|(case, known)| {
        let fits = case.strip_suffix('*').map_or(*case == id, |beginning| id.starts_with(beginning));
        fits && key.starts_with(known)
    })
}

/// Replays a group of a profile on a fresh server; answers how many cases there were.
async fn replay(folder: &std::path::Path, profile: &str, group: &str, mistakes: &mut Vec<String>) -> usize {
    let file = std::fs::read(folder.join(format!("{group}.json"))).expect("the recorded cases");
    let file: Value = serde_json::from_slice(&file).expect("JSON");
    let mut cases: Vec<&Value> = file["cases"].as_array().expect("cases").iter().collect();
    cases.retain(|case| case["profile"] == profile && is_served(case));
    cases.sort_by_key(|case| case["seq"].as_i64());
    let mut replay = Replay::new().await;
    for case in &cases {
        let id = case["id"].as_str().expect("an id");
        let answer = replay.ask(case, group).await;
        let recorded = u16::try_from(case["response"]["status"].as_u64().expect("a status")).expect("a status");
        let other = OTHER_STATUS.iter().find(|(known, _)| *known == id).map(|(_, status)| *status);
        if answer.status != other.unwrap_or(recorded) {
            mistakes.push(format!("{profile} {id}: {recorded} was recorded, not {}: {}", answer.status, answer.text()));
            continue;
        }
        let Some(body) = case["response"].get("json").filter(|json| !json.is_null() && answer.status == recorded)
        else {
            continue;
        };
        if !answer.header("content-type").starts_with("application/json") {
            let is_meant = profile == "rate" && TEXT_NOW.contains(&id);
            if !is_meant && !answer.body.is_empty() {
                mistakes.push(format!("{profile} {id}: no JSON: {:.200}", answer.text()));
            }
        } else if !answer.body.is_empty() {
            let mut found = Vec::new();
            missing(body, &answer.json(), "$", &mut found);
            found.retain(|key| !is_meant(id, key));
            if !found.is_empty() {
                mistakes.push(format!("{profile} {id}: {found:?} are missing in {}", answer.text()));
            }
            // The old words for programs stay, where the status does.
            if answer.status >= 400 && !OTHER_WORD.contains(&id) && body["error"] != answer.json()["error"] {
                mistakes.push(format!("{profile} {id}: {} became {}", body["error"], answer.json()["error"]));
            }
        }
        replay.capture(case, &answer);
    }
    cases.len()
}

#[tokio::test]
async fn the_recorded_requests_are_answered_as_before() {
    let Some(data) = setting("AMBER_TEST_DATA") else {
        eprintln!("skipped: AMBER_TEST_DATA is not set");
        return;
    };
    let folder = PathBuf::from(data).join("seed-wire");
    let groups = [
        ("rate", "health"),
        ("embed", "health"),
        ("rate", "metrics"),
        ("embed", "metrics"),
        ("rate", "admin"),
        ("embed", "admin"),
        ("rate", "leaders"),
        ("embed", "leaders"),
        ("rate", "feed"),
        ("rate-ingest-off", "ingestion"),
        ("embed", "embed_token"),
        ("embed", "misc"),
        ("rate", "dashboard"),
        ("embed", "dashboard"),
        ("embed", "posts"),
        ("embed", "review"),
    ];
    let (mut mistakes, mut cases) = (Vec::new(), 0);
    for (profile, group) in groups {
        let replayed = replay(&folder, profile, group, &mut mistakes).await;
        assert!(replayed > 0, "there are no cases of {group} in {profile}");
        cases += replayed;
    }
    assert!(mistakes.is_empty(), "{} of {cases} cases:\n{}", mistakes.len(), mistakes.join("\n"));
}
