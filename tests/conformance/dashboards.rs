//! The numbers of a dashboard equal a count by hand.

use std::collections::BTreeMap;

use amber_server::domain::{LeaderId, Platform, ScoredPost, Sentiment, SentimentCounts, Unscored, snowflake_time};
use amber_server::store::{Counting, Dashboards};

use jiff::Timestamp;

use crate::fresh::Fresh;
use crate::sample::{commit, leader, number, post, read};

on_both_databases!(
    a_period_is_counted_as_by_hand,
    a_period_without_posts_has_its_days,
    nobody_and_nowhere_are_nothing_at_all,
);

/// Seconds of a UTC day.
const DAY: i64 = 86_400;

fn varied(n: i64) -> ScoredPost {
    let mut one = post(number(n * DAY / 3), "news");
    one.sentiment = match n % 4 {
        0 => Sentiment::Scored { score: 0.5, model: "test/1" },
        1 => Sentiment::Scored { score: -0.75, model: "test/1" },
        2 => Sentiment::Scored { score: 0.0, model: "test/1" },
        _ => Sentiment::Unscored(Unscored::Language),
    };
    one.language = if n % 3 == 0 { "hi".into() } else { "en".into() };
    one.post.hashtags = vec!["Schools".into(), "SCHOOLS".into(), format!("tag{}", n % 12)];
    one
}

async fn fill(fresh: &Fresh) -> (Vec<LeaderId>, BTreeMap<LeaderId, Vec<ScoredPost>>) {
    let mut all = BTreeMap::new();
    let mut leaders = Vec::new();
    for (first, name) in [(0, "asha"), (1, "ravi"), (2, "silent")] {
        let id = leader(&fresh.store, name).await.id;
        leaders.push(id);
        let posts: Vec<_> = if name == "silent" { vec![] } else { (0..20).map(|n| varied(n * 2 + first)).collect() };
        commit(&fresh.store, &mut read(&fresh.store, id).await, posts.clone()).await.unwrap();
        all.insert(id, posts);
    }
    (leaders, all)
}

fn everything(since: Timestamp, until: Timestamp) -> Counting<'static> {
    Counting { leaders: None, platforms: &[], since, until }
}

async fn nobody_and_nowhere_are_nothing_at_all(fresh: Fresh) {
    let (leaders, _) = fill(&fresh).await;
    let (since, until) = (snowflake_time(number(DAY)), snowflake_time(number(5 * DAY)));
    let all = fresh.store.aggregates(&everything(since, until)).await.unwrap();
    assert!(all.totals.total() > 0 && !all.topics.is_empty());
    let nobody = Counting { leaders: Some(Vec::new()), ..everything(since, until) };
    let nowhere = Counting { platforms: &[Platform::Facebook, Platform::News], ..everything(since, until) };
    for (counting, shown) in [(nobody, 0), (nowhere, leaders.len())] {
        let data = fresh.store.aggregates(&counting).await.unwrap();
        assert_eq!((data.totals.total(), data.leaders.len(), data.days.len()), (0, shown, 4), "{counting:?}");
        assert!(data.languages.is_empty() && data.topics.is_empty(), "{counting:?}");
    }
}

async fn a_period_is_counted_as_by_hand(fresh: Fresh) {
    let (leaders, all) = fill(&fresh).await;
    let (since, until) = (snowflake_time(number(DAY)), snowflake_time(number(5 * DAY)));
    for chosen in [None, Some(vec![leaders[0]]), Some(leaders.clone())] {
        let counting = Counting { leaders: chosen.clone(), platforms: &[Platform::X], since, until };
        let data = fresh.store.aggregates(&counting).await.unwrap();
        let is_counted = |id: &LeaderId| chosen.as_ref().is_none_or(|chosen| chosen.contains(id));
        let within = |post: &&ScoredPost| (since..until).contains(&post.post.posted_at);
        let (mut totals, mut languages) = (SentimentCounts::default(), BTreeMap::<_, u64>::new());
        for post in all.iter().filter(|(id, _)| is_counted(id)).flat_map(|(_, posts)| posts).filter(within) {
            totals.add(post.sentiment);
            *languages.entry(post.language.clone()).or_default() += 1;
        }
        assert!(totals.total() > 0);
        assert_eq!(data.totals, totals);
        assert_eq!(data.days.len(), 4);
        let mut days = SentimentCounts::default();
        data.days.iter().for_each(|point| days.merge(point.counts));
        assert_eq!(days, totals);
        assert_eq!(data.days[0].day.to_string(), "2026-01-02");
        let told: BTreeMap<_, _> = data.languages.iter().map(|tally| (tally.name.clone(), tally.posts)).collect();
        assert_eq!(told, languages);
        assert_eq!((data.topics[0].name.as_str(), data.topics[0].posts), ("schools", totals.total()));
        assert!(data.topics.windows(2).all(|pair| pair[0].posts >= pair[1].posts) && data.topics.len() <= 10);

        assert_eq!(data.leaders.len(), chosen.as_ref().map_or(leaders.len(), Vec::len));
        for row in &data.leaders {
            let posts: Vec<_> = all[&row.leader_id].iter().filter(within).collect();
            assert_eq!(row.counts.total(), posts.len() as u64, "{}", row.name);
            assert_eq!(row.last_post_at, posts.iter().map(|post| post.post.posted_at).max());
            assert_eq!(row.handle.as_deref(), Some(row.name.as_str()));
        }
        assert!(data.leaders.windows(2).all(|pair| pair[0].counts.total() >= pair[1].counts.total()));
    }
}

async fn a_period_without_posts_has_its_days(fresh: Fresh) {
    fill(&fresh).await;
    let (since, until) = (snowflake_time(number(-3 * DAY + 1)), snowflake_time(number(-DAY)));
    let data = fresh.store.aggregates(&everything(since, until)).await.unwrap();
    let days: Vec<_> = data.days.iter().map(|point| point.day.to_string()).collect();
    assert_eq!(days, ["2025-12-29", "2025-12-30"]);
    assert_eq!((data.totals.total(), data.topics.len(), data.languages.len()), (0, 0, 0));
}
