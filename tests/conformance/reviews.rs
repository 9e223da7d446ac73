//! The review queue: what enters it and when, what decisions do, and what is written down of them.

use std::sync::Arc;
use std::time::Duration;

use amber_server::domain::{
    FeedFilter, Label, Post, Removal, ReviewAction, ReviewEntry, ReviewId, ReviewReason, ReviewState, ScoredPost,
    Sentiment, Verification,
};
use amber_server::store::{
    Amendment, Checked, Decision, Finding, Ingest, Leaders, Posts, Quarantine, QuarantineFilter, QuarantineStatus,
    Rechecks, ReviewAuditFilter, ReviewCursor, ReviewItem, Reviewed, Reviews, Subject, Vitals,
};
use tokio::task::JoinSet;

use crate::fresh::Fresh;
use crate::sample::{Reading, commit, edit, number, page, post, reading, rejected};

on_both_databases!(
    a_doubtful_post_enters_with_its_page_and_once,
    a_new_text_of_a_reviewed_post_is_to_be_reviewed_and_the_same_text_is_not,
    a_bad_record_enters_with_its_page_and_once,
    a_decision_moves_the_post_and_is_written_down,
    the_same_decision_of_the_same_reviewer_changes_nothing,
    of_many_reviewers_at_once_each_decision_is_written_down,
    a_given_tone_stays_until_the_author_changes_the_text,
    a_record_that_becomes_a_post_takes_its_item_along,
    a_record_is_discarded_with_its_item_and_the_item_with_its_record,
    the_pages_of_the_queue_are_exactly_its_items,
    items_go_with_their_posts_and_leaders_and_the_audit_stays,
);

fn doubtful(n: i64, text: &str) -> ScoredPost {
    ScoredPost { is_doubtful: true, ..post(number(n), text) }
}

async fn pending(fresh: &Fresh) -> Vec<ReviewItem> {
    fresh.store.items(&[ReviewState::Pending], None, 100).await.unwrap()
}

fn decision(state: ReviewState, reviewer: &str, notes: Option<&str>) -> Decision {
    Decision { state, reviewer: reviewer.into(), notes: notes.map(str::to_owned) }
}

async fn decide(fresh: &Fresh, id: ReviewId, decision: Decision) {
    fresh.clock.advance(Duration::from_millis(1));
    assert_eq!(fresh.store.decide(id, &decision).await.unwrap(), Reviewed::Done);
}

async fn audit(fresh: &Fresh) -> Vec<ReviewEntry> {
    fresh.store.review_audit(ReviewAuditFilter::default(), None, 100).await.unwrap()
}

async fn newest(fresh: &Fresh) -> Post {
    fresh.store.page(&FeedFilter::default(), None, 1).await.unwrap().posts.remove(0)
}

/// A leader with a doubtful post, and its item.
async fn waiting(fresh: &Fresh) -> (Reading, ReviewItem) {
    let mut reading = reading(&fresh.store).await;
    commit(&fresh.store, &mut reading, vec![doubtful(0, "good and bad")]).await.unwrap();
    let item = pending(fresh).await.remove(0);
    (reading, item)
}

async fn a_doubtful_post_enters_with_its_page_and_once(fresh: Fresh) {
    let mut reading = reading(&fresh.store).await;
    commit(&fresh.store, &mut reading, vec![post(number(0), "clear"), post(number(1), "clear")]).await.unwrap();
    assert_eq!(pending(&fresh).await, []);
    let page = vec![post(number(0), "clear"), doubtful(2, "good and bad")];
    commit(&fresh.store, &mut reading, page.clone()).await.unwrap();
    let item = pending(&fresh).await.remove(0);
    assert_eq!((item.reason, item.state), (ReviewReason::LowConfidence, ReviewState::Pending));
    assert_eq!(item.post().unwrap().text, "good and bad");
    assert_eq!((item.notes.as_deref(), item.reviewer.as_deref(), item.reviewed_at), (None, None, None));

    let before = fresh.rows("review_items").await;
    commit(&fresh.store, &mut reading, page).await.unwrap();
    let again = ScoredPost { is_doubtful: true, ..edit(number(2), 1, "bad and good") };
    commit(&fresh.store, &mut reading, vec![again]).await.unwrap();
    assert_eq!(fresh.rows("review_items").await, before, "it waits already");
    assert_eq!((fresh.store.waiting().await.unwrap(), fresh.store.counts().await.unwrap().review_items), (1, 1));
    assert_eq!(pending(&fresh).await[0].post().unwrap().text, "bad and good");
}

async fn a_new_text_of_a_reviewed_post_is_to_be_reviewed_and_the_same_text_is_not(fresh: Fresh) {
    let (mut reading, item) = waiting(&fresh).await;
    decide(&fresh, item.id, decision(ReviewState::Approved, "asha", None)).await;
    let mut renamed = doubtful(0, "good and bad");
    renamed.post.author.name = "Amber Ltd".into();
    assert_eq!(commit(&fresh.store, &mut reading, vec![renamed]).await.unwrap().counters.updated, 1);
    assert_eq!(newest(&fresh).await.verification, Verification::Verified);
    assert_eq!(pending(&fresh).await, []);

    let other = ScoredPost { is_doubtful: true, ..edit(number(0), 1, "better and worse") };
    commit(&fresh.store, &mut reading, vec![other]).await.unwrap();
    assert_eq!(newest(&fresh).await.verification, Verification::NeedsReview);
    assert_eq!(pending(&fresh).await.len(), 1);
    assert_eq!(fresh.number("SELECT COUNT(*) FROM review_items").await, 2, "the old decision is kept");
}

async fn a_bad_record_enters_with_its_page_and_once(fresh: Fresh) {
    let mut reading = reading(&fresh.store).await;
    for _ in 0..2 {
        let twice = vec![rejected(1), rejected(2), rejected(1)];
        let committed = fresh.store.commit_page(page(&reading, Vec::new(), twice)).await.unwrap();
        reading.stream.version = committed.version;
        fresh.clock.advance(Duration::from_secs(1));
    }
    let items = pending(&fresh).await;
    assert_eq!(items.iter().map(|item| item.reason).collect::<Vec<_>>(), [ReviewReason::Quarantined; 2]);
    let Subject::Record(record) = &items[0].subject else { panic!("{items:?}") };
    assert_eq!((record.reason.as_str(), record.status), ("no text", QuarantineStatus::Open));
}

async fn a_decision_moves_the_post_and_is_written_down(fresh: Fresh) {
    let (_, item) = waiting(&fresh).await;
    decide(&fresh, item.id, decision(ReviewState::Approved, "asha", Some("fine"))).await;
    let approved = fresh.store.item(item.id).await.unwrap().unwrap();
    assert_eq!((approved.state, approved.reviewer.as_deref()), (ReviewState::Approved, Some("asha")));
    assert_eq!((approved.notes.as_deref(), approved.reviewed_at), (Some("fine"), Some(approved.updated_at)));
    assert_eq!(approved.post().unwrap().verification, Verification::Verified);
    assert!(approved.updated_at > item.updated_at && approved.created_at == item.created_at);

    decide(&fresh, item.id, decision(ReviewState::Rejected, "ravi", None)).await;
    let post = newest(&fresh).await;
    assert_eq!(post.verification, Verification::Rejected, "a rejected post is shown with that mark");
    decide(&fresh, item.id, decision(ReviewState::Rejected, "ravi", Some(""))).await;
    assert_eq!(fresh.store.item(item.id).await.unwrap().unwrap().notes, None);

    let lines = audit(&fresh).await;
    let told: Vec<_> = lines.iter().map(|line| (line.action, line.actor.as_str())).collect();
    let reject = (ReviewAction::Reject, "ravi");
    assert_eq!(told, [reject, reject, (ReviewAction::Approve, "asha")]);
    let (before, after) = (lines[1].before.clone().unwrap(), lines[1].after.clone().unwrap());
    assert_eq!((before.state, after.state), (Some(ReviewState::Approved), Some(ReviewState::Rejected)));
    assert_eq!((before.notes.as_deref(), after.notes.as_deref()), (Some("fine"), Some("fine")));
    let statuses = (before.verification, after.verification);
    assert_eq!(statuses, (Some(Verification::Verified), Some(Verification::Rejected)));
    assert_eq!((lines[1].item, lines[1].post), (Some(item.id), Some(post.id)));
    let of_nobody = ReviewAuditFilter { item: Some(ReviewId(post.id.0)), post: None };
    assert_eq!(fresh.store.review_audit(of_nobody, None, 9).await.unwrap(), []);
    let older = fresh.store.review_audit(ReviewAuditFilter::default(), Some(lines[1].id), 9).await.unwrap();
    assert_eq!(older, lines[2..]);
    let unknown = fresh.store.decide(ReviewId(post.id.0), &decision(ReviewState::Approved, "asha", None)).await;
    assert_eq!(unknown.unwrap(), Reviewed::Unknown);
}

async fn the_same_decision_of_the_same_reviewer_changes_nothing(fresh: Fresh) {
    let (_, item) = waiting(&fresh).await;
    decide(&fresh, item.id, decision(ReviewState::Approved, "asha", Some("fine"))).await;
    let before = fresh.everything().await;
    for notes in [None, Some("fine")] {
        decide(&fresh, item.id, decision(ReviewState::Approved, "asha", notes)).await;
    }
    let amendment = Amendment { reviewer: "asha".into(), notes: Some("fine".into()), label: None };
    assert_eq!(fresh.store.amend(item.id, &amendment).await.unwrap(), Reviewed::Done);
    assert_eq!(fresh.everything().await, before);
    decide(&fresh, item.id, decision(ReviewState::Approved, "ravi", None)).await;
    assert_eq!(audit(&fresh).await.len(), 2, "another reviewer's is another decision");
}

async fn of_many_reviewers_at_once_each_decision_is_written_down(fresh: Fresh) {
    let (mut reading, item) = waiting(&fresh).await;
    let mut reviewers = JoinSet::new();
    for n in 0..12_i64 {
        let store = Arc::new(fresh.store.clone());
        let state = if n % 2 == 0 { ReviewState::Approved } else { ReviewState::Rejected };
        let (id, decision) = (item.id, decision(state, &format!("reviewer {n}"), None));
        reviewers.spawn(async move { store.decide(id, &decision).await.unwrap() });
    }
    // The author edits meanwhile.
    for version in 1..6 {
        let again = ScoredPost { is_doubtful: true, ..edit(number(0), version, &format!("text {version}")) };
        commit(&fresh.store, &mut reading, vec![again]).await.unwrap();
    }
    assert_eq!(reviewers.join_all().await, [Reviewed::Done; 12]);
    let lines = audit(&fresh).await;
    assert_eq!(lines.len(), 12);
    // Lines of one millisecond have no order; the chain of states is whole all the same.
    let count = |state| lines.iter().filter(|line| line.after.as_ref().unwrap().state == Some(state)).count();
    assert_eq!((count(ReviewState::Approved), count(ReviewState::Rejected)), (6, 6));
}

async fn a_given_tone_stays_until_the_author_changes_the_text(fresh: Fresh) {
    let (mut reading, item) = waiting(&fresh).await;
    let give = |label| Amendment { reviewer: "asha".into(), notes: None, label: Some(label) };
    assert_eq!(newest(&fresh).await.sentiment.label(), Some(Label::Positive));
    // The model's own label, said by somebody, is of another kind.
    for label in [Label::Positive, Label::Negative] {
        fresh.clock.advance(Duration::from_millis(1));
        assert_eq!(fresh.store.amend(item.id, &give(label)).await.unwrap(), Reviewed::Done);
        assert_eq!(newest(&fresh).await.sentiment, Sentiment::Given(label));
    }
    let mut renamed = doubtful(0, "good and bad");
    renamed.post.author.name = "Amber Ltd".into();
    commit(&fresh.store, &mut reading, vec![renamed]).await.unwrap();
    let post = newest(&fresh).await;
    assert_eq!((post.author.name.as_str(), post.sentiment), ("Amber Ltd", Sentiment::Given(Label::Negative)));
    commit(&fresh.store, &mut reading, vec![edit(number(0), 1, "other words")]).await.unwrap();
    assert!(matches!(newest(&fresh).await.sentiment, Sentiment::Scored { .. }));
    assert_eq!(pending(&fresh).await.len(), 1, "a change is no decision");
    let line = audit(&fresh).await.remove(0);
    assert_eq!((line.action, line.after.unwrap().label), (ReviewAction::Edit, Some(Label::Negative)));
}

async fn a_record_that_becomes_a_post_takes_its_item_along(fresh: Fresh) {
    let reading = reading(&fresh.store).await;
    fresh.store.commit_page(page(&reading, Vec::new(), vec![rejected(1)])).await.unwrap();
    let item = pending(&fresh).await.remove(0);
    let no_post = fresh.store.decide(item.id, &decision(ReviewState::Approved, "asha", None)).await.unwrap();
    assert_eq!(no_post, Reviewed::NoPost);
    let amendment = Amendment { reviewer: "asha".into(), notes: None, label: Some(Label::Neutral) };
    assert_eq!(fresh.store.amend(item.id, &amendment).await.unwrap(), Reviewed::NoPost);

    let Subject::Record(record) = &item.subject else { panic!("{item:?}") };
    // Also a post that enters by a rule of its own has one item that waits.
    fresh.store.replay(record.id, &doubtful(0, "good and bad")).await.unwrap().expect("it was open");
    let items = pending(&fresh).await;
    assert_eq!((items.len(), items[0].id, items[0].reason), (1, item.id, ReviewReason::Quarantined));
    assert_eq!(items[0].post().unwrap().text, "good and bad");
    decide(&fresh, item.id, decision(ReviewState::Approved, "asha", None)).await;
    assert_eq!(newest(&fresh).await.verification, Verification::Verified);
}

async fn a_record_is_discarded_with_its_item_and_the_item_with_its_record(fresh: Fresh) {
    let reading = reading(&fresh.store).await;
    fresh.store.commit_page(page(&reading, Vec::new(), vec![rejected(1), rejected(2)])).await.unwrap();
    let items = pending(&fresh).await;
    let Subject::Record(record) = &items[0].subject else { panic!("{items:?}") };
    assert!(fresh.store.discard(record.id).await.unwrap());
    assert_eq!(fresh.store.item(items[0].id).await.unwrap().unwrap().state, ReviewState::Rejected);
    decide(&fresh, items[1].id, decision(ReviewState::Rejected, "asha", None)).await;
    let discarded = QuarantineFilter { status: Some(QuarantineStatus::Discarded), leader: None };
    assert_eq!(fresh.store.records(discarded, None, 9).await.unwrap().len(), 2);
    assert_eq!(fresh.store.waiting().await.unwrap(), 0);
    assert_eq!(audit(&fresh).await.len(), 1);
}

async fn the_pages_of_the_queue_are_exactly_its_items(fresh: Fresh) {
    let mut reading = reading(&fresh.store).await;
    for n in 0..4 {
        fresh.clock.advance(Duration::from_secs(1));
        // Two of each page have one time.
        let two = vec![doubtful(2 * n, "good and bad"), doubtful(2 * n + 1, "good and bad")];
        commit(&fresh.store, &mut reading, two).await.unwrap();
    }
    let all = pending(&fresh).await;
    assert_eq!(all.len(), 8);
    assert!(all.windows(2).all(|pair| (pair[0].created_at, pair[0].id) > (pair[1].created_at, pair[1].id)));
    let (mut walked, mut after) = (Vec::new(), None);
    loop {
        let page = fresh.store.items(&[ReviewState::Pending], after, 3).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(ReviewCursor { created_at: last.created_at, id: last.id });
        walked.extend(page);
    }
    assert_eq!(walked, all);
    decide(&fresh, all[2].id, decision(ReviewState::Rejected, "asha", None)).await;
    decide(&fresh, all[5].id, decision(ReviewState::Approved, "asha", None)).await;
    let decided = fresh.store.items(&[ReviewState::Approved, ReviewState::Rejected], None, 9).await.unwrap();
    assert_eq!(decided.iter().map(|item| item.id).collect::<Vec<_>>(), [all[2].id, all[5].id]);
    assert_eq!(fresh.store.items(&ReviewState::ALL, None, 9).await.unwrap().len(), 8);
    assert_eq!(fresh.store.waiting().await.unwrap(), 6);
}

async fn items_go_with_their_posts_and_leaders_and_the_audit_stays(fresh: Fresh) {
    let (mut reading, item) = waiting(&fresh).await;
    commit(&fresh.store, &mut reading, vec![doubtful(1, "good and bad")]).await.unwrap();
    decide(&fresh, item.id, decision(ReviewState::Approved, "asha", Some("fine"))).await;
    fresh.clock.advance(Duration::from_hours(25));
    let due = fresh.store.claim_due(1, Duration::from_mins(1)).await.unwrap().remove(0);
    let next_check_at = amber_server::domain::Clock::now(&fresh.clock);
    let gone = Checked { due, finding: Finding::Gone(Removal::NotFound), next_check_at };
    fresh.store.settle(vec![gone]).await.unwrap();
    assert_eq!(fresh.number("SELECT COUNT(*) FROM review_items").await, 1);

    fresh.store.commit_page(page(&reading, Vec::new(), vec![rejected(1)])).await.unwrap();
    assert_eq!(fresh.number("SELECT COUNT(*) FROM review_items").await, 2);
    assert!(Leaders::delete(&fresh.store, reading.claim.lease.leader).await.unwrap().is_some());
    assert_eq!(fresh.rows("review_items").await, [""; 0]);
    assert_eq!(audit(&fresh).await.len(), 1);
    assert!(fresh.rows("review_audit").await.iter().all(|line| !line.contains("good and bad")), "no texts");
}
