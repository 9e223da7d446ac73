//! What the fake server knows.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use amber_proto::v1::{Leader, Post};
use tokio::sync::watch;
use tonic::{Request, Status};
use uuid::Uuid;

use super::Call;

/// What the fake server knows.
#[derive(Debug, Default)]
pub(super) struct World {
    known: Mutex<Known>,
    /// Grows with every post, and when streams are cut.
    pub(super) changes: watch::Sender<u64>,
}

/// Serves what is known.
#[derive(Debug, Clone)]
pub(super) struct Desk(pub(super) Arc<World>);

impl Desk {
    pub(super) fn world(&self) -> &World {
        &self.0
    }
}

#[derive(Debug, Default)]
pub(super) struct Known {
    /// In the order in which they were stored.
    pub(super) posts: Vec<Post>,
    pub(super) leaders: Vec<Leader>,
    pub(super) tokens: u64,
    /// How often streams were cut.
    pub(super) cuts: u64,
    refusals: VecDeque<Status>,
    calls: Vec<Call>,
}

impl World {
    pub(super) fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a call and refuses it when that was wanted.
    pub(super) fn enter<T>(&self, method: &'static str, request: Request<T>) -> Result<T, Status> {
        let (metadata, _, message) = request.into_parts();
        let mut known = self.known();
        known.calls.push(Call { method, metadata });
        known.refusals.pop_front().map_or(Ok(message), Err)
    }

    pub(super) fn publish(&self, mut post: Post) -> Post {
        post.id = id_or_new(post.id);
        self.known().posts.push(post.clone());
        self.changed();
        post
    }

    pub(super) fn add_leader(&self, mut leader: Leader) -> Leader {
        leader.id = id_or_new(leader.id);
        self.known().leaders.push(leader.clone());
        leader
    }

    pub(super) fn refuse_next(&self, refusal: Status) {
        self.known().refusals.push_back(refusal);
    }

    pub(super) fn cut_streams(&self) {
        self.known().cuts += 1;
        self.changed();
    }

    pub(super) fn calls(&self) -> Vec<Call> {
        self.known().calls.clone()
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }
}

#[expect(clippy::disallowed_methods, reason = "a fake makes up its ids")]
fn id_or_new(id: String) -> String {
    if id.is_empty() { Uuid::now_v7().to_string() } else { id }
}
