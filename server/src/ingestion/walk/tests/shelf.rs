//! A store of one leader in memory: it keeps the promises of [`Ingest`] and is fast enough for thousands of histories.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use tokio::task::yield_now;
use uuid::Uuid;

use crate::domain::{Checkpoint, LeaderId, Platform, RunCounters};
use crate::store::{Committed, Error, Ingest, Lease, PageCommit, PostsFrom, Stream, StreamId, StreamKind, WorkerId};

/// What the shelf holds.
#[derive(Debug, Clone, Default)]
pub(super) struct Kept {
    pub(super) epoch: i64,
    pub(super) streams: BTreeMap<StreamKind, Stream>,
    pub(super) posts: BTreeSet<i64>,
    pub(super) counters: RunCounters,
    pub(super) refused: u32,
    pub(super) quarantined: u64,
    /// The run is asked to end.
    pub(super) cancel_requested: bool,
    /// Of each page, whether all of it was taken for new.
    pub(super) likely_new: Vec<bool>,
    /// Posts that are there beside `posts`, above all gaps, from the first day on.
    pub(super) others: u64,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Shelf(Arc<Mutex<Kept>>);

impl Shelf {
    pub(super) fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap()
    }

    /// A lease that fences off every earlier one.
    pub(super) fn lease(&self) -> Lease {
        let mut kept = self.kept();
        kept.epoch += 1;
        Lease { leader: LeaderId(Uuid::nil()), worker: WorkerId(Uuid::nil()), epoch: kept.epoch }
    }

    pub(super) fn checkpoint(&self, kind: StreamKind) -> Checkpoint {
        self.kept().streams.get(&kind).map(|stream| stream.checkpoint.clone()).unwrap_or_default()
    }
}

impl Kept {
    fn stream(&mut self, id: StreamId) -> &mut Stream {
        self.streams.values_mut().find(|stream| stream.id == id).unwrap()
    }

    fn commit(&mut self, page: PageCommit) -> Result<Committed, Error> {
        let epoch = self.epoch;
        let stream = self.stream(page.stream);
        if stream.version != page.version || page.lease.epoch != epoch {
            self.refused += 1;
            return Err(Error::Fenced { stream: page.stream });
        }
        assert_eq!(page.fetched, (page.posts.len() + page.rejected.len()) as u64, "every record is accounted for");
        stream.version += 1;
        stream.checkpoint = page.checkpoint;
        let version = stream.version;
        let ids: BTreeSet<i64> = page.posts.iter().map(|post| post.post.id.0).collect();
        let inserted = ids.iter().filter(|id| self.posts.insert(**id)).count() as u64;
        let counters = RunCounters {
            fetched: page.fetched,
            inserted,
            unchanged: ids.len() as u64 - inserted,
            quarantined: page.rejected.len() as u64,
            duplicates: (page.posts.len() - ids.len()) as u64,
            pages: 1,
            ..RunCounters::default()
        };
        self.likely_new.push(page.is_likely_new);
        self.quarantined += counters.quarantined;
        self.counters.add(counters);
        Ok(Committed { version, counters, cancel_requested: self.cancel_requested })
    }
}

#[async_trait]
impl Ingest for Shelf {
    async fn stream(&self, lease: &Lease, platform: Platform, kind: StreamKind) -> Result<Stream, Error> {
        yield_now().await;
        let mut kept = self.kept();
        if lease.epoch != kept.epoch {
            return Err(Error::LeaseLost { leader: lease.leader });
        }
        let fresh = || Stream {
            id: StreamId(Uuid::from_u128(kind as u128 + 1)),
            key: format!("x:ada#{}", kind.as_str()),
            leader_id: lease.leader,
            platform,
            kind,
            checkpoint: Checkpoint::default(),
            version: 0,
            last_success_at: None,
            last_error: None,
        };
        Ok(kept.streams.entry(kind).or_insert_with(fresh).clone())
    }

    async fn streams(&self) -> Result<Vec<Stream>, Error> {
        Ok(self.kept().streams.values().cloned().collect())
    }

    async fn commit_page(&self, page: PageCommit) -> Result<Committed, Error> {
        yield_now().await;
        let committed = self.kept().commit(page);
        // Here a worker can stop without knowing that its page is stored.
        yield_now().await;
        committed
    }

    async fn rehearse_page(&self, page: PageCommit) -> Result<RunCounters, Error> {
        yield_now().await;
        let mut rehearsed = self.kept().clone();
        Ok(rehearsed.commit(page)?.counters)
    }

    async fn posts_from(&self, PostsFrom { from, since, .. }: PostsFrom) -> Result<u64, Error> {
        yield_now().await;
        let kept = self.kept();
        Ok(kept.posts.range(from.0..).count() as u64 + if since.is_none() { kept.others } else { 0 })
    }

    async fn note_success(&self, stream: StreamId) -> Result<(), Error> {
        self.kept().stream(stream).last_error = None;
        Ok(())
    }

    async fn note_failure(&self, stream: StreamId, reason: &str) -> Result<(), Error> {
        self.kept().stream(stream).last_error = Some(reason.to_owned());
        Ok(())
    }
}
