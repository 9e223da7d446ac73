//! What each kind of answer does to a walk.

use std::time::Duration;

use serde_json::json;
use uuid::Uuid;

use super::hostile::page;
use super::scripted::{Scripted, refused};
use super::stage::{Errand, stage};
use crate::domain::{LeaderState, RunId, RunTrigger};
use crate::ingestion::walk::Stop;
use crate::store::{Claim, StreamKind};
use crate::x_api::{Rejected, TimelinePage};

/// The number of a post made `minute` minutes after some moment.
pub(super) fn id(minute: i64) -> i64 {
    (1_767_225_600_000 + minute * 60_000 - 1_288_834_974_657) << 22
}

pub(super) fn end() -> TimelinePage {
    page(&[], None)
}

#[expect(clippy::unnecessary_wraps, reason = "pages and requests hold it so")]
pub(super) fn token(name: &str) -> Option<String> {
    Some(name.to_owned())
}

#[tokio::test]
async fn the_first_read_stops_at_the_limit_and_the_next_one_asks_for_the_overlap() {
    let (stage, shelf) = stage().await;
    let x = Scripted::new([Ok(page(&[id(9), id(8)], token("a"))), Ok(page(&[id(7), id(6)], token("b")))]);
    let errand = Errand { limit: Some(3), ..Errand::default() };
    stage.walk(x.clone(), shelf.lease(), errand).await.1.unwrap();
    assert_eq!(x.asked(), [(None, None, None), (None, Some(id(8)), None)], "by bounds, not by token");
    let checkpoint = shelf.checkpoint(StreamKind::Posts);
    assert_eq!((checkpoint.floor, checkpoint.top, checkpoint.high_water), (Some(id(6)), Some(id(9)), Some(id(6) - 1)));

    let x = Scripted::new([Ok(end())]);
    stage.walk(x.clone(), shelf.lease(), errand).await.1.unwrap();
    assert_eq!(x.asked(), [(Some(id(9 - 60)), None, None)]);
}

#[tokio::test]
async fn only_an_empty_answer_without_a_token_closes_a_gap() {
    let (stage, shelf) = stage().await;
    let errand = Errand::default();
    stage.walk(Scripted::new([Ok(page(&[id(0)], None))]), shelf.lease(), errand).await.1.unwrap();
    let x = Scripted::new([
        Ok(page(&[id(90), id(80)], None)),
        Ok(page(&[], token("a"))),
        Ok(page(&[id(70)], None)),
        Ok(page(&[], token("b"))),
        Ok(end()),
    ]);
    stage.walk(x.clone(), shelf.lease(), errand).await.1.unwrap();
    let since = Some(id(-60));
    assert_eq!(
        x.asked(),
        [
            (since, None, None),
            (since, Some(id(80)), None),
            (since, Some(id(80)), token("a")),
            (since, Some(id(70)), None),
            (since, Some(id(70)), token("b")),
        ]
    );
    let checkpoint = shelf.checkpoint(StreamKind::Posts);
    assert_eq!((checkpoint.gaps.len(), checkpoint.high_water), (0, Some(id(90))));
}

#[tokio::test]
async fn a_token_that_x_refuses_is_dropped_for_the_bounds() {
    let (stage, shelf) = stage().await;
    let errand = Errand::default();
    stage.walk(Scripted::new([Ok(page(&[id(0)], None))]), shelf.lease(), errand).await.1.unwrap();
    let x = Scripted::new([
        Ok(page(&[], token("a"))),
        refused(),
        Ok(page(&[id(90)], None)),
        Ok(page(&[], token("b"))),
        refused(),
        Ok(end()),
    ]);
    stage.walk(x.clone(), shelf.lease(), errand).await.1.unwrap();
    let tokens: Vec<_> = x.asked().into_iter().map(|(_, _, token)| token).collect();
    assert_eq!(tokens, [None, token("a"), None, None, token("b"), None]);
    assert_eq!(shelf.checkpoint(StreamKind::Posts).high_water, Some(id(90)));
}

#[tokio::test]
async fn a_refused_head_page_moves_nothing() {
    let (stage, shelf) = stage().await;
    let errand = Errand::default();
    stage.walk(Scripted::new([Ok(page(&[id(0)], None))]), shelf.lease(), errand).await.1.unwrap();
    let before = shelf.checkpoint(StreamKind::Posts);
    let outcome = stage.walk(Scripted::new([refused()]), shelf.lease(), errand).await.1;
    assert!(matches!(outcome, Err(Stop::X(_))), "{outcome:?}");
    assert_eq!(shelf.checkpoint(StreamKind::Posts), before);
    assert!(shelf.kept().streams[&StreamKind::Posts].last_error.as_ref().unwrap().contains("does not accept"));
}

#[tokio::test]
async fn bounds_that_x_takes_as_inclusive_do_not_stop_the_walk() {
    let (stage, shelf) = stage().await;
    let errand = Errand::default();
    stage.walk(Scripted::new([Ok(page(&[id(0)], None))]), shelf.lease(), errand).await.1.unwrap();
    let since = id(-60);
    let x = Scripted::new([
        Ok(page(&[id(90), id(80)], token("a"))),
        Ok(page(&[id(80), id(70)], token("b"))),
        Ok(page(&[id(70), since], None)),
    ]);
    stage.walk(x, shelf.lease(), errand).await.1.unwrap();
    assert_eq!(shelf.checkpoint(StreamKind::Posts).high_water, Some(id(90)));
}

#[tokio::test]
async fn the_limit_counts_new_posts_and_leaves_the_rest_as_a_gap() {
    let (stage, shelf) = stage().await;
    stage.walk(Scripted::new([Ok(page(&[id(0)], None))]), shelf.lease(), Errand::default()).await.1.unwrap();
    let errand = Errand { limit: Some(2), ..Errand::default() };
    // The known post on the first page does not count.
    let x = Scripted::new([Ok(page(&[id(90), id(0)], token("a"))), Ok(page(&[id(-10)], None))]);
    stage.walk(x.clone(), shelf.lease(), errand).await.1.unwrap();
    assert_eq!(x.calls(), 2);
    assert_eq!(shelf.checkpoint(StreamKind::Posts).gaps[0].cursor, id(-10));

    let x = Scripted::new([Ok(end()), Ok(page(&[id(-20), id(-30)], None))]);
    stage.walk(x.clone(), shelf.lease(), errand).await.1.unwrap();
    assert_eq!(x.asked()[1], (Some(id(-60)), Some(id(-10)), None));
}

#[tokio::test]
async fn records_without_a_usable_number_go_to_quarantine_and_the_walk_goes_on_behind_them() {
    let (stage, shelf) = stage().await;
    let errand = Errand::default();
    stage.walk(Scripted::new([Ok(page(&[id(0)], None))]), shelf.lease(), errand).await.1.unwrap();
    let odd = TimelinePage {
        rejected: vec![Rejected { raw: json!({}), reason: "no id".to_owned(), path: "data[0]".to_owned() }],
        fetched: 1,
        next_token: token("a"),
        ..TimelinePage::default()
    };
    let x = Scripted::new([Ok(odd), Ok(page(&[id(90)], None)), Ok(end())]);
    stage.walk(x, shelf.lease(), errand).await.1.unwrap();
    assert_eq!(shelf.kept().quarantined, 1);
    assert!(shelf.kept().posts.contains(&id(90)));
}

#[tokio::test]
async fn a_cancelled_run_ends_after_its_page_is_stored() {
    let (stage, shelf) = stage().await;
    shelf.kept().cancel_requested = true;
    let x = Scripted::new([Ok(page(&[id(9), id(8)], token("a")))]);
    let (counters, outcome) = stage.walk(x.clone(), shelf.lease(), Errand::default()).await;
    assert!(matches!(outcome, Err(Stop::RunCancelled)), "{outcome:?}");
    assert_eq!((counters.inserted, shelf.kept().posts.len(), x.calls()), (2, 2, 1));
}

#[tokio::test]
async fn without_a_sure_lease_x_is_not_called() {
    let (stage, shelf) = stage().await;
    let claim = Claim {
        lease: shelf.lease(),
        run: RunId(Uuid::nil()),
        trigger: RunTrigger::Schedule,
        backfill: false,
        dry_run: false,
        taken_over: false,
    };
    let x = Scripted::new([]);
    let (_, outcome) = stage.walk_for(x.clone(), claim, None, Duration::ZERO).await;
    assert!(matches!(outcome, Err(Stop::Cancelled)), "{outcome:?}");
    assert_eq!(x.calls(), 0);
}

#[tokio::test]
async fn an_overtaken_walk_stores_nothing() {
    let (stage, shelf) = stage().await;
    let x = Scripted::new([Ok(page(&[id(9)], None))]);
    let mut old = stage.walk(x, shelf.lease(), Errand::default());
    assert!(super::stage::cut(&mut old, 2).await.is_none());
    shelf.lease();
    let (_, outcome) = old.await;
    assert!(matches!(outcome, Err(Stop::Store(_))), "{outcome:?}");
    assert_eq!(shelf.kept().posts.len(), 0);
}

#[tokio::test]
async fn a_dry_run_stores_nothing_and_counts_what_it_would() {
    let (stage, shelf) = stage().await;
    let errand = Errand { dry_run: true, ..Errand::default() };
    let (counters, outcome) = stage.walk(Scripted::new([Ok(page(&[id(9), id(8)], None))]), shelf.lease(), errand).await;
    outcome.unwrap();
    assert_eq!((counters.inserted, shelf.kept().posts.len()), (2, 0));
    assert_eq!(shelf.kept().streams[&StreamKind::Posts].version, 0);
}

#[tokio::test]
async fn an_account_that_cannot_be_read_ends_the_walk_and_moves_nothing() {
    let (stage, shelf) = stage().await;
    let gone = TimelinePage { state: Some(LeaderState::Suspended), ..TimelinePage::default() };
    let (_, outcome) = stage.walk(Scripted::new([Ok(gone)]), shelf.lease(), Errand::default()).await;
    assert!(matches!(outcome, Err(Stop::Unreadable(LeaderState::Suspended))), "{outcome:?}");
    assert_eq!(shelf.kept().streams[&StreamKind::Posts].version, 0);
}
