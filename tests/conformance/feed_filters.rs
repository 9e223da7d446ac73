//! Every filter of the feed against a plain look at every post: the pages together are exactly what fits, in order.

use amber_server::domain::{
    FeedFilter, Label, LanguageRange, LeaderId, Platform, Post, PostId, ScoredPost, Sentiment, Unscored,
};
use amber_server::store::Posts;
use jiff::{SignedDuration, Timestamp};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::fresh::Fresh;
use crate::sample::{commit, leader, number, post, read};

on_both_databases!(
    the_pages_of_any_filter_are_exactly_what_fits,
    a_rare_post_is_found_however_many_lie_above_it,
    one_post_is_found_by_its_id,
);

/// Texts that tell apart letters, cases and wildcards of SQL.
const TEXTS: [&str; 8] =
    ["Good news", "GOOD NEWS", "100 % sure", "a_b\\c", "कल स्कूल खुलेगा", "Straße ÄÖ", "it's \"so\" 🙂", ""];
const NEEDLES: [&str; 12] = ["good", "NEWS", "%", "_", "\\", "स्कूल", "ß", "ä", "Ä", "'", "🙂", "nothing has this"];
const LANGUAGES: [&str; 6] = ["en", "en-IN", "hi", "und", "eng", "pt-BR"];

/// How many filters are tried on each database.
const TRIES: usize = 150;

fn sentiments() -> [Sentiment; 4] {
    let scored = |score| Sentiment::Scored { score, model: "test/1" };
    [scored(0.5), scored(0.0), scored(-0.5), Sentiment::Unscored(Unscored::Language)]
}

/// Posts of several leaders and platforms, of which many were published at one instant.
async fn fill(fresh: &Fresh) -> Vec<LeaderId> {
    let mut leaders = Vec::new();
    for name in ["asha", "ravi", "silent"] {
        let leader = leader(&fresh.store, name).await;
        let of_leader = i64::try_from(leaders.len()).unwrap();
        leaders.push(leader.id);
        let mut reading = read(&fresh.store, leader.id).await;
        for platform in [Platform::X, Platform::News] {
            fresh.change(&format!("UPDATE ingest_streams SET platform = '{}'", platform.as_str())).await;
            reading.stream.platform = platform;
            let posts = if name == "silent" { Vec::new() } else { posts(of_leader) };
            commit(&fresh.store, &mut reading, posts).await.unwrap();
        }
        fresh.change("UPDATE ingest_streams SET platform = 'x'").await;
    }
    leaders
}

fn posts(leader: i64) -> Vec<ScoredPost> {
    let one = |n: usize| {
        let seconds = i64::try_from(n).unwrap();
        let mut one = post(number(leader * 1_000 + seconds), TEXTS[n % TEXTS.len()]);
        one.post.posted_at = instant(seconds / 5);
        LANGUAGES[n % LANGUAGES.len()].clone_into(&mut one.language);
        one.sentiment = sentiments()[n / 3 % 4];
        one
    };
    (0..90).map(one).collect()
}

fn instant(minute: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minute)
}

fn any_filter(leaders: Vec<LeaderId>) -> impl Strategy<Value = FeedFilter> {
    let labels = vec![None, Some(Label::Positive), Some(Label::Neutral), Some(Label::Negative)];
    let ranges: Vec<_> =
        ["en", "EN-in", "hi", "und", "pt", "fr"].map(|range| LanguageRange::parse(range).unwrap()).into();
    (
        vec(select(leaders), 0..3),
        vec(select(Platform::ALL.to_vec()), 0..3),
        vec(select(ranges), 0..3),
        vec(select(labels), 0..3),
        proptest::option::of(0..20_i64),
        proptest::option::of(0..20_i64),
        proptest::option::of(select(NEEDLES.to_vec())),
    )
        .prop_map(|(leaders, platforms, languages, sentiments, since, until, text)| FeedFilter {
            leaders,
            platforms,
            languages,
            sentiments,
            since: since.map(instant),
            until: until.map(instant),
            text: text.map(str::to_owned),
        })
}

/// What a filter means, in plain words.
fn fits(filter: &FeedFilter, post: &Post) -> bool {
    let language = post.language.to_lowercase();
    let in_range =
        |range: &LanguageRange| language == range.as_str() || language.starts_with(&format!("{}-", range.as_str()));
    let any = |is_empty: bool, fits: bool| is_empty || fits;
    any(filter.leaders.is_empty(), filter.leaders.contains(&post.leader_id))
        && any(filter.platforms.is_empty(), filter.platforms.contains(&post.platform))
        && any(filter.languages.is_empty(), filter.languages.iter().any(in_range))
        && any(filter.sentiments.is_empty(), filter.sentiments.contains(&post.sentiment.label()))
        && filter.since.is_none_or(|since| since <= post.posted_at)
        && filter.until.is_none_or(|until| post.posted_at < until)
        && filter.text.as_ref().is_none_or(|text| post.text.to_ascii_lowercase().contains(&text.to_ascii_lowercase()))
}

async fn walk(fresh: &Fresh, filter: &FeedFilter, size: u32) -> Vec<PostId> {
    let (mut visited, mut after) = (Vec::new(), None);
    for _ in 0..1_000 {
        let page = fresh.store.page(filter, after, size).await.unwrap();
        assert!(page.posts.len() <= size as usize);
        assert_eq!(page.total.is_some(), filter.is_counted());
        visited.extend(page.posts.iter().map(|post| post.id));
        after = page.next;
        if after.is_none() {
            return visited;
        }
    }
    panic!("the cursor does not move: {filter:?}");
}

async fn the_pages_of_any_filter_are_exactly_what_fits(fresh: Fresh) {
    let leaders = fill(&fresh).await;
    let mut everything = fresh.store.page(&FeedFilter::default(), None, 10_000).await.unwrap().posts;
    assert_eq!(everything.len(), 360);
    everything.sort_by_key(|post| std::cmp::Reverse((post.posted_at, post.id)));
    let mut runner = TestRunner::deterministic();
    let (filters, sizes) = (any_filter(leaders), select(vec![1_u32, 7, 100]));
    let mut hits = 0;
    for _ in 0..TRIES {
        let filter = filters.new_tree(&mut runner).unwrap().current();
        let size = sizes.new_tree(&mut runner).unwrap().current();
        let expected: Vec<_> = everything.iter().filter(|post| fits(&filter, post)).map(|post| post.id).collect();
        let admitted: Vec<_> = everything.iter().filter(|post| filter.admits(post)).map(|post| post.id).collect();
        assert_eq!(admitted, expected, "in memory: {filter:?}");
        assert_eq!(walk(&fresh, &filter, size).await, expected, "{filter:?}, {size} posts a page");
        hits += usize::from(!expected.is_empty());
    }
    assert!(hits > TRIES / 10, "nearly no filter let anything through: {hits}");
}

async fn a_rare_post_is_found_however_many_lie_above_it(fresh: Fresh) {
    let leader = leader(&fresh.store, "asha").await;
    let mut reading = read(&fresh.store, leader.id).await;
    for part in 0..6 {
        let many = (0..1_000).map(|n| post(number(10 + part * 1_000 + n), "nothing")).collect();
        commit(&fresh.store, &mut reading, many).await.unwrap();
    }
    commit(&fresh.store, &mut reading, vec![post(number(1), "a needle")]).await.unwrap();
    let filter = FeedFilter { text: Some("NEEDLE".into()), ..FeedFilter::default() };
    let first = fresh.store.page(&filter, None, 20).await.unwrap();
    assert!(first.posts.is_empty() && first.next.is_some(), "a call looks at no more than some thousand posts");
    let second = fresh.store.page(&filter, first.next, 20).await.unwrap();
    assert_eq!((second.posts.len(), second.next), (1, None));
}

async fn one_post_is_found_by_its_id(fresh: Fresh) {
    fill(&fresh).await;
    let shown = fresh.store.page(&FeedFilter::default(), None, 1).await.unwrap().posts.remove(0);
    assert_eq!(fresh.store.post(shown.id).await.unwrap(), Some(shown.clone()));
    fresh.change("UPDATE posts SET deleted_at = 1, deleted_reason = 'gone'").await;
    assert_eq!(fresh.store.post(shown.id).await.unwrap(), None);
}
