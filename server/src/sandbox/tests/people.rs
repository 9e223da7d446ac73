//! The synthetic leaders: deterministic, spread over time, varied.

use std::collections::BTreeMap;

use super::*;

fn handles() -> Vec<&'static str> {
    Sandbox::demo_leaders().iter().map(|leader| leader.handle).collect()
}

fn everything(sandbox: &Sandbox) -> Vec<Truth> {
    handles().iter().flat_map(|handle| sandbox.posts_of(handle).unwrap()).collect()
}

#[test]
fn the_history_fills_the_last_fourteen_days() {
    let sandbox = Sandbox::new(options().0);
    for handle in handles() {
        let posts = sandbox.posts_of(handle).unwrap();
        // One more of those who have mixed feelings.
        assert!((119..=121).contains(&posts.len()), "{handle}: {}", posts.len());
        assert!(posts.is_sorted_by(|a, b| a.id > b.id));
        let age = |post: &Truth| NOON_MS - post.id.posted_at().as_millisecond();
        assert!(age(&posts[0]) >= 0 && age(posts.last().unwrap()) <= 14 * 86_400_000);
        let per_day = posts.iter().fold([0; 14], |mut days, post| {
            days[usize::try_from(age(post) / 86_400_000).unwrap()] += 1;
            days
        });
        assert!(per_day.iter().all(|count| *count >= 5), "{handle}: {per_day:?}");
    }
}

#[test]
fn a_seed_decides_the_posts_also_across_starts() {
    let (first, second) = (Sandbox::new(options().0), Sandbox::new(options().0));
    assert_eq!(everything(&first), everything(&second));
    let (mut other, hands) = options();
    other.seed = 7;
    assert_ne!(everything(&first), everything(&Sandbox::new(other)));
    let (mut later, later_hands) = (options().0, hands);
    later_hands.forward(Duration::from_hours(48));
    let clock = later_hands.0;
    later.now = Arc::new(move || Timestamp::from_millisecond(clock.load(Ordering::Relaxed)).unwrap());
    let later = Sandbox::new(later);
    for handle in handles() {
        let shared: BTreeSet<PostId> = first.posts_of(handle).unwrap().iter().map(|post| post.id).collect();
        let kept = later.posts_of(handle).unwrap().iter().filter(|post| shared.contains(&post.id)).count();
        assert!(kept > 90, "{handle} keeps {kept}");
    }
}

#[test]
fn new_posts_appear_as_time_passes_and_old_ones_stay() {
    let (options, hands) = options();
    let sandbox = Sandbox::new(options);
    let before = everything(&sandbox);
    hands.forward(Duration::from_mins(15));
    for handle in handles() {
        let posts = sandbox.posts_of(handle).unwrap();
        let fresh = posts.iter().filter(|post| post.id.posted_at().as_millisecond() > NOON_MS).count();
        assert!((18..=22).contains(&fresh), "{handle}: {fresh}");
    }
    let after: BTreeSet<PostId> = everything(&sandbox).iter().flat_map(|post| post.versions.clone()).collect();
    assert!(before.iter().all(|post| after.contains(&post.id)));
}

#[test]
fn a_leap_of_the_clock_keeps_memory_bounded() {
    let (options, hands) = options();
    let sandbox = Sandbox::new(options);
    hands.forward(Duration::from_hours(24 * 400));
    assert!(handles().iter().all(|handle| sandbox.posts_of(handle).unwrap().len() <= 4_000));
}

#[test]
fn the_leaders_vary_in_kind_of_post_and_language() {
    let posts = everything(&Sandbox::new(options().0));
    let mut languages = BTreeMap::new();
    for post in &posts {
        *languages.entry(post.language).or_insert(0) += 1;
    }
    assert!(languages["en"] > 100 && languages["hi"] > 100 && languages["und"] > 5, "{languages:?}");
    let counted = |is: fn(&Truth) -> bool| posts.iter().filter(|post| is(post)).count();
    assert!(counted(|post| post.text.chars().count() > 280) > 10);
    assert!(counted(|post| matches!(post.reference, Some((Reference::Retweeted, _)))) > 30);
    assert!(counted(|post| post.versions.len() > 1) > 10);
    assert!(counted(|post| post.text.contains(['&', '<'])) > 30);
}

#[tokio::test]
async fn every_leader_is_found_and_one_is_protected() {
    let sandbox = Sandbox::new(options().0);
    let got = get(&sandbox, &format!("/2/users/by?usernames={}&user.fields=protected", handles().join(","))).await;
    assert!(got.body.get("errors").is_none());
    let users = got.body["data"].as_array().unwrap();
    let closed: Vec<&str> =
        users.iter().filter(|user| user["protected"] == true).map(|user| user["username"].as_str().unwrap()).collect();
    assert_eq!((users.len(), closed), (6, vec!["quillon_sbx"]));
}
