//! What a refused call tells, against what the contract documents.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use tonic_types::ErrorInfo;

use super::*;
use crate::domain::{Origin, OriginError, PolicyName, Role, RunId, Scope, Violation};
use crate::grpc::reason::{of_auth, of_embed};
use crate::store::{self, StreamId};
use crate::telemetry::RequestId;
use crate::usecase::Missing;

const SECRET: &str = "password=hunter2 host=10.0.0.1";

fn request_id() -> RequestId {
    RequestId::accept(Some("request-0001"), &crate::domain::OsEntropy)
}

fn refusal(error: &Error) -> Status {
    status(error, Some(&request_id()))
}

fn info(status: &Status) -> ErrorInfo {
    status.get_details_error_info().expect("every refusal carries a reason")
}

fn auth_errors() -> Vec<auth::Error> {
    vec![
        auth::Error::CredentialMissing,
        auth::Error::CredentialInvalid,
        auth::Error::CredentialExpired,
        auth::Error::CredentialAmbiguous,
        auth::Error::RoleMissing { needed: Role::Admin },
        auth::Error::ScopeMissing { needed: Scope::EmbedIssue },
        auth::Error::BootstrapDisabled,
        auth::Error::AdminIdInvalid,
        auth::Error::SecretTooShort,
    ]
}

fn embed_errors() -> Vec<embed::Error> {
    let at = Timestamp::from_second(1_769_860_800).unwrap();
    vec![
        embed::Error::TokenMalformed,
        embed::Error::TokenBadSignature,
        embed::Error::TokenWrongAudience,
        embed::Error::TokenExpired { expired_at: at },
        embed::Error::TokenNotYetValid { valid_from: at },
        embed::Error::TokenReplayed,
        embed::Error::TokenRevoked,
        embed::Error::SessionEnded,
        embed::Error::DashboardNotFound,
        embed::Error::WrongDashboard,
        embed::Error::OriginNotAllowed,
        embed::Error::OriginUnknown,
        embed::Error::OriginNotRegistered { origin: Origin::parse("https://other.example").unwrap() },
        embed::Error::OriginInvalid(OriginError::Form),
        embed::Error::TtlTooLong { asked: Duration::from_secs(301), max: Duration::from_mins(5) },
        embed::Error::FieldInvalid { field: "dashboard_id", problem: "is not an id" },
        embed::Error::ReplayStoreUnavailable,
    ]
}

fn bugs() -> Vec<Error> {
    let stream = StreamId(uuid::Uuid::nil());
    let store = [
        store::Error::Fenced { stream },
        store::Error::Conflict { what: "record" },
        store::Error::Unbalanced { fetched: 2, held: 1 },
        store::Error::Corrupt { what: "row" },
        store::Error::BadUrl { reason: "the driver cannot read it" },
        store::Error::InUse { path: SECRET.into() },
        store::Error::Internal { source: SECRET.into() },
    ];
    let mut bugs: Vec<Error> = store.into_iter().map(Error::Store).collect();
    bugs.push(Error::Auth(auth::Error::SecretTooShort));
    bugs
}

fn unavailable() -> Error {
    Error::Store(store::Error::Unavailable { source: SECRET.into() })
}

fn errors() -> Vec<Error> {
    let mut errors = vec![
        Error::field("dashboardId", "dashboardId is required"),
        Error::PageToken,
        Error::NotFound(Missing::Leader),
        Error::NotFound(Missing::Run),
        Error::NotFound(Missing::Checkpoint),
        Error::NotFound(Missing::Dashboard),
        Error::NotFound(Missing::ApiKey),
        Error::DashboardExists,
        Error::DashboardChanged,
        Error::Disabled("Embedding is not enabled"),
        Error::Busy(16),
        Error::TooManyWatchers(256),
        Error::Stopping,
        Error::Checkpoints("the checkpoint folder cannot be used".to_owned()),
        Error::StillRunning(RunId(uuid::Uuid::nil())),
        Error::Unreadable("X does not answer".to_owned()),
        unavailable(),
    ];
    errors.extend(bugs());
    errors.extend(auth_errors().into_iter().map(Error::Auth));
    errors.extend(embed_errors().into_iter().map(Error::Embed));
    errors
}

/// The comment of a reason in the contract, on one line.
fn documented(reason: ErrorReason) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../proto/amber/v1/error_reason.proto");
    let text = fs::read_to_string(file).expect("the contract lies beside the server");
    let name = reason.as_str_name();
    let from = text.find(&format!("// {name} is")).unwrap_or_else(|| panic!("{name} is not documented"));
    let until = text[from..].find(&format!("{name} =")).expect("the value follows its comment");
    text[from..from + until]
        .lines()
        .map(|line| line.trim().trim_start_matches("//").trim())
        .collect::<Vec<_>>()
        .join(" ")
}

fn reasons() -> impl Iterator<Item = ErrorReason> {
    (1..).map_while(|number| ErrorReason::try_from(number).ok())
}

#[test]
fn every_reason_has_the_code_that_the_contract_documents() {
    assert!(reasons().count() >= 31);
    for reason in reasons() {
        let code = format!("{:?}", code(reason));
        let documented = documented(reason);
        let told = documented.split("Code ").nth(1).and_then(|rest| rest.split('.').next()).unwrap_or_default();
        assert_eq!(told.replace('_', "").to_lowercase(), code.to_lowercase(), "{reason:?}");
    }
}

#[test]
fn every_error_info_has_the_form_that_the_contract_shows() {
    for error in errors() {
        let status = refusal(&error);
        let told = info(&status);
        assert_eq!(told.domain, "amber.v1");
        assert_eq!(status.code(), code(reason(&error)), "{error:?}");
        let comment = documented(reason(&error));
        let example = &comment[comment.find('{').expect("an example")..];
        let example: serde_json::Value = serde_json::from_str(example).expect("the example is JSON");
        assert_eq!(example["reason"], told.reason.as_str());
        let shown: BTreeSet<&str> =
            example["metadata"].as_object().into_iter().flatten().map(|(key, _)| key.as_str()).collect();
        assert_eq!(told.metadata.keys().map(String::as_str).collect::<BTreeSet<_>>(), shown, "{error:?}");
    }
}

#[test]
fn a_reason_is_the_same_in_answers_and_metrics() {
    for error in embed_errors() {
        assert_eq!(of_embed(&error).wire_name(), error.reason());
    }
    for error in auth_errors() {
        let name = of_auth(&error).wire_name();
        match error {
            auth::Error::BootstrapDisabled => assert_eq!(name, "FEATURE_DISABLED"),
            auth::Error::SecretTooShort => assert_eq!(name, "INTERNAL"),
            other => assert_eq!(name, other.reason()),
        }
    }
}

#[test]
fn bad_fields_have_the_names_of_the_contract_and_all_are_told() {
    let old = ["adminId", "dashboardId", "leaders", "trackingTopics", "handles.x"];
    let error = Error::Invalid(old.map(|field| Violation::new(field, format!("{field} is wrong"))).into());
    let status = refusal(&error);
    let bad = status.get_details_bad_request().unwrap().field_violations;
    let fields: Vec<&str> = bad.iter().map(|bad| bad.field.as_str()).collect();
    assert_eq!(fields, ["admin_id", "dashboard_id", "leader_ids", "tracking_topics", "handles.x"]);
    assert_eq!(bad[0].description, "adminId is wrong");
    assert_eq!(info(&status).metadata["field"], "admin_id");
}

#[test]
fn exactly_the_refusals_of_a_field_name_one() {
    for error in errors() {
        let status = refusal(&error);
        let bad = status.get_details_bad_request();
        assert_eq!(bad.is_some(), status.code() == Code::InvalidArgument, "{error:?}");
        assert!(bad.is_none_or(|bad| !bad.field_violations.is_empty()), "{error:?}");
    }
}

#[test]
fn what_time_mends_says_how_long_to_wait() {
    for error in errors() {
        let told = refusal(&error).get_details_retry_info().and_then(|retry| retry.retry_delay);
        assert_eq!(told, error.retry_after(), "{error:?}");
    }
    let wait = refusal(&unavailable()).get_details_retry_info().unwrap().retry_delay;
    assert_eq!(wait, Some(Duration::from_secs(1)));
}

#[test]
fn no_words_of_a_driver_leave() {
    for error in bugs().into_iter().chain([unavailable()]) {
        let status = refusal(&error);
        let bytes = String::from_utf8_lossy(status.details()).into_owned();
        for told in [status.message(), &bytes, &format!("{status:?}")] {
            assert!(!told.contains("hunter2") && !told.contains("10.0.0.1"), "{told}");
        }
    }
}

#[test]
fn a_bug_is_found_in_the_logs_by_its_id() {
    for error in bugs() {
        let status = refusal(&error);
        assert_eq!((status.code(), status.message()), (Code::Internal, INTERNAL), "{error:?}");
        assert_eq!(info(&status).metadata["error_id"], "request-0001");
    }
}

#[test]
fn a_long_text_does_not_burst_the_trailers() {
    let long = "ä".repeat(100_000);
    let status = refusal(&Error::field("f", long));
    assert!(status.message().len() <= MAX_TEXT + '…'.len_utf8());
    assert!(status.details().len() < 4 * MAX_TEXT, "{}", status.details().len());
}

#[test]
fn a_refused_credential_is_told_without_a_request() {
    let status = unauthenticated(&auth::Error::CredentialExpired);
    assert_eq!((status.code(), info(&status).reason.as_str()), (Code::Unauthenticated, "CREDENTIAL_EXPIRED"));
}

#[test]
fn a_limited_caller_learns_when_to_come_back() {
    let decision = Decision {
        policy: PolicyName::Authenticated,
        allowed: false,
        limit: 60,
        remaining: 0,
        reset_after: Duration::from_mins(1),
        retry_after: Duration::from_millis(1_200),
    };
    let status = refused(&decision, Timestamp::from_second(1_000).unwrap(), 0.5);
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert_eq!((info(&status).reason.as_str(), info(&status).metadata["limit"].as_str()), ("RATE_LIMITED", "60"));
    assert_eq!(status.get_details_retry_info().unwrap().retry_delay, Some(Duration::from_secs(2)));
    assert_eq!(info(&status).metadata["policy"], "authenticated");
    assert_eq!(status.get_details_quota_failure().unwrap().violations[0].subject, "authenticated");
    let told =
        ["retry-after", "grpc-retry-pushback-ms", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"]
            .map(|key| status.metadata().get(key).unwrap().to_str().unwrap().to_owned());
    assert_eq!(told, ["2", "1261", "60", "0", "1060"]);
}
