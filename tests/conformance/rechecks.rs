//! Stored posts are looked up again: one worker at a time, and what is gone leaves nothing but a tombstone.

use std::collections::BTreeSet;
use std::time::Duration;

use amber_server::domain::{Clock, ExternalId, FeedFilter, Platform, Removal, ScoredPost, Sentiment, Unscored, UserId};
use amber_server::store::{
    Checked, Counting, Dashboards, Drift, DueCheck, Finding, Leaders, Posts, Rechecks, Settled, Vitals,
};
use tokio::task::JoinSet;

use crate::fresh::Fresh;
use crate::sample::{Reading, commit, edit, leader, number, post, read, reading};

on_both_databases!(
    a_new_post_is_due_between_half_a_day_and_a_day_after_it_was_stored,
    no_two_workers_are_given_the_same_post,
    a_batch_that_is_not_settled_is_due_again_and_nothing_changed,
    a_post_that_is_there_gets_its_counts_and_its_next_check,
    a_notice_takes_the_place_of_a_withheld_text,
    a_repost_that_comes_without_its_original_keeps_its_text,
    a_post_that_is_gone_leaves_its_numbers_and_the_reason,
    a_tombstone_is_shown_and_counted_nowhere,
    a_tombstone_does_not_come_back_with_a_page,
    the_same_finding_twice_is_the_same_as_once,
    a_finding_about_an_older_version_deletes_nothing,
    an_unclear_answer_leaves_the_post_for_later,
    checks_and_pages_of_one_leader_do_not_block_each_other,
    other_platforms_are_never_due,
    what_x_counts_is_held_against_what_is_stored,
);

const DAY: Duration = Duration::from_hours(24);
const HOLD: Duration = Duration::from_mins(20);

/// A leader with so many posts, one an hour, of which all are due.
async fn due_posts(fresh: &Fresh, count: i64) -> Reading {
    let mut reading = reading(&fresh.store).await;
    let posts: Vec<_> = (0..count).map(|n| post(number(n * 3_600), "good news")).collect();
    commit(&fresh.store, &mut reading, posts).await.unwrap();
    fresh.clock.advance(DAY);
    reading
}

async fn claim(fresh: &Fresh, limit: u32) -> Vec<DueCheck> {
    let mut due = fresh.store.claim_due(limit, HOLD).await.unwrap();
    due.sort_by_key(|due| due.external_id);
    due
}

async fn settle(fresh: &Fresh, findings: Vec<(DueCheck, Finding)>) -> Settled {
    let next_check_at = fresh.clock.now() + DAY;
    let batch = findings.into_iter().map(|(due, finding)| Checked { due, finding, next_check_at });
    fresh.store.settle(batch.collect()).await.unwrap()
}

fn found(post: ScoredPost) -> Finding {
    Finding::Found(Box::new(post))
}

async fn a_new_post_is_due_between_half_a_day_and_a_day_after_it_was_stored(fresh: Fresh) {
    assert_eq!(fresh.store.first_due().await.unwrap(), None);
    let start = fresh.clock.now();
    let mut reading = reading(&fresh.store).await;
    let posts: Vec<_> = (0..100).map(|n| post(number(n), "good news")).collect();
    commit(&fresh.store, &mut reading, posts).await.unwrap();
    let first = fresh.store.first_due().await.unwrap().expect("posts wait");
    assert!(first >= start + DAY / 2 && first < start + DAY);

    fresh.clock.set(start + DAY / 2);
    assert_eq!(claim(&fresh, 100).await, []);
    fresh.clock.set(start + DAY * 3 / 4);
    let half = claim(&fresh, 100).await.len();
    assert!((20..=80).contains(&half), "a bulk is spread: {half} of 100 are due after three quarters of a day");
    fresh.clock.set(start + DAY);
    assert_eq!(claim(&fresh, 100).await.len(), 100, "the first ones were not settled and are due again");
}

async fn no_two_workers_are_given_the_same_post(fresh: Fresh) {
    due_posts(&fresh, 90).await;
    let mut workers = JoinSet::new();
    for _ in 0..12 {
        let store = fresh.store.clone();
        workers.spawn(async move { store.claim_due(10, HOLD).await.unwrap() });
    }
    let batches = workers.join_all().await;
    assert!(batches.iter().all(|batch| batch.len() <= 10));
    let claimed: Vec<_> = batches.concat();
    let distinct: BTreeSet<_> = claimed.iter().collect();
    assert_eq!(claimed.len(), distinct.len(), "a post was given away twice");
    // A worker may pass by rows that another is just taking; nothing is lost by that.
    let rest = claim(&fresh, 100).await;
    assert_eq!(claimed.len() + rest.len(), 90);
}

async fn a_batch_that_is_not_settled_is_due_again_and_nothing_changed(fresh: Fresh) {
    due_posts(&fresh, 3).await;
    let first_due = fresh.store.first_due().await.unwrap();
    let before = fresh.everything().await;
    let claimed = claim(&fresh, 100).await;
    assert_eq!(claimed.len(), 3);
    assert_eq!(claim(&fresh, 100).await, []);
    assert_eq!(fresh.store.first_due().await.unwrap(), first_due, "a claim does not hide for how long a check is due");
    fresh.clock.advance(HOLD);
    assert_eq!(claim(&fresh, 100).await, claimed);
    let after = fresh.everything().await;
    for table in ["posts", "post_counts", "post_hashtags"] {
        assert_eq!(before[table], after[table], "{table}");
    }
}

async fn a_post_that_is_there_gets_its_counts_and_its_next_check(fresh: Fresh) {
    due_posts(&fresh, 2).await;
    let due = claim(&fresh, 1).await;
    let (asked, other) = (due[0].external_id, if due[0].external_id == number(0) { number(3_600) } else { number(0) });
    let mut now = post(asked, "good news");
    now.post.metrics.likes = None;
    now.post.metrics.replies = Some(4);
    let posts = fresh.rows("posts").await;
    let settled = settle(&fresh, vec![(due[0], found(now))]).await;
    assert_eq!(settled, Settled { unchanged: 1, ..Settled::default() });
    assert_eq!(fresh.rows("posts").await, posts, "an equal row is not written");

    let page = fresh.store.page(&FeedFilter::default(), None, 2).await.unwrap();
    let of = |id: ExternalId| page.posts.iter().find(|post| post.external_id == id.to_string()).unwrap().metrics;
    assert_eq!((of(asked).likes, of(asked).replies), (Some(1), Some(4)), "a count that X leaves out stays");
    assert_eq!(of(other).replies, None);
    assert_eq!(claim(&fresh, 2).await.iter().map(|due| due.external_id).collect::<Vec<_>>(), [other]);
    fresh.clock.advance(DAY);
    assert_eq!(claim(&fresh, 2).await.len(), 2);
}

async fn a_notice_takes_the_place_of_a_withheld_text(fresh: Fresh) {
    due_posts(&fresh, 1).await;
    let due = claim(&fresh, 1).await[0];
    let mut notice = post(due.external_id, "This post is withheld in Germany.");
    notice.post.withheld_in = vec!["DE".into()];
    notice.post.hashtags = Vec::new();
    notice.sentiment = Sentiment::Unscored(Unscored::Withheld);
    let settled = settle(&fresh, vec![(due, found(notice))]).await;
    assert_eq!(settled, Settled { changed: 1, ..Settled::default() });
    let shown = fresh.store.page(&FeedFilter::default(), None, 1).await.unwrap().posts.remove(0);
    assert_eq!(shown.text, "This post is withheld in Germany.");
    assert_eq!(shown.sentiment, Sentiment::Unscored(Unscored::Withheld));
    assert_eq!(fresh.number("SELECT COUNT(*) FROM posts WHERE CAST(withheld_in AS text) LIKE '%DE%'").await, 1);
    assert_eq!(fresh.number("SELECT COUNT(*) FROM post_hashtags").await, 0);
    assert_eq!(claim(&fresh, 1).await, [], "its next check is a day away");
}

async fn a_repost_that_comes_without_its_original_keeps_its_text(fresh: Fresh) {
    due_posts(&fresh, 1).await;
    let told = |withheld_in: &[&str]| {
        let mut cut = post(number(0), "good ne…");
        cut.post.truncated = true;
        cut.post.metrics.likes = Some(77);
        cut.post.withheld_in = withheld_in.iter().map(ToString::to_string).collect();
        cut
    };
    let check = async |told| {
        fresh.clock.advance(DAY);
        let due = claim(&fresh, 9).await[0];
        settle(&fresh, vec![(due, found(told))]).await
    };
    assert_eq!(check(told(&[])).await, Settled { unchanged: 1, ..Settled::default() });
    let stored = fresh.store.page(&FeedFilter::default(), None, 1).await.unwrap().posts.remove(0);
    assert_eq!((stored.text.as_str(), stored.truncated, stored.metrics.likes), ("good news", false, Some(77)));

    let mut notice = told(&["IN"]);
    notice.post.text = "This post is withheld.".into();
    assert_eq!(check(notice.clone()).await, Settled { changed: 1, ..Settled::default() });
    assert_eq!(fresh.texts("SELECT body FROM posts").await, ["This post is withheld."]);
    assert_eq!(check(notice).await, Settled { unchanged: 1, ..Settled::default() });
    // What the notice stands for is known when its timeline is read again.
    assert_eq!(check(told(&[])).await, Settled { unchanged: 1, ..Settled::default() });
    assert_eq!(fresh.texts("SELECT body FROM posts").await, ["This post is withheld."]);
}

async fn a_post_that_is_gone_leaves_its_numbers_and_the_reason(fresh: Fresh) {
    due_posts(&fresh, 4).await;
    let due = claim(&fresh, 4).await;
    let findings = due[..3].iter().copied().zip(Removal::ALL.map(Finding::Gone)).collect();
    let settled = settle(&fresh, findings).await;
    let deleted = Removal::ALL.map(|reason| (reason, 1)).into();
    assert_eq!(settled, Settled { deleted, ..Settled::default() });

    let mut reasons = fresh.texts("SELECT deleted_reason FROM posts WHERE deleted_at IS NOT NULL").await;
    reasons.sort();
    assert_eq!(reasons, ["not_authorized", "not_found", "suspended"]);
    let ids = fresh.texts("SELECT external_id FROM posts WHERE deleted_at IS NOT NULL ORDER BY external_id").await;
    assert_eq!(ids, due[..3].iter().map(|due| due.external_id.to_string()).collect::<Vec<_>>());
    for words in ["good news", "amber", "Amber", "Schools", "pic.example", "a school", "test/1", "x.com"] {
        let rows = fresh.rows("posts").await.into_iter().filter(|row| row.contains(words)).count();
        assert_eq!(rows, 1, "{words:?} is left of a post that is gone");
    }
    assert_eq!(fresh.number("SELECT COUNT(*) FROM posts WHERE length(content_hash) > 0").await, 1);
    for table in ["post_metrics", "post_hashtags"] {
        assert_eq!(fresh.rows(table).await.len(), 1, "{table}");
    }
    fresh.clock.advance(DAY);
    assert_eq!(claim(&fresh, 4).await, [due[3]], "nobody asks for what is gone");
}

async fn a_tombstone_is_shown_and_counted_nowhere(fresh: Fresh) {
    let reading = due_posts(&fresh, 30).await;
    let due = claim(&fresh, 30).await;
    let kept = due[..20].iter().map(|due| due.external_id.to_string()).collect::<Vec<_>>();
    settle(&fresh, due[20..].iter().map(|due| (*due, Finding::Gone(Removal::NotFound))).collect()).await;

    for filter in [
        FeedFilter::default(),
        FeedFilter { leaders: vec![reading.stream.leader_id], platforms: vec![Platform::X], ..FeedFilter::default() },
    ] {
        let mut shown = Vec::new();
        for page in 1..5 {
            let page = fresh.store.page_by_number(&filter, page, 7).await.unwrap();
            assert_eq!(page.total, Some(20));
            shown.extend(page.posts);
        }
        assert!(shown.iter().all(|post| post.text == "good news"));
        assert_eq!(shown.iter().rev().map(|post| post.external_id.clone()).collect::<Vec<_>>(), kept);
        assert_eq!(fresh.store.page(&filter, None, 100).await.unwrap().posts, shown);
    }
    let newest = amber_server::domain::snowflake_time(due[19].external_id);
    let counts = fresh.store.counts().await.unwrap();
    assert_eq!((counts.posts, counts.latest_post_at), (20, Some(newest)));

    let (since, until) = (amber_server::domain::snowflake_time(number(0)), fresh.clock.now() + DAY);
    let counting = Counting { leaders: None, platforms: &[], since, until };
    let data = fresh.store.aggregates(&counting).await.unwrap();
    assert_eq!(data.totals.total(), 20);
    let tallies = |tallies: &[amber_server::domain::Tally]| {
        tallies.iter().map(|tally| (tally.name.clone(), tally.posts)).collect::<Vec<_>>()
    };
    assert_eq!(tallies(&data.languages), [("en".to_owned(), 20)]);
    assert_eq!(tallies(&data.topics), [("schools".to_owned(), 20)]);
    assert_eq!((data.leaders[0].counts.total(), data.leaders[0].last_post_at), (20, Some(newest)));
    assert_eq!(data.days.iter().map(|day| day.counts.total()).sum::<u64>(), 20);
}

async fn a_tombstone_does_not_come_back_with_a_page(fresh: Fresh) {
    let mut reading = due_posts(&fresh, 1).await;
    let due = claim(&fresh, 1).await[0];
    settle(&fresh, vec![(due, Finding::Gone(Removal::NotFound))]).await;
    let before = fresh.everything().await;
    let again = vec![post(due.external_id, "good news")];
    let committed = commit(&fresh.store, &mut reading, again).await.unwrap();
    assert_eq!((committed.counters.inserted, committed.counters.updated), (0, 0));
    commit(&fresh.store, &mut reading, vec![edit(due.external_id, 1, "edited news")]).await.unwrap();
    let after = fresh.everything().await;
    for table in ["posts", "post_metrics", "post_counts", "post_hashtags"] {
        assert_eq!(before[table], after[table], "{table}");
    }
}

async fn the_same_finding_twice_is_the_same_as_once(fresh: Fresh) {
    due_posts(&fresh, 2).await;
    let due = claim(&fresh, 2).await;
    let findings =
        || vec![(due[0], Finding::Gone(Removal::Suspended)), (due[1], found(post(number(3_600), "good news")))];
    settle(&fresh, findings()).await;
    let before = fresh.everything().await;
    let again = settle(&fresh, findings()).await;
    assert_eq!(again, Settled { unchanged: 1, left: 1, ..Settled::default() });
    assert_eq!(fresh.everything().await, before);
    assert_eq!(Posts::count(&fresh.store).await.unwrap(), 1);
    assert_eq!(settle(&fresh, Vec::new()).await, Settled::default());
}

async fn a_finding_about_an_older_version_deletes_nothing(fresh: Fresh) {
    let mut reading = due_posts(&fresh, 1).await;
    let due = claim(&fresh, 1).await[0];
    commit(&fresh.store, &mut reading, vec![edit(due.external_id, 5, "edited meanwhile")]).await.unwrap();
    let mut old = post(due.external_id, "good news");
    old.post.metrics.likes = Some(1_000);
    for finding in [Finding::Gone(Removal::NotFound), found(old)] {
        let settled = settle(&fresh, vec![(due, finding)]).await;
        assert_eq!(settled, Settled { left: 1, ..Settled::default() });
    }
    let shown = fresh.store.page(&FeedFilter::default(), None, 1).await.unwrap().posts.remove(0);
    assert_eq!((shown.text.as_str(), shown.metrics.likes), ("edited meanwhile", Some(1)));
    fresh.clock.advance(DAY);
    assert_eq!(claim(&fresh, 1).await[0].external_id, ExternalId(due.external_id.0 + 5));
}

async fn an_unclear_answer_leaves_the_post_for_later(fresh: Fresh) {
    due_posts(&fresh, 1).await;
    let due = claim(&fresh, 1).await[0];
    let before = fresh.everything().await;
    let settled = settle(&fresh, vec![(due, Finding::Unclear)]).await;
    assert_eq!(settled, Settled { left: 1, ..Settled::default() });
    let after = fresh.everything().await;
    for table in ["posts", "post_counts", "post_hashtags"] {
        assert_eq!(before[table], after[table], "{table}");
    }
    assert_eq!(claim(&fresh, 1).await, []);
    fresh.clock.advance(DAY);
    assert_eq!(claim(&fresh, 1).await, [due]);
}

/// Pages and leaders lock the same rows; were the orders different, PostgreSQL would end one of them.
async fn checks_and_pages_of_one_leader_do_not_block_each_other(fresh: Fresh) {
    let mut reading = due_posts(&fresh, 60).await;
    let mut leaving = Vec::new();
    for n in 0..3 {
        let leader = leader(&fresh.store, &format!("leaving{n}")).await;
        let mut reading = read(&fresh.store, leader.id).await;
        let posts = (0..10).map(|at| post(number(at * 3_600 + n + 7), "good news")).collect();
        commit(&fresh.store, &mut reading, posts).await.unwrap();
        leaving.push(leader.id);
    }
    fresh.clock.advance(DAY);
    let due = claim(&fresh, 200).await;
    assert_eq!(due.len(), 90);
    let mut work = JoinSet::new();
    for worker in 0..2 {
        let (store, due, next_check_at) = (fresh.store.clone(), due.clone(), fresh.clock.now() + DAY);
        work.spawn(async move {
            for round in 0..4 {
                let finding = |at: usize, due: &DueCheck| match at {
                    at if at / 8 == round => Finding::Gone(Removal::NotFound),
                    _ => found(post(due.external_id, &format!("news {round} of worker {worker}"))),
                };
                let batch = due.iter().enumerate().rev();
                let batch = batch.map(|(at, due)| Checked { due: *due, finding: finding(at, due), next_check_at });
                store.settle(batch.collect()).await?;
            }
            Ok(())
        });
    }
    let store = fresh.store.clone();
    work.spawn(async move {
        for round in 0..4 {
            let posts = (0..60).rev().map(|n| post(number(n * 3_600), &format!("news of round {round}"))).collect();
            commit(&store, &mut reading, posts).await?;
        }
        Ok(())
    });
    for leader in leaving {
        let store = fresh.store.clone();
        work.spawn(async move { store.delete(leader).await.map(drop) });
    }
    for outcome in work.join_all().await {
        outcome.unwrap();
    }
    let shown = fresh.store.page(&FeedFilter::default(), None, 100).await.unwrap();
    assert_eq!(shown.total, Some(shown.posts.len() as u64));
    let alive = fresh.number("SELECT COUNT(*) FROM posts WHERE deleted_at IS NULL").await;
    assert_eq!(Some(alive), shown.total);
}

async fn other_platforms_are_never_due(fresh: Fresh) {
    let leader = leader(&fresh.store, "amber").await;
    let mut reading = read(&fresh.store, leader.id).await;
    fresh.change("UPDATE ingest_streams SET platform = 'facebook'").await;
    reading.stream.platform = Platform::Facebook;
    commit(&fresh.store, &mut reading, vec![post(number(0), "good news")]).await.unwrap();
    fresh.clock.advance(DAY * 30);
    assert_eq!(claim(&fresh, 10).await, []);
    assert_eq!(fresh.store.first_due().await.unwrap(), None);
}

async fn what_x_counts_is_held_against_what_is_stored(fresh: Fresh) {
    assert_eq!(fresh.store.drift().await.unwrap(), Drift::default());
    let reading = due_posts(&fresh, 5).await;
    assert_eq!(fresh.store.drift().await.unwrap(), Drift::default(), "X has counted nobody yet");
    let read = fresh.store.get(reading.stream.leader_id).await.unwrap().unwrap();
    assert!(fresh.store.set_post_count(&read, 12).await.unwrap());
    let silent = leader(&fresh.store, "silent").await;
    fresh.store.set_account(&silent, UserId(5), None, amber_server::domain::LeaderState::Active).await.unwrap();
    assert!(fresh.store.set_post_count(&silent, 3).await.unwrap());
    assert_eq!(fresh.store.drift().await.unwrap(), Drift { at_x: 15, stored: 5 });
    assert_eq!(fresh.store.get(silent.id).await.unwrap().unwrap().x_post_count, Some(3));

    let due = claim(&fresh, 1).await[0];
    settle(&fresh, vec![(due, Finding::Gone(Removal::NotFound))]).await;
    assert_eq!(fresh.store.drift().await.unwrap(), Drift { at_x: 15, stored: 4 });
}
