//! What an issued token says, and what is not issued.

use std::time::Duration;

use jiff::SignedDuration;
use secrecy::ExposeSecret;
use uuid::Uuid;

use super::*;
use crate::domain::{LeaderId, OriginError};

#[test]
fn an_issued_token_verifies_and_says_what_was_asked_for() {
    let clock = HandClock::new();
    let leaders = vec![LeaderId(Uuid::from_u128(7))];
    let asked = IssueRequest {
        origins: vec![origin(OTHER), origin(OTHER)],
        subject: Some("viewer-17".to_owned()),
        ttl: Some(Duration::from_mins(5)),
        leaders: leaders.clone(),
        ..request()
    };
    let issued = issuer(&clock).issue(asked, &registered()).unwrap();
    assert_eq!(issued.claims.key_id, "k2", "the first key signs");
    assert_eq!(issued.claims.expires_at.duration_since(issued.claims.issued_at), SignedDuration::from_secs(300));
    assert_eq!((issued.claims.origins.as_slice(), &issued.claims.leaders), ([origin(OTHER)].as_slice(), &leaders));
    let read = verifier(&clock).verify(issued.token.expose_secret());
    assert_eq!(read, Ok(issued.claims));
}

#[test]
fn left_out_fields_have_their_defaults() {
    let claims = issuer(&HandClock::new()).issue(request(), &registered()).unwrap().claims;
    assert_eq!(claims.subject, "anonymous");
    assert_eq!(claims.origins, registered());
    assert_eq!(claims.expires_at.duration_since(claims.issued_at), SignedDuration::from_secs(60));
}

#[test]
fn every_token_has_an_id_of_its_own() {
    let issuer = issuer(&HandClock::new());
    let [first, second] = [(); 2].map(|()| issuer.issue(request(), &registered()).unwrap());
    assert_ne!(first.claims.token_id, second.claims.token_id);
    assert_ne!(first.token.expose_secret(), second.token.expose_secret());
}

#[test]
fn a_life_is_one_to_three_hundred_seconds() {
    let with_ttl =
        |ttl| issuer(&HandClock::new()).issue(IssueRequest { ttl: Some(ttl), ..request() }, &registered()).map(drop);
    assert_eq!(with_ttl(Duration::from_secs(1)), Ok(()));
    assert_eq!(with_ttl(Duration::from_mins(5)), Ok(()));
    for too_long in [Duration::from_millis(300_001), Duration::from_secs(301), Duration::MAX] {
        let max = Duration::from_mins(5);
        assert_eq!(with_ttl(too_long), Err(Error::TtlTooLong { asked: too_long, max }));
    }
    for too_short in [Duration::ZERO, Duration::from_millis(999)] {
        assert!(matches!(with_ttl(too_short), Err(Error::FieldInvalid { field: "ttl", .. })), "{too_short:?}");
    }
}

#[test]
fn origins_must_be_registered_and_at_most_eight() {
    let clock = HandClock::new();
    let foreign = IssueRequest { origins: vec![origin(HOST), origin(FOREIGN)], ..request() };
    let refused = issuer(&clock).issue(foreign, &registered()).map(drop);
    assert_eq!(refused, Err(Error::OriginNotRegistered { origin: origin(FOREIGN) }));
    let with_registered = |registered: Vec<Origin>| issuer(&clock).issue(request(), &registered);
    let sites = |count: u32| (0..count).map(|n| origin(&format!("https://s{n}.example"))).collect::<Vec<_>>();
    assert!(with_registered(sites(8)).is_ok());
    for count in [0, 9] {
        let refused = with_registered(sites(count)).map(drop);
        assert!(matches!(refused, Err(Error::FieldInvalid { field: "allowed_origins", .. })), "{count}");
    }
}

#[test]
fn a_token_that_no_verifier_would_read_is_not_issued() {
    let leaders = |count: u128| (0..count).map(|n| LeaderId(Uuid::from_u128(n))).collect::<Vec<_>>();
    let with_leaders =
        |count| issuer(&HandClock::new()).issue(IssueRequest { leaders: leaders(count), ..request() }, &registered());
    assert!(with_leaders(20).is_ok());
    let refused = with_leaders(60).map(drop);
    assert!(matches!(refused, Err(Error::FieldInvalid { field: "leader_ids", .. })));
}

#[test]
fn a_subject_is_short_and_printable() {
    for subject in ["", "a\nb", &"x".repeat(129)] {
        let asked = IssueRequest { subject: Some(subject.to_owned()), ..request() };
        let refused = issuer(&HandClock::new()).issue(asked, &registered()).map(drop);
        assert!(matches!(refused, Err(Error::FieldInvalid { field: "user_id", .. })), "{subject:?}");
    }
}

#[test]
fn texts_become_origins_or_the_rule_they_break() {
    assert_eq!(parse_origins([HOST, OTHER]), Ok(registered()));
    assert_eq!(parse_origins([HOST, "null"]), Err(Error::OriginInvalid(OriginError::Form)));
}

#[test]
fn an_issued_token_does_not_show_itself() {
    let issued = issuer(&HandClock::new()).issue(request(), &registered()).unwrap();
    let (_, signature) = issued.token.expose_secret().rsplit_once('.').unwrap();
    assert!(!format!("{issued:?}").contains(signature));
}
