//! What the client makes of every error that X has been seen to answer.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use amber_server::domain::{ExternalId, Handle, LeaderState, SystemClock, UserId};
use amber_server::sandbox::{Canned, Fault};
use amber_server::x_api::{Client, Error, ProblemKind, TimelineRequest};
use amber_tests::{FakeXApi, setting};
use serde_json::Value;

use super::client;

/// What an answer means to the client.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Meaning {
    /// Data, and one problem beside them.
    Partial(ProblemKind),
    /// The account whose timeline was asked for is in this state.
    State(LeaderState),
    /// The account that was looked up has this problem.
    Unknown(ProblemKind),
    /// A defect of Amber: not tried again.
    BadRequest,
    /// All ingestion stops until somebody acts.
    Fatal,
    /// The endpoint rests; the breaker does not count it.
    Rest,
    /// Tried again until the retries are spent.
    Trouble,
}

const MEANINGS: [(&str, Meaning); 15] = [
    ("200_partial", Meaning::Partial(ProblemKind::NotFound)),
    ("200_protected_timeline", Meaning::State(LeaderState::Protected)),
    ("200_user_not_found", Meaning::Unknown(ProblemKind::NotFound)),
    ("200_user_suspended", Meaning::Unknown(ProblemKind::Suspended)),
    ("400_invalid_request", Meaning::BadRequest),
    ("401_unauthorized", Meaning::Fatal),
    ("402_credits_depleted_a", Meaning::Fatal),
    ("402_credits_depleted_b", Meaning::Fatal),
    ("403_client_not_enrolled", Meaning::Fatal),
    ("403_unsupported_authentication", Meaning::Fatal),
    ("429_rate_limit_code88", Meaning::Rest),
    ("429_rate_limit_v2", Meaning::Rest),
    ("429_remaining_nonzero", Meaning::Rest),
    ("429_usage_cap", Meaning::Fatal),
    ("503_service_unavailable", Meaning::Trouble),
];

/// The folder of the recorded errors, when there is one.
fn folder() -> Option<PathBuf> {
    let folder = setting("AMBER_TEST_DATA").map(|data| Path::new(&data).join("x-api/errors"));
    if folder.is_none() {
        eprintln!("skipped: AMBER_TEST_DATA is not set");
    }
    folder
}

/// A recorded answer; those without an envelope are bodies of a 200.
fn canned(file: &Path) -> Canned {
    let recorded: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    let Some(status) = recorded["status"].as_u64().filter(|_| recorded["body"].is_object()) else {
        return Canned { status: 200, headers: Vec::new(), body: recorded.to_string() };
    };
    let header = |(name, value): (&String, &Value)| (name.clone(), value.as_str().unwrap().to_owned());
    let headers = recorded["headers"].as_object().unwrap().iter().map(header).collect();
    Canned { status: status.try_into().unwrap(), headers, body: recorded["body"].to_string() }
}

async fn timeline(client: &Client) -> Result<Option<Meaning>, Error> {
    let request = TimelineRequest { user: UserId(7), since: None, until: None, max_results: 5, token: None };
    let page = client.user_timeline(request).await?;
    let partial = page.problems.first().filter(|_| page.fetched > 0).map(|problem| Meaning::Partial(problem.kind));
    Ok(page.state.map(Meaning::State).or(partial))
}

async fn posts(client: &Client) -> Result<Option<Meaning>, Error> {
    client.posts_by_ids(&[ExternalId(7)]).await.map(|_| None)
}

async fn users(client: &Client) -> Result<Option<Meaning>, Error> {
    let found = client.users_by_usernames(&[Handle::parse("ada").unwrap()]).await?;
    Ok(found.problems.first().map(|problem| Meaning::Unknown(problem.kind)))
}

fn refusal(error: &Error) -> Meaning {
    match error {
        Error::BadRequest { .. } => Meaning::BadRequest,
        Error::RateLimited { .. } => Meaning::Rest,
        Error::Unavailable { attempts: 7, .. } => Meaning::Trouble,
        fatal if fatal.is_fatal_for_all() => Meaning::Fatal,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn every_recorded_error_has_its_meaning() {
    let Some(folder) = folder() else { return };
    for (name, meaning) in MEANINGS {
        let canned = canned(&folder.join(format!("{name}.json")));
        for call in ["timeline", "users", "posts"] {
            let x = FakeXApi::start(SystemClock).await;
            let client = client(&x).await;
            x.fail_next(100, Fault::Canned(canned.clone()));
            let made = match call {
                "timeline" => timeline(&client).await,
                "users" => users(&client).await,
                _ => posts(&client).await,
            };
            let about = if matches!(meaning, Meaning::Unknown(_)) { "users" } else { "timeline" };
            match made {
                Ok(made) if call == about => assert_eq!(made, Some(meaning), "{name}"),
                Ok(_) => assert_eq!(canned.status, 200, "{name}: {call}"),
                Err(error) => assert_eq!(refusal(&error), meaning, "{name}: {call}: {error}"),
            }
            let calls = if meaning == Meaning::Trouble { 7 } else { 1 };
            assert_eq!(x.request_count(), calls, "{name}: {call}");
        }
    }
}

#[test]
fn no_recorded_error_is_left_out() {
    let Some(folder) = folder() else { return };
    let names = fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let recorded: BTreeSet<String> = names.filter_map(|name| name.strip_suffix(".json").map(str::to_owned)).collect();
    let told: BTreeSet<String> = MEANINGS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(told, recorded);
}
