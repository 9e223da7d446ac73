//! The newest posts in the order in which they came, read once for everybody in this process who follows them.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::domain::Post;
use crate::store::{Arrivals, Error};

/// The least time between two looks at the database.
const PACE: Duration = Duration::from_millis(500);
/// After so long without anybody who looks, what was read last is too far behind to go on from.
const FORGOTTEN: Duration = Duration::from_secs(30);
/// Posts that are kept in memory for all.
const KEPT: usize = 500;
/// Places that are read at once.
const BATCH: u32 = 100;

/// A post with its place.
pub(super) type Placed = (u64, Arc<Post>);

/// What follows a place.
#[derive(Debug, Clone, Default)]
pub(super) struct Stretch {
    /// The posts, in their order.
    pub(super) posts: VecDeque<Placed>,
    /// Nothing up to here is missing.
    pub(super) place: u64,
}

/// The newest posts.
pub(super) struct Tail {
    arrivals: Arc<dyn Arrivals>,
    recent: Mutex<Recent>,
}

#[derive(Default)]
struct Recent {
    looked_at: Option<Instant>,
    /// There was more than was read at once.
    is_behind: bool,
    /// Nothing between this place and the end of `known` is missing.
    start: u64,
    known: Stretch,
}

impl Tail {
    pub(super) fn new(arrivals: Arc<dyn Arrivals>) -> Self {
        Self { arrivals, recent: Mutex::default() }
    }

    /// The place of the post that was stored last.
    pub(super) async fn end(&self) -> Result<u64, Error> {
        self.arrivals.last_arrival().await
    }

    /// What follows `place`, as far as it is known by now; None when that is forgotten. Of all who ask at once one looks.
    pub(super) async fn after(&self, place: u64) -> Result<Option<Stretch>, Error> {
        let mut recent = self.recent.lock().await;
        recent.look(self.arrivals.as_ref()).await?;
        if (recent.start..=recent.known.place).contains(&place) {
            let posts = recent.known.posts.iter().filter(|(at, _)| *at > place).cloned().collect();
            return Ok(Some(Stretch { posts, place: recent.known.place }));
        }
        drop(recent);
        // A place long past, or one that another process knows already.
        read(self.arrivals.as_ref(), place).await
    }
}

impl Recent {
    async fn look(&mut self, arrivals: &dyn Arrivals) -> Result<(), Error> {
        let age = self.looked_at.map(|at| at.elapsed());
        if age.is_some_and(|age| age < PACE) && !self.is_behind {
            return Ok(());
        }
        if age.is_none_or(|age| age > FORGOTTEN) {
            self.begin_at(arrivals.last_arrival().await?);
        } else {
            match read(arrivals, self.known.place).await? {
                Some(more) => {
                    self.is_behind = more.place - self.known.place >= u64::from(BATCH);
                    self.append(more);
                }
                None => self.begin_at(arrivals.last_arrival().await?),
            }
        }
        self.looked_at = Some(Instant::now());
        Ok(())
    }

    fn begin_at(&mut self, place: u64) {
        self.start = place;
        self.is_behind = false;
        self.known = Stretch { posts: VecDeque::new(), place };
    }

    fn append(&mut self, more: Stretch) {
        self.known.place = more.place;
        self.known.posts.extend(more.posts);
        while self.known.posts.len() > KEPT {
            self.start = self.known.posts.pop_front().map_or(self.start, |(at, _)| at);
        }
    }
}

async fn read(arrivals: &dyn Arrivals, place: u64) -> Result<Option<Stretch>, Error> {
    let arrived = arrivals.arrivals(place, BATCH).await?;
    Ok(arrived.map(|arrived| Stretch {
        posts: arrived.posts.into_iter().map(|(at, post)| (at, Arc::new(post))).collect(),
        place: arrived.place,
    }))
}
