//! Old posts in every form in which they are found.

use jiff::Timestamp;

use super::*;
use crate::domain::LeaderState;

const ID: &str = "ed013591-7b37-4b98-b01c-c5295c3cafef";

fn leader() -> Leader {
    Leader {
        id: LeaderId(uuid_of(Table::Leaders, "ada")),
        name: "Ada".to_owned(),
        handles: [("x", "ada"), ("facebook", "@ada.fb")].map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
        tracking_topics: Vec::new(),
        created_at: Timestamp::UNIX_EPOCH,
        x_user_id: None,
        avatar_url: None,
        state: LeaderState::Unresolved,
        x_post_count: None,
    }
}

/// A post of 2025 with these columns in place of its own; an empty one is NULL.
fn read_with(columns: &[(&'static str, &str)]) -> (Result<ImportedPost, String>, Notes) {
    let own = [
        ("leader_id", "ada"),
        ("platform", "X"),
        ("content", "The meeting is on Monday."),
        ("timestamp", "2025-01-01 00:00:00"),
        ("sentiment", "Neutral"),
        ("metrics", "{}"),
        ("verification_status", "Needs Review"),
    ];
    let kept = own.into_iter().filter(|(column, _)| columns.iter().all(|(other, _)| other != column));
    let row = Row::new(ID, kept.chain(columns.iter().copied().filter(|(_, text)| !text.is_empty())));
    let mut notes = Notes::default();
    (super::read(&row, Some(&leader()), &Analyzer::new(), &mut notes), notes)
}

fn read(columns: &[(&'static str, &str)]) -> ImportedPost {
    read_with(columns).0.unwrap()
}

#[test]
fn what_a_post_must_have_is_asked_for_by_name() {
    for (column, text, reason) in [
        ("leader_id", "", "it has no leader_id"),
        ("platform", "", "it has no platform"),
        ("content", "", "it has no content"),
        ("timestamp", "", "it has no timestamp"),
        ("timestamp", "yesterday", "its timestamp \"yesterday\" is no time"),
        ("metrics", r#"{"origin": "sample"}"#, "the old service made it up (its origin is sample)"),
    ] {
        assert_eq!(read_with(&[(column, text)]).0, Err(reason.to_owned()));
    }
    let row = Row::new(ID, [("leader_id", "eve"), ("platform", "X"), ("content", ""), ("timestamp", "")]);
    let orphan = super::read(&row, None, &Analyzer::new(), &mut Notes::default());
    assert_eq!(orphan, Err("its leader \"eve\" is not in Amber".to_owned()));
}

#[test]
fn a_post_keeps_its_id_its_time_and_its_number() {
    let metrics = r#"{"externalId": "1874241432000000000", "likes": 3, "comments": "4", "shares": 5.0, "views": -1}"#;
    let post = read(&[("metrics", metrics), ("created_at", "2025-01-02 00:00:00")]);
    assert_eq!(post.id.to_string(), ID);
    assert_eq!(post.number, Some(ExternalId(1_874_241_432_000_000_000)));
    assert_eq!(post.permalink, "https://x.com/ada/status/1874241432000000000");
    assert_eq!(post.posted_at.to_string(), "2025-01-01T00:00:00Z");
    assert_eq!(post.first_seen_at.to_string(), "2025-01-02T00:00:00Z");
    let counts = PostMetrics { likes: Some(3), replies: Some(4), reposts: Some(5), ..PostMetrics::default() };
    assert_eq!(post.metrics, counts);
    assert!(post.is_asked_again);
    let later = read(&[("metrics", metrics), ("platform_post_id", "1874241432000000001")]);
    assert_eq!(later.number, Some(ExternalId(1_874_241_432_000_000_001)), "the column of later databases comes first");
}

#[test]
fn x_is_not_asked_for_a_number_that_somebody_made_up() {
    let post = read(&[("metrics", r#"{"externalId": 1000}"#)]);
    assert_eq!((post.number, post.is_asked_again), (Some(ExternalId(1000)), false));
    let post = read(&[("metrics", r#"{"externalId": "abc"}"#)]);
    assert_eq!((post.number, post.external_id.as_str(), post.permalink.as_str()), (None, "abc", ""));
}

#[test]
fn a_platform_is_read_or_kept_by_its_name() {
    for (name, platform, handle) in
        [("Twitter", Platform::X, "ada"), ("Facebook", Platform::Facebook, "ada.fb"), ("News", Platform::News, "")]
    {
        let post = read(&[("platform", name)]);
        assert_eq!((post.platform, post.platform_name, post.author.handle.as_str()), (platform, None, handle));
    }
    let post = read(&[("platform", "MySpace"), ("metrics", r#"{"externalId": "5", "url": "https://a.example/5"}"#)]);
    assert_eq!((post.platform, post.platform_name.as_deref()), (Platform::Other, Some("MySpace")));
    assert_eq!((post.number, post.permalink.as_str()), (None, "https://a.example/5"));
}

#[test]
fn a_label_that_the_model_does_not_give_was_given_by_somebody() {
    let tone = |content, label| read(&[("content", content), ("sentiment", label)]).sentiment;
    assert!(matches!(tone("I love this great progress", "Positive"), Sentiment::Scored { .. }));
    assert_eq!(tone("I love this great progress", "Negative"), Sentiment::Given(Label::Negative));
    assert!(matches!(tone("यह बहुत अच्छा है", "Neutral"), Sentiment::Unscored(_)));
    assert_eq!(tone("यह बहुत अच्छा है", "Positive"), Sentiment::Given(Label::Positive));
}

#[test]
fn what_amber_does_not_know_is_noted() {
    let odd = [("sentiment", "Bogus"), ("verification_status", "Maybe"), ("metrics", "[1]")];
    let (post, notes) = read_with(&odd);
    let post = post.unwrap();
    assert!(matches!(post.sentiment, Sentiment::Scored { .. }));
    assert_eq!((post.verification, post.metrics), (Verification::NeedsReview, PostMetrics::default()));
    assert_eq!(notes.len(), 3, "{notes:?}");
    assert_eq!(read(&[("verification_status", "verified")]).verification, Verification::Verified);
}
