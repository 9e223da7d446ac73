//! Backfills: older posts, downwards from the first read, as far as X gives them.

use super::hostile::page;
use super::rules::{end, id};
use super::scripted::Scripted;
use super::stage::{Errand, cut, stage};
use crate::domain::Checkpoint;
use crate::store::StreamKind;
use crate::x_api::TimelinePage;

const ALL: Errand = Errand { limit: None, backfill: true, dry_run: false };

/// Page `number` of a timeline of posts one minute apart, 100 a page.
fn full_page(number: i64, last: i64) -> TimelinePage {
    let ids: Vec<i64> = (0..100).map(|place| id(-(number * 100 + place))).collect();
    page(&ids, (number != last).then(|| number.to_string()))
}

#[tokio::test]
async fn a_backfill_without_a_limit_reads_all_that_x_gives_and_knows_that_there_may_be_more() {
    let (stage, shelf) = stage().await;
    let x = Scripted::new((0..32).map(|number| Ok(full_page(number, 31))).chain([Ok(end())]));
    let (counters, outcome) = stage.walk(x.clone(), shelf.lease(), ALL).await;
    outcome.unwrap();
    assert_eq!((counters.inserted, x.calls()), (3_200, 33));
    let older = shelf.checkpoint(StreamKind::Backfill);
    assert!(older.bounded && older.gaps.is_empty() && older.unreachable.is_empty());
}

#[tokio::test]
async fn a_backfill_that_reaches_the_first_post_is_not_bounded() {
    let (stage, shelf) = stage().await;
    let x = Scripted::new([Ok(full_page(0, 1)), Ok(full_page(1, 1)), Ok(end())]);
    stage.walk(x, shelf.lease(), ALL).await.1.unwrap();
    let older = shelf.checkpoint(StreamKind::Backfill);
    assert!(!older.bounded && older.gaps.is_empty());

    // It is over: the next one looks at the head alone.
    let x = Scripted::new([Ok(end())]);
    stage.walk(x, shelf.lease(), ALL).await.1.unwrap();
}

#[tokio::test]
async fn a_page_is_taken_for_new_on_a_new_stream_and_behind_one_that_was() {
    let (stage, shelf) = stage().await;
    let walk = async |pages: Vec<TimelinePage>, limit| {
        let x = Scripted::new(pages.into_iter().map(Ok));
        stage.walk(x, shelf.lease(), Errand { limit: Some(limit), ..ALL }).await.1.unwrap();
        std::mem::take(&mut shelf.kept().likely_new)
    };
    assert_eq!(walk(vec![full_page(0, 9), full_page(1, 9)], 200).await, [true, true]);
    // A head page that ends among what is known, and then the gap below it, which was read already.
    let head = page(&[id(30), id(-1)], None);
    let again = walk(vec![head, end(), full_page(2, 9), full_page(3, 9)], 201).await;
    assert_eq!(again, [false, false, true, true], "the backfill begins on a stream of its own");
    let resumed = walk(vec![end(), full_page(4, 9), full_page(5, 9)], 200).await;
    assert_eq!(resumed, [false, true]);
}

#[tokio::test]
async fn posts_of_another_account_that_the_leader_had_say_nothing_about_this_one() {
    let (stage, shelf) = stage().await;
    let x = Scripted::new([Ok(full_page(0, 9))]);
    stage.walk(x, shelf.lease(), Errand { limit: Some(100), ..Errand::default() }).await.1.unwrap();
    {
        let mut kept = shelf.kept();
        kept.streams.get_mut(&StreamKind::Posts).unwrap().checkpoint.account = Some(8);
        // More than X gives of an account.
        kept.others = 3_200;
    }
    let x = Scripted::new([Ok(full_page(1, 2)), Ok(full_page(2, 2)), Ok(end())]);
    stage.walk(x, shelf.lease(), ALL).await.1.unwrap();
    let [newest, older] = [StreamKind::Posts, StreamKind::Backfill].map(|kind| shelf.checkpoint(kind));
    assert!(!older.bounded && older.gaps.is_empty());
    assert_eq!((newest.account, newest.account_since), (Some(7), older.account_since));

    // A gap above the posts that were read before: the head page ends with one of them.
    let head: Vec<i64> = (1..100).map(|minute| id(100 + minute)).chain([id(-101)]).collect();
    stage.walk(Scripted::new([Ok(page(&head, None)), Ok(end())]), shelf.lease(), ALL).await.1.unwrap();
    let newest = shelf.checkpoint(StreamKind::Posts);
    assert_eq!((newest.gaps.len(), newest.unreachable.len()), (0, 0));
    assert_eq!(newest.account_since, older.account_since);
}

#[tokio::test]
async fn what_x_counts_says_whether_a_backfill_came_to_the_first_post() {
    // Most posts of the account are stored of another leader: all are there, but few are counted here.
    for (counted, bounded) in [(Some(50_000), true), (Some(3_099), false), (None, false)] {
        let (stage, shelf) = stage().await;
        let first = TimelinePage { owner_posts: counted, ..full_page(0, 1) };
        let x = Scripted::new([Ok(first), Ok(full_page(1, 1)), Ok(end())]);
        stage.walk(x, shelf.lease(), ALL).await.1.unwrap();
        let older = shelf.checkpoint(StreamKind::Backfill);
        assert_eq!((older.bounded, older.gaps.len()), (bounded, 0), "{counted:?}");

        // Of a stretch in the middle it says nothing.
        shelf.kept().streams.get_mut(&StreamKind::Posts).unwrap().checkpoint = Checkpoint::default();
        shelf.kept().streams.get_mut(&StreamKind::Backfill).unwrap().checkpoint.bounded = false;
        let newer = TimelinePage { owner_posts: counted, ..full_page(-5, 9) };
        let one_page = Errand { limit: Some(100), ..Errand::default() };
        stage.walk(Scripted::new([Ok(newer)]), shelf.lease(), one_page).await.1.unwrap();
        let next = TimelinePage { owner_posts: counted, ..full_page(-4, 9) };
        stage.walk(Scripted::new([Ok(end()), Ok(next), Ok(end())]), shelf.lease(), ALL).await.1.unwrap();
        let older = shelf.checkpoint(StreamKind::Backfill);
        assert_eq!((older.bounded, older.gaps.len()), (false, 0), "{counted:?}");
    }
}

#[tokio::test]
async fn a_backfill_that_was_cut_goes_on_where_it_was() {
    let (stage, shelf) = stage().await;
    let first = Errand { limit: Some(100), ..Errand::default() };
    stage.walk(Scripted::new([Ok(full_page(0, 9))]), shelf.lease(), first).await.1.unwrap();
    let x = Scripted::new([Ok(end()), Ok(full_page(1, 9)), Ok(full_page(2, 9))]);
    let mut walking = stage.walk(x.clone(), shelf.lease(), ALL);
    let mut polls = 0;
    while shelf.kept().posts.len() < 200 {
        assert!(cut(&mut walking, 1).await.is_none());
        polls += 1;
        assert!(polls < 100);
    }
    drop(walking);

    let x = Scripted::new([Ok(end()), Ok(full_page(2, 2)), Ok(end())]);
    stage.walk(x.clone(), shelf.lease(), ALL).await.1.unwrap();
    assert_eq!(x.asked()[1], (None, Some(id(-199)), None));
    assert_eq!(shelf.kept().posts.len(), 300);
}

#[tokio::test]
async fn what_lies_below_newest_posts_that_are_read_anew_is_the_matter_of_the_next_backfill() {
    let (stage, shelf) = stage().await;
    let first = Errand { limit: Some(100), ..Errand::default() };
    stage.walk(Scripted::new([Ok(full_page(5, 9))]), shelf.lease(), first).await.1.unwrap();
    let x = Scripted::new([Ok(end()), Ok(full_page(6, 6)), Ok(end())]);
    stage.walk(x, shelf.lease(), ALL).await.1.unwrap();

    shelf.kept().streams.get_mut(&StreamKind::Posts).unwrap().checkpoint = Checkpoint::default();
    stage.walk(Scripted::new([Ok(full_page(0, 9))]), shelf.lease(), first).await.1.unwrap();
    let below = (1..6).map(|number| Ok(full_page(number, 9)));
    let x = Scripted::new([Ok(end())].into_iter().chain(below).chain([Ok(end())]));
    stage.walk(x.clone(), shelf.lease(), ALL).await.1.unwrap();
    assert_eq!(x.asked()[1], (Some(id(-599)), Some(id(-99)), None), "down to where the backfill before began");
    assert_eq!(shelf.kept().posts.len(), 700);
    let older = shelf.checkpoint(StreamKind::Backfill);
    assert_eq!((older.top, older.gaps.len()), (Some(id(-99)), 0));
}

#[tokio::test]
async fn a_backfill_stores_as_many_new_posts_as_it_may() {
    let (stage, shelf) = stage().await;
    let first = Errand { limit: Some(100), ..Errand::default() };
    stage.walk(Scripted::new([Ok(full_page(0, 9))]), shelf.lease(), first).await.1.unwrap();
    let x = Scripted::new([Ok(end()), Ok(full_page(1, 9)), Ok(full_page(2, 9))]);
    let (counters, outcome) = stage.walk(x, shelf.lease(), Errand { limit: Some(200), ..ALL }).await;
    outcome.unwrap();
    assert_eq!(counters.inserted, 200);
    let older = shelf.checkpoint(StreamKind::Backfill);
    assert_eq!(older.gaps[0].cursor, id(-299));
    assert_eq!(shelf.checkpoint(StreamKind::Posts).floor, Some(id(-99)), "it has a stream of its own");
}
