//! Many people with long timelines, many readers.

use tokio::task::JoinSet;

use super::*;

const PAGE: &str = "max_results=5&tweet.fields=created_at,entities,note_tweet,public_metrics,referenced_tweets\
                    &expansions=author_id,referenced_tweets.id&user.fields=name";

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

/// How long one answer takes.
async fn time(sandbox: &Sandbox, uri: &str) -> Duration {
    let start = tokio::time::Instant::now();
    let (status, _, body) = raw(sandbox, uri).await;
    let took = start.elapsed();
    assert_eq!((status, body.is_ok()), (StatusCode::OK, true));
    took
}

#[tokio::test]
async fn a_page_of_a_long_timeline_in_a_crowd_takes_no_longer_than_one_of_a_short_timeline() {
    let (alone, one, _) = crowd(1, 10);
    let (crowded, many, hands) = crowd(200, 10);
    let posts: Vec<PostId> = (0..3_000)
        .map(|n| {
            hands.forward(Duration::from_secs(1));
            crowded.post("user150", format!("Number {n} of user 150")).unwrap()
        })
        .collect();
    let short = format!("/2/users/{}/tweets?{PAGE}", one[0]);
    let timeline = format!("/2/users/{}/tweets?{PAGE}", many[150]);
    let (newest, tenth) = (posts[2_999], posts[10]);
    for uri in [timeline.clone(), format!("{timeline}&since_id={newest}"), format!("{timeline}&until_id={tenth}")] {
        // By turns, and each as fast as it can be: what else the machine does slows both down.
        let (mut small, mut large) = (Duration::MAX, Duration::MAX);
        for turn in 0..1_000 {
            small = small.min(time(&alone, &short).await);
            large = large.min(time(&crowded, &uri).await);
            if turn >= 20 && large < small * 2 {
                break;
            }
        }
        assert!(large < small * 2, "{large:?} for {uri}, {small:?} in a small world");
    }
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
