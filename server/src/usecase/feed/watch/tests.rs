//! Readers over an order of arrival in memory, in time that moves by itself.

use std::sync::Mutex;

use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;

use super::*;
use crate::domain::{Author, LeaderId, Platform, PostId, PostMetrics, PostOrigin, Sentiment, Unscored, Verification};
use crate::store::{self, Arrivals, Arrived};

/// Posts by their places, from the first that is kept.
#[derive(Default)]
struct Order(Mutex<(u64, Vec<Post>)>);

impl Order {
    fn store(&self, count: usize) {
        let mut order = self.0.lock().unwrap();
        for _ in 0..count {
            let n = order.1.len();
            order.1.push(post(n));
        }
    }

    fn forget(&self, places: u64) {
        self.0.lock().unwrap().0 = places;
    }
}

#[async_trait]
impl Arrivals for Order {
    async fn last_arrival(&self) -> Result<u64, store::Error> {
        Ok(self.0.lock().unwrap().1.len() as u64)
    }

    async fn arrivals(&self, after: u64, limit: u32) -> Result<Option<Arrived>, store::Error> {
        let order = self.0.lock().unwrap();
        if after < order.0 || after > order.1.len() as u64 {
            return Ok(None);
        }
        let posts: Vec<_> = (1..).zip(&order.1).skip(usize::try_from(after).unwrap()).take(limit as usize).collect();
        let place = posts.last().map_or(after, |(at, _)| *at);
        Ok(Some(Arrived { posts: posts.into_iter().map(|(at, post)| (at, post.clone())).collect(), place }))
    }

    async fn purge_arrivals(&self, _: Timestamp) -> Result<u64, store::Error> {
        Ok(0)
    }
}

fn post(n: usize) -> Post {
    Post {
        id: PostId(Uuid::from_u128(n as u128)),
        leader_id: LeaderId(Uuid::nil()),
        leader_name: String::new(),
        platform: Platform::X,
        platform_name: None,
        origin: PostOrigin::Fetched,
        verification: Verification::NeedsReview,
        external_id: n.to_string(),
        author: Author::default(),
        text: format!("number {}", n % 10),
        posted_at: Timestamp::UNIX_EPOCH,
        language: "en".into(),
        hashtags: Vec::new(),
        media: Vec::new(),
        metrics: PostMetrics::default(),
        sentiment: Sentiment::Unscored(Unscored::NoText),
        permalink: String::new(),
        edited: false,
        truncated: false,
        first_seen_at: Timestamp::UNIX_EPOCH,
    }
}

fn reader(order: &Arc<Order>, filter: Option<FeedFilter>, place: Option<u64>) -> Reader {
    Reader {
        tail: Arc::new(Tail::new(Arc::clone(order) as _)),
        closing: CancellationToken::new(),
        filter,
        place,
        waiting: VecDeque::new(),
        told_at: None,
        is_over: false,
    }
}

/// What a reader is told next: the number of a post, or nothing.
async fn next(reader: &mut Reader) -> Option<usize> {
    let told = reader.next().await.unwrap();
    reader.told_at = Some(Instant::now());
    told.post.map(|post| post.external_id.parse().unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_reader_is_told_every_post_once_however_they_come() {
    let order = Arc::<Order>::default();
    order.store(3);
    let mut reader = reader(&order, Some(FeedFilter::default()), None);
    assert_eq!(next(&mut reader).await, None, "where it begins");
    for (count, from) in [(1, 3), (250, 4), (7, 254)] {
        order.store(count);
        for n in from..from + count {
            assert_eq!(next(&mut reader).await, Some(n));
        }
    }
    assert_eq!(next(&mut reader).await, None, "a sign of life");
}

#[tokio::test(start_paused = true)]
async fn a_quiet_stream_gives_a_sign_of_life_in_time_and_its_place_moves() {
    let order = Arc::<Order>::default();
    let mut reader = reader(&order, Some(FeedFilter { text: Some("nothing".into()), ..FeedFilter::default() }), None);
    assert_eq!(next(&mut reader).await, None);
    let started = Instant::now();
    order.store(40);
    assert_eq!(next(&mut reader).await, None);
    assert!((HEARTBEAT..HEARTBEAT + POLL).contains(&started.elapsed()), "{:?}", started.elapsed());
    assert_eq!(reader.place, Some(40), "what does not fit is not looked at again");
}

#[tokio::test(start_paused = true)]
async fn many_readers_of_one_process_share_their_looks() {
    let order = Arc::<Order>::default();
    let tail = Arc::new(Tail::new(Arc::clone(&order) as _));
    let with_tail = |place| Reader { tail: Arc::clone(&tail), ..reader(&order, Some(FeedFilter::default()), place) };
    let (mut early, mut late) = (with_tail(None), with_tail(None));
    assert_eq!((next(&mut early).await, next(&mut late).await), (None, None));
    // More than is kept in memory: the late one reads the rest by itself.
    order.store(1_300);
    for n in 0..1_300 {
        assert_eq!(next(&mut early).await, Some(n));
    }
    for n in 0..1_300 {
        assert_eq!(next(&mut late).await, Some(n));
    }
}

#[tokio::test(start_paused = true)]
async fn one_who_takes_nothing_while_posts_wait_is_let_go() {
    let order = Arc::<Order>::default();
    let mut reader = reader(&order, Some(FeedFilter::default()), None);
    assert_eq!(next(&mut reader).await, None);
    sleep(PATIENCE * 2).await;
    assert_eq!(next(&mut reader).await, None, "nothing waited");
    order.store(2);
    assert_eq!(next(&mut reader).await, Some(0));
    sleep(PATIENCE + POLL).await;
    assert!(matches!(reader.next().await, Err(Error::TooSlow)));
}

#[tokio::test(start_paused = true)]
async fn a_place_that_is_forgotten_or_was_never_there_is_told_at_once() {
    let order = Arc::<Order>::default();
    order.store(10);
    order.forget(5);
    for (place, is_known) in [(4, false), (5, true), (10, true), (11, false)] {
        let told = reader(&order, None, Some(place)).next().await;
        match told {
            Ok(_) => assert!(is_known, "{place}"),
            Err(error) => assert!(matches!(error, Error::ResumeTokenExpired) && !is_known, "{place}: {error:?}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_process_that_ends_says_so() {
    let order = Arc::<Order>::default();
    let mut reader = reader(&order, None, None);
    assert_eq!(next(&mut reader).await, None);
    let closing = reader.closing.clone();
    let (told, ()) = tokio::join!(reader.next(), async {
        sleep(POLL / 2).await;
        closing.cancel();
    });
    assert!(matches!(told, Err(Error::Stopping)));
}

#[test]
fn a_token_is_read_as_it_was_written() {
    for place in [0, 1, 123_456_789, i64::MAX.cast_unsigned()] {
        assert_eq!(read(&write(place)).unwrap(), Some(place));
    }
    assert_eq!(read("").unwrap(), None);
    for bad in ["garbage", &page_token::encode_text("arrival -1"), &page_token::encode_text("arrival +1")] {
        assert!(matches!(read(bad), Err(Error::ResumeToken)), "{bad}");
    }
    for bad in ["arrival ", "arrival 9223372036854775808", "x:ada"] {
        assert!(matches!(read(&page_token::encode_text(bad)), Err(Error::ResumeToken)), "{bad}");
    }
}
