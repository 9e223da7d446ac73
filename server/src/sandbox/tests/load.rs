//! Many people with long timelines, many readers.

use tokio::task::JoinSet;

use super::*;

const PAGE: &str = "max_results=100&tweet.fields=created_at,entities,note_tweet,public_metrics,referenced_tweets\
                    &expansions=author_id,referenced_tweets.id&user.fields=public_metrics";

/// A sandbox with so many people, each with so many posts, that limits nobody.
fn crowd(people: usize, posts: usize) -> (Sandbox, Vec<UserId>, Hands) {
    let (mut options, hands) = options();
    options.limits.timeline = Allowance { requests: u32::MAX, window: Duration::from_mins(15) };
    let sandbox = Sandbox::empty(options);
    let users = (0..people).map(|n| sandbox.add_user("One of many", &format!("user{n}")).unwrap()).collect();
    for n in 0..posts {
        hands.forward(Duration::from_secs(1));
        for user in 0..people {
            sandbox.post(&format!("user{user}"), format!("Number {n} of user {user}")).unwrap();
        }
    }
    (sandbox, users, hands)
}

/// The least time that one of 20 pages of `user` takes.
async fn page_time(sandbox: &Sandbox, user: UserId) -> Duration {
    let mut least = Duration::MAX;
    for _ in 0..20 {
        let start = tokio::time::Instant::now();
        let (status, _, body) = raw(sandbox, &format!("/2/users/{user}/tweets?{PAGE}")).await;
        least = least.min(start.elapsed());
        assert_eq!((status, body.is_ok()), (StatusCode::OK, true));
    }
    least
}

#[tokio::test]
async fn a_page_takes_as_long_in_a_crowd_as_alone() {
    let (alone, one, _) = crowd(1, 120);
    let (crowded, many, _) = crowd(200, 600);
    let (small, large) = (page_time(&alone, one[0]).await, page_time(&crowded, many[150]).await);
    assert!(large < small * 3, "{large:?} among 120,000 posts, {small:?} among 120");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_posted_while_many_read_is_all_told_in_the_end() {
    let (sandbox, users, hands) = crowd(200, 2);
    let torture = Torture::hostile(3);
    sandbox.set_torture(Torture { faults: Vec::new(), deletions: 0.02, ..torture });
    let mut readers = JoinSet::new();
    for part in users.chunks(50) {
        let (sandbox, part) = (sandbox.clone(), part.to_vec());
        readers.spawn(async move {
            for user in part {
                raw(&sandbox, &format!("/2/users/{user}/tweets?max_results=5")).await.2.unwrap();
                tokio::task::yield_now().await;
            }
        });
    }
    for n in 0..10 {
        hands.forward(Duration::from_secs(30));
        for user in 0..200 {
            sandbox.post(&format!("user{user}"), format!("While they read, {n}")).unwrap();
        }
        tokio::task::yield_now().await;
    }
    readers.join_all().await;
    sandbox.set_torture(Torture::default());
    hands.forward(Duration::from_mins(6));
    let mut deleted = 0;
    for (n, user) in users.iter().enumerate() {
        let name = format!("user{n}");
        let (now, ever) = (sandbox.posts_of(&name).unwrap(), sandbox.ever_seen_of(&name).unwrap());
        let told = ids(&pages(&sandbox, *user, "max_results=100").await);
        assert_eq!(told, now.iter().map(|post| post.id.to_string()).collect::<Vec<_>>());
        let left = ever.iter().filter(|post| post.deleted_at.is_none());
        assert!(left.map(|post| post.id).eq(now.iter().map(|post| post.id)));
        assert!(ever.len() <= 12);
        deleted += ever.len() - now.len();
    }
    assert!(deleted > 0, "the torture deletes some");
    assert_eq!(sandbox.request_count(), 400);
}
