//! The feed: every post once and in order, by cursor and by number, for every filter.

use amber_server::domain::{FeedCursor, FeedFilter, FeedPage, LeaderId, Platform, PostId, ScoredPost};
use amber_server::store::{Posts, Vitals};

use crate::fresh::Fresh;
use crate::sample::{commit, leader, number, post, read};

on_both_databases!(
    pages_by_cursor_visit_every_post_once_in_order,
    pages_by_number_are_the_same_pages,
    a_leader_named_twice_is_shown_once,
    the_total_is_a_plain_count,
    an_empty_feed_has_an_empty_page,
    a_post_comes_back_as_it_was_stored,
);

/// Seconds of a UTC day.
const DAY: i64 = 86_400;

/// Three leaders on two platforms; many posts of one instant, over four days; the third leader is silent.
async fn fill(fresh: &Fresh) -> Vec<LeaderId> {
    let mut leaders = Vec::new();
    for (at, name) in ["asha", "ravi", "silent"].into_iter().enumerate() {
        let leader = leader(&fresh.store, name).await;
        leaders.push(leader.id);
        let mut reading = read(&fresh.store, leader.id).await;
        for platform in [Platform::X, Platform::Facebook] {
            let posts = if name == "silent" { Vec::new() } else { posts(i64::try_from(at).unwrap()) };
            // Posts of other platforms come from elsewhere; here the stream is one of theirs for a while.
            fresh.change(&format!("UPDATE ingest_streams SET platform = '{}'", platform.as_str())).await;
            reading.stream.platform = platform;
            commit(&fresh.store, &mut reading, posts).await.unwrap();
        }
        fresh.change("UPDATE ingest_streams SET platform = 'x'").await;
    }
    leaders
}

fn posts(leader: i64) -> Vec<ScoredPost> {
    let at = |n: i64| {
        let mut one = post(number(n % 4 * DAY + n + leader * 1_000), "good news");
        one.post.posted_at = amber_server::domain::snowflake_time(number(n % 4 * DAY + n / 8));
        one
    };
    (0..23).map(at).collect()
}

/// All filters that differ in kind.
fn filters(leaders: &[LeaderId]) -> Vec<FeedFilter> {
    let leaders = [vec![], vec![leaders[0]], leaders[..2].to_vec(), leaders.to_vec(), vec![leaders[2]]];
    let platforms = [vec![], vec![Platform::X], vec![Platform::X, Platform::Facebook], vec![Platform::News]];
    let of = |leaders: &Vec<LeaderId>| {
        let leaders = leaders.clone();
        platforms
            .clone()
            .map(|platforms| FeedFilter { leaders: leaders.clone(), platforms, ..FeedFilter::default() })
            .to_vec()
    };
    leaders.iter().flat_map(of).collect()
}

/// The ids that a filter lets through, sorted by nothing but the rule.
async fn plain(fresh: &Fresh, filter: &FeedFilter) -> Vec<PostId> {
    let everything = fresh.store.page(&FeedFilter::default(), None, 10_000).await.unwrap().posts;
    assert_eq!(everything.len() as u64, fresh.number("SELECT COUNT(*) FROM posts").await);
    let shown = |post: &amber_server::domain::Post| {
        (filter.leaders.is_empty() || filter.leaders.contains(&post.leader_id))
            && (filter.platforms.is_empty() || filter.platforms.contains(&post.platform))
    };
    let mut posts: Vec<_> = everything.into_iter().filter(shown).collect();
    posts.sort_by_key(|post| std::cmp::Reverse((post.posted_at, post.id)));
    posts.into_iter().map(|post| post.id).collect()
}

async fn walk(fresh: &Fresh, filter: &FeedFilter, size: u32) -> Vec<FeedPage> {
    let mut pages = Vec::new();
    let mut after: Option<FeedCursor> = None;
    loop {
        let page = fresh.store.page(filter, after, size).await.unwrap();
        after = page.next;
        pages.push(page);
        if after.is_none() {
            return pages;
        }
        assert!(pages.len() < 1_000, "the cursor does not move");
    }
}

async fn pages_by_cursor_visit_every_post_once_in_order(fresh: Fresh) {
    let leaders = fill(&fresh).await;
    for filter in filters(&leaders) {
        let expected = plain(&fresh, &filter).await;
        for size in [1, 7, 100] {
            let pages = walk(&fresh, &filter, size).await;
            let visited: Vec<_> = pages.iter().flat_map(|page| &page.posts).map(|post| post.id).collect();
            assert_eq!(visited, expected, "{filter:?}, {size} posts a page");
            let last = pages.len() - 1;
            assert!(pages[..last].iter().all(|page| page.posts.len() == size as usize), "a page is not full");
        }
    }
}

async fn pages_by_number_are_the_same_pages(fresh: Fresh) {
    let leaders = fill(&fresh).await;
    for filter in filters(&leaders) {
        let pages = walk(&fresh, &filter, 7).await;
        for (at, page) in (1..).zip(&pages) {
            let numbered = fresh.store.page_by_number(&filter, at, 7).await.unwrap();
            assert_eq!(&numbered, page, "{filter:?}, page {at}");
        }
        let total = pages[0].total;
        for beyond in [pages.len() as u64 + 1, 1_000_000, u64::MAX] {
            let page = fresh.store.page_by_number(&filter, beyond, 7).await.unwrap();
            assert_eq!(page, FeedPage { total, ..FeedPage::default() }, "{filter:?}, page {beyond}");
        }
    }
}

async fn a_leader_named_twice_is_shown_once(fresh: Fresh) {
    let leaders = fill(&fresh).await;
    let once = FeedFilter { leaders: vec![leaders[0]], platforms: vec![Platform::X], ..FeedFilter::default() };
    let twice = FeedFilter { leaders: vec![leaders[0]; 2], platforms: vec![Platform::X; 2], ..FeedFilter::default() };
    assert_eq!(walk(&fresh, &twice, 5).await, walk(&fresh, &once, 5).await);
}

async fn the_total_is_a_plain_count(fresh: Fresh) {
    let leaders = fill(&fresh).await;
    for filter in filters(&leaders) {
        let total = fresh.store.page(&filter, None, 1).await.unwrap().total;
        assert_eq!(total, Some(plain(&fresh, &filter).await.len() as u64), "{filter:?}");
    }
    let counts = fresh.store.counts().await.unwrap();
    assert_eq!((counts.leaders, counts.posts, counts.review_items), (3, 92, 0));
    assert_eq!(counts.latest_post_at, Some(amber_server::domain::snowflake_time(number(3 * DAY + 2))));
}

async fn an_empty_feed_has_an_empty_page(fresh: Fresh) {
    let empty = FeedPage { total: Some(0), ..FeedPage::default() };
    assert_eq!(fresh.store.page(&FeedFilter::default(), None, 20).await.unwrap(), empty);
    assert_eq!(fresh.store.page_by_number(&FeedFilter::default(), 1, 20).await.unwrap(), empty);
    assert_eq!(fresh.store.latest_post_at().await.unwrap(), None);
}

async fn a_post_comes_back_as_it_was_stored(fresh: Fresh) {
    let leader = leader(&fresh.store, "asha").await;
    let fetched = post(number(5), "कल स्कूल खुलेगा 🙂");
    commit(&fresh.store, &mut read(&fresh.store, leader.id).await, vec![fetched.clone()]).await.unwrap();

    let stored = fresh.store.page(&FeedFilter::default(), None, 1).await.unwrap().posts.remove(0);
    assert_eq!((stored.leader_id, stored.leader_name.as_str(), stored.platform), (leader.id, "asha", Platform::X));
    assert_eq!(stored.external_id, fetched.post.id.to_string());
    assert_eq!(stored.permalink, fetched.post.permalink());
    assert_eq!((stored.sentiment, stored.language), (fetched.sentiment, fetched.language));
    assert_eq!((stored.edited, stored.truncated), (false, false));
    assert_eq!(stored.first_seen_at, amber_server::domain::Clock::now(&fresh.clock));
    let fetched = fetched.post;
    assert_eq!((stored.text, stored.author, stored.posted_at), (fetched.text, fetched.author, fetched.posted_at));
    assert_eq!((stored.hashtags, stored.media, stored.metrics), (fetched.hashtags, fetched.media, fetched.metrics));
}
