//! Posts by hand: they are stored, counted and told like all others, changed within limits, and gone for good.

use amber_server::domain::{
    Clock, Entropy, FeedFilter, Label, LeaderId, NewPost, NewText, OsEntropy, Platform, Post, PostChange, PostId,
    PostMetrics, PostOrigin, ReviewAction, ReviewReason, ReviewState, Sentiment, Verification,
};
use amber_server::store::{Arrivals, Dashboards, Edited, Editing, Posts, ReviewAuditFilter, Reviews};

use crate::fresh::Fresh;
use crate::sample::{commit, leader, number, post, reading};

on_both_databases!(
    a_post_by_hand_is_stored_counted_and_told,
    a_post_of_nobody_is_not_stored,
    what_is_changed_by_hand_is_changed_and_nothing_else,
    the_content_of_a_fetched_post_is_left_to_its_platform,
    a_status_by_hand_settles_the_item_that_waits,
    a_deleted_post_is_not_stored_again,
);

fn by_hand(fresh: &Fresh, leader: LeaderId) -> NewPost {
    NewPost {
        leader,
        platform: Platform::Other,
        platform_name: Some("MySpace".into()),
        text: "First".into(),
        posted_at: fresh.clock.now(),
        language: "en".into(),
        sentiment: Sentiment::Given(Label::Positive),
        metrics: PostMetrics { likes: Some(1), replies: Some(2), reposts: Some(3), ..PostMetrics::default() },
        verification: Verification::NeedsReview,
        external_id: "news-1".into(),
        permalink: "https://news.example/1".into(),
        review: None,
        review_notes: None,
    }
}

async fn enter(fresh: &Fresh, new: &NewPost) -> Post {
    let id = fresh.store.enter(new, "asha").await.unwrap().expect("the leader is there");
    fresh.store.post(id).await.unwrap().expect("it is stored")
}

async fn a_post_by_hand_is_stored_counted_and_told(fresh: Fresh) {
    let leader = leader(&fresh.store, "amber").await;
    let before = fresh.store.last_arrival().await.unwrap();
    let new = NewPost {
        review: Some(ReviewReason::Requested),
        review_notes: Some("check".into()),
        ..by_hand(&fresh, leader.id)
    };
    let stored = enter(&fresh, &new).await;
    assert_eq!((stored.platform, stored.platform_title()), (Platform::Other, "MySpace"));
    assert_eq!((stored.origin, stored.verification), (PostOrigin::Manual, Verification::NeedsReview));
    assert_eq!((stored.external_id.as_str(), stored.permalink.as_str()), ("news-1", "https://news.example/1"));
    assert_eq!((stored.author.name.as_str(), stored.author.handle.as_str()), ("amber", "amber"));
    assert_eq!((stored.sentiment, stored.metrics), (new.sentiment, new.metrics));
    assert_eq!(stored.posted_at, new.posted_at);

    // Two of one moment are two.
    enter(&fresh, &NewPost { platform: Platform::News, platform_name: None, review: None, ..new.clone() }).await;
    let page = fresh.store.page(&FeedFilter::default(), None, 9).await.unwrap();
    assert_eq!((page.posts.len(), page.total), (2, Some(2)));
    let elsewhere = FeedFilter { platforms: vec![Platform::Other], ..FeedFilter::default() };
    assert_eq!(fresh.store.page(&elsewhere, None, 9).await.unwrap().posts, std::slice::from_ref(&stored));
    let arrived = fresh.store.arrivals(before, 9).await.unwrap().unwrap();
    assert_eq!(arrived.posts.iter().map(|(_, post)| post.id).filter(|id| *id == stored.id).count(), 1);

    // A tone without a score moves no mean.
    let until = new.posted_at + std::time::Duration::from_secs(1);
    let counting = amber_server::store::Counting { leaders: None, platforms: &[], since: new.posted_at, until };
    let totals = fresh.store.aggregates(&counting).await.unwrap().totals;
    assert_eq!((totals.positive, totals.given, totals.scored(), totals.mean()), (2, 2, 0, None));

    let item = fresh.store.items(&[ReviewState::Pending], None, 9).await.unwrap().remove(0);
    assert_eq!((item.reason, item.notes.as_deref()), (ReviewReason::Requested, Some("check")));
    assert_eq!(item.post(), Some(&stored));
    let lines = fresh.store.review_audit(ReviewAuditFilter { item: None, post: Some(stored.id) }, None, 9).await;
    let line = lines.unwrap().remove(0);
    assert_eq!((line.action, line.actor.as_str(), line.before), (ReviewAction::CreatePost, "asha", None));
}

async fn a_post_of_nobody_is_not_stored(fresh: Fresh) {
    let before = fresh.everything().await;
    let entropy: &dyn Entropy = &OsEntropy;
    let nobody = by_hand(&fresh, LeaderId(entropy.uuid_v4()));
    assert_eq!(fresh.store.enter(&nobody, "asha").await.unwrap(), None);
    let unknown = PostId(entropy.uuid_v4());
    let change = PostChange { label: Some(Label::Neutral), ..PostChange::default() };
    assert_eq!(fresh.store.change(unknown, &change, "asha").await.unwrap(), Edited::Unknown);
    assert!(!fresh.store.remove(unknown, "asha").await.unwrap());
    assert_eq!(fresh.everything().await, before);
}

async fn what_is_changed_by_hand_is_changed_and_nothing_else(fresh: Fresh) {
    let leader = leader(&fresh.store, "amber").await;
    let first = enter(&fresh, &by_hand(&fresh, leader.id)).await;
    let change =
        PostChange { metrics: Some(PostMetrics { likes: Some(9), ..PostMetrics::default() }), ..PostChange::default() };
    assert_eq!(fresh.store.change(first.id, &change, "asha").await.unwrap(), Edited::Done);
    let counted = fresh.store.post(first.id).await.unwrap().unwrap();
    assert_eq!(counted, Post { metrics: PostMetrics { likes: Some(9), ..PostMetrics::default() }, ..first.clone() });

    let text = NewText {
        text: "Edited".into(),
        language: "de".into(),
        sentiment: Sentiment::Scored { score: -0.5, model: "test/1" },
        is_doubtful: true,
    };
    let change = PostChange { text: Some(text.clone()), ..PostChange::default() };
    fresh.store.change(first.id, &change, "asha").await.unwrap();
    let edited = fresh.store.post(first.id).await.unwrap().unwrap();
    assert_eq!((edited.text.as_str(), edited.language.as_str()), ("Edited", "de"));
    assert_eq!(edited.sentiment, first.sentiment, "what somebody said of the tone stays");
    assert_eq!(fresh.store.waiting().await.unwrap(), 0);

    let scored = NewPost { sentiment: text.sentiment, ..by_hand(&fresh, leader.id) };
    let scored = enter(&fresh, &scored).await;
    let text = NewText { sentiment: Sentiment::Scored { score: 0.0, model: "test/1" }, ..text };
    let change =
        PostChange { text: Some(text.clone()), verification: Some(Verification::Verified), ..PostChange::default() };
    fresh.store.change(scored.id, &change, "asha").await.unwrap();
    let scored = fresh.store.post(scored.id).await.unwrap().unwrap();
    assert_eq!((scored.sentiment, scored.verification), (text.sentiment, Verification::Verified));
}

async fn the_content_of_a_fetched_post_is_left_to_its_platform(fresh: Fresh) {
    let mut reading = reading(&fresh.store).await;
    commit(&fresh.store, &mut reading, vec![post(number(0), "good news")]).await.unwrap();
    let fetched = fresh.store.page(&FeedFilter::default(), None, 1).await.unwrap().posts.remove(0);
    let before = fresh.everything().await;
    let text = NewText {
        text: "mine".into(),
        language: "en".into(),
        sentiment: Sentiment::Given(Label::Neutral),
        is_doubtful: false,
    };
    for change in [
        PostChange { text: Some(text), ..PostChange::default() },
        PostChange { metrics: Some(PostMetrics::default()), ..PostChange::default() },
    ] {
        assert_eq!(fresh.store.change(fetched.id, &change, "asha").await.unwrap(), Edited::NotEditable);
    }
    assert_eq!(fresh.everything().await, before);
    let allowed = PostChange {
        label: Some(Label::Negative),
        verification: Some(Verification::Rejected),
        ..PostChange::default()
    };
    assert_eq!(fresh.store.change(fetched.id, &allowed, "asha").await.unwrap(), Edited::Done);
    let again = commit(&fresh.store, &mut reading, vec![post(number(0), "good news")]).await.unwrap();
    assert_eq!(again.counters.unchanged, 1);
    let changed = fresh.store.post(fetched.id).await.unwrap().unwrap();
    assert_eq!((changed.sentiment, changed.verification), (Sentiment::Given(Label::Negative), Verification::Rejected));
}

async fn a_status_by_hand_settles_the_item_that_waits(fresh: Fresh) {
    let leader = leader(&fresh.store, "amber").await;
    let new = NewPost { review: Some(ReviewReason::Requested), ..by_hand(&fresh, leader.id) };
    for (status, state) in [
        (Verification::NeedsReview, ReviewState::Pending),
        (Verification::Verified, ReviewState::Approved),
        (Verification::Rejected, ReviewState::Rejected),
    ] {
        let post = enter(&fresh, &new).await;
        let change = PostChange { verification: Some(status), ..PostChange::default() };
        fresh.store.change(post.id, &change, "ravi").await.unwrap();
        let items = fresh.store.items(&ReviewState::ALL, None, 9).await.unwrap();
        let item = items.into_iter().find(|item| item.post().unwrap().id == post.id).unwrap();
        assert_eq!((item.state, item.reviewer.is_some()), (state, state != ReviewState::Pending));
        assert_eq!(item.post().unwrap().verification, status);
    }
}

async fn a_deleted_post_is_not_stored_again(fresh: Fresh) {
    let mut reading = reading(&fresh.store).await;
    let page = vec![post(number(0), "good news"), post(number(1), "good news")];
    commit(&fresh.store, &mut reading, page.clone()).await.unwrap();
    let newest = fresh.store.page(&FeedFilter::default(), None, 1).await.unwrap().posts.remove(0);
    assert!(fresh.store.remove(newest.id, "asha").await.unwrap());
    assert!(!fresh.store.remove(newest.id, "asha").await.unwrap());
    assert_eq!(fresh.store.post(newest.id).await.unwrap(), None);

    let again = commit(&fresh.store, &mut reading, page).await.unwrap();
    assert_eq!((again.counters.inserted, again.counters.unchanged), (0, 2));
    let left = fresh.store.page(&FeedFilter::default(), None, 9).await.unwrap();
    assert_eq!((left.posts.len(), left.total), (1, Some(1)));
    assert_eq!(fresh.texts("SELECT deleted_reason FROM posts WHERE deleted_at IS NOT NULL").await, ["by_hand"]);
    assert_eq!(fresh.number("SELECT COUNT(*) FROM posts WHERE body = 'good news'").await, 1);
    assert_eq!(fresh.number("SELECT COUNT(*) FROM post_hashtags").await, 1);
    let lines = fresh.store.review_audit(ReviewAuditFilter::default(), None, 9).await.unwrap();
    assert_eq!((lines.len(), lines[0].action, &lines[0].after), (1, ReviewAction::DeletePost, &None));

    let mine = enter(&fresh, &by_hand(&fresh, reading.claim.lease.leader)).await;
    assert!(fresh.store.remove(mine.id, "asha").await.unwrap());
    assert_eq!(fresh.store.count().await.unwrap(), 1);
}
