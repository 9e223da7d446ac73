//! Tests against answers that X really gave.

use std::fs;
use std::path::PathBuf;

use reqwest::StatusCode;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use crate::domain::{LeaderState, UserId};
use crate::x_api::answer::{Answer, Failure};
use crate::x_api::rate_limit::Limits;
use crate::x_api::{Error, Fault, ProblemKind, page, user};

/// The folder of the recordings, when there is one.
#[expect(clippy::disallowed_methods, reason = "a test asks where its data are, not how the server is set up")]
fn recordings() -> Option<PathBuf> {
    let Ok(data) = std::env::var("AMBER_TEST_DATA") else {
        eprintln!("skipped: AMBER_TEST_DATA is not set");
        return None;
    };
    Some(PathBuf::from(data).join("x-api"))
}

/// What a recorded failure means.
#[derive(Debug, PartialEq)]
enum Meaning {
    RateLimit,
    Failure(Failure),
}

fn meaning(name: &str) -> Meaning {
    let recorded = read(name).unwrap();
    let headers = recorded["headers"].as_object().unwrap().iter();
    let headers: HeaderMap = headers
        .map(|(key, value)| {
            (HeaderName::try_from(key).unwrap(), HeaderValue::from_str(value.as_str().unwrap()).unwrap())
        })
        .collect();
    let status = StatusCode::from_u16(u16::try_from(recorded["status"].as_u64().unwrap()).unwrap()).unwrap();
    let answer = Answer { status, headers, body: recorded["body"].to_string().into_bytes() };
    if answer.is_rate_limited() {
        return Meaning::RateLimit;
    }
    let limits = Limits::read(&answer.headers, jiff::Timestamp::UNIX_EPOCH);
    Meaning::Failure(answer.open(&limits).unwrap_err())
}

fn read(name: &str) -> Option<Value> {
    let text = fs::read_to_string(recordings()?.join("errors").join(name)).unwrap();
    Some(serde_json::from_str(&text).unwrap())
}

#[test]
fn every_recorded_post_is_valid() {
    let Some(folder) = recordings() else { return };
    let (mut posts, mut reposts, mut cut) = (0, 0, 0);
    for file in fs::read_dir(folder.join("samples")).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "jsonl") {
            continue;
        }
        for line in fs::read_to_string(&path).unwrap().lines() {
            let page = page::parse(&serde_json::from_str(line).unwrap(), None).unwrap();
            assert_eq!(page.rejected, [], "{}", path.display());
            assert_eq!(page.fetched, page.posts.len() as u64);
            assert_eq!(page.newest, page.posts.iter().map(|post| post.id).max());
            posts += page.posts.len();
            reposts += page.posts.iter().filter(|post| post.text.starts_with("RT @")).count();
            cut += page.posts.iter().filter(|post| post.truncated).count();
        }
    }
    assert_eq!((posts, reposts, cut), (206, 146, 0));
}

#[test]
fn the_hashtags_of_recorded_posts_stand_where_x_says_in_code_points_of_the_escaped_text() {
    let Some(folder) = recordings() else { return };
    let mut seen = 0;
    for file in fs::read_dir(folder.join("samples")).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "jsonl") {
            continue;
        }
        for line in fs::read_to_string(&path).unwrap().lines() {
            let body: Value = serde_json::from_str(line).unwrap();
            let page = page::parse(&body, None).unwrap();
            let records = body["data"].as_array().cloned().unwrap_or_else(|| vec![body["data"].clone()]);
            for (record, post) in records.iter().zip(&page.posts) {
                let text: Vec<char> = record["text"].as_str().unwrap().chars().collect();
                let tags = record["entities"]["hashtags"].as_array().into_iter().flatten();
                for tag in tags.filter(|_| !record["text"].as_str().unwrap().starts_with("RT @")) {
                    let at = |name: &str| usize::try_from(tag[name].as_u64().unwrap()).unwrap();
                    let said: String = text[at("start") + 1..at("end")].iter().collect();
                    assert!(post.hashtags.contains(&said), "{said} is not in {:?}", post.hashtags);
                    seen += 1;
                }
            }
        }
    }
    assert!(seen > 10, "only {seen} hashtags were compared");
}

#[test]
fn an_edited_post_is_known_by_its_first_version() {
    let Some(folder) = recordings() else { return };
    let post = |name: &str| {
        let body: Value =
            serde_json::from_str(&fs::read_to_string(folder.join("samples").join(name)).unwrap()).unwrap();
        page::parse(&body, None).unwrap().posts.remove(0)
    };
    let (before, after) = (post("edited_before.jsonl"), post("edited_after.jsonl"));
    assert_eq!(before.edit_root, before.id);
    assert_eq!(after.edit_root, before.id);
    assert!(after.id > before.id);
    assert_eq!(before.media[0].alt_text.as_deref(), Some("selfie of me with memoji"));
    let film = post("media_tweet.jsonl").media.remove(0);
    assert!(film.url.unwrap().contains("/1280x720/"));
}

#[test]
fn posts_without_the_fields_that_were_not_asked_for_are_rejected_but_passed_by() {
    let Some(folder) = recordings() else { return };
    let text = fs::read_to_string(folder.join("samples/test_client_get_users_tweets.0.json")).unwrap();
    let body = serde_json::from_str::<Value>(&text).unwrap()["body"].take();
    let page = page::parse(&body, Some(UserId(783_214))).unwrap();
    assert_eq!((page.posts.len(), page.rejected.len()), (0, 2));
    assert_eq!(page.newest.unwrap().0, 1_577_730_467_436_138_524);
    assert_eq!(page.oldest.unwrap().0, 1_565_318_587_736_285_184);
    assert_eq!(page.next_token.as_deref(), Some("7140dibdnow9c7btw4232poeq0wapgnwgwqwvuwn3peex"));
    assert_eq!(page.missing_fields["created_at"], 2);
}

#[test]
fn a_recorded_lookup_gives_its_accounts() {
    let Some(folder) = recordings() else { return };
    let text = fs::read_to_string(folder.join("samples/test_client_get_users.0.json")).unwrap();
    let body = serde_json::from_str::<Value>(&text).unwrap()["body"].take();
    let names: Vec<_> = user::parse_lookup(&body).unwrap().users.into_iter().map(|u| (u.id.0, u.username)).collect();
    assert_eq!(names, [(783_214, "Twitter".to_owned()), (2_244_994_945, "TwitterDev".to_owned())]);
}

#[test]
fn each_recorded_refusal_has_its_meaning() {
    if recordings().is_none() {
        return;
    }
    let refusal = |name: &str| match meaning(name) {
        Meaning::Failure(Failure::Final(error)) => error,
        other => panic!("{name}: {other:?}"),
    };
    assert_eq!(refusal("401_unauthorized.json"), Error::Unauthorized);
    assert_eq!(
        refusal("400_invalid_request.json"),
        Error::BadRequest { detail: "The `max_results` query parameter value [4] is not between 5 and 100".to_owned() }
    );
    assert_eq!(
        refusal("402_credits_depleted_a.json"),
        Error::PaymentRequired { detail: "credits depleted".to_owned() }
    );
    assert!(matches!(refusal("402_credits_depleted_b.json"), Error::PaymentRequired { .. }));
    assert!(matches!(refusal("403_client_not_enrolled.json"), Error::Forbidden { everywhere: true, .. }));
    assert!(matches!(refusal("403_unsupported_authentication.json"), Error::Forbidden { everywhere: true, .. }));
    let capped = Error::UsageCapped { detail: "Usage cap exceeded: Monthly product cap".to_owned() };
    assert_eq!(refusal("429_usage_cap.json"), capped);
    for name in
        ["401_unauthorized.json", "402_credits_depleted_a.json", "403_client_not_enrolled.json", "429_usage_cap.json"]
    {
        assert!(refusal(name).is_fatal_for_all(), "{name}");
    }
    assert!(!refusal("400_invalid_request.json").is_fatal_for_all());
}

#[test]
fn recorded_rate_limits_and_troubles_are_told_apart() {
    if recordings().is_none() {
        return;
    }
    for name in ["429_rate_limit_code88.json", "429_rate_limit_v2.json", "429_remaining_nonzero.json"] {
        assert_eq!(meaning(name), Meaning::RateLimit, "{name}");
    }
    let trouble = Failure::Passing(Fault::Status { status: 503, retry_after: None });
    assert_eq!(meaning("503_service_unavailable.json"), Meaning::Failure(trouble));
}

#[test]
fn a_recorded_success_may_be_a_failed_lookup() {
    let Some(mut protected) = read("200_protected_timeline.json") else { return };
    let page = page::parse(&protected["body"].take(), None).unwrap();
    assert_eq!(page.state, Some(LeaderState::Protected));
    for (name, kind, value) in [
        ("200_user_not_found.json", ProblemKind::NotFound, "missing1"),
        ("200_user_suspended.json", ProblemKind::Suspended, "481186914"),
    ] {
        let lookup = user::parse_lookup(&read(name).unwrap()["body"]).unwrap();
        assert_eq!(lookup.users, []);
        assert_eq!((lookup.problems[0].kind, lookup.problems[0].value.as_deref()), (kind, Some(value)));
    }
    let partial = page::parse(&read("200_partial.json").unwrap(), None).unwrap();
    assert_eq!((partial.fetched, partial.problems[0].kind, partial.state), (1, ProblemKind::NotFound, None));
}
