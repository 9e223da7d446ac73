//! A double of the X API v2 with synthetic leaders, for the demo and the tests.
//!
//! It is written from X's published contract and recorded payloads and shares no code with the client that reads it.
//! It owns no clock: what it shows is computed from the time that its owner gives, so new posts appear as that time
//! passes. A [`Sandbox`] is also a handle, by which tests post, edit, delete, block and break things, and ask what is
//! true.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use jiff::Timestamp;
use tokio::net::TcpListener;

use fault::Faults;
use limits::{Endpoint, Grant, Windows};
use world::World;

pub use draft::{Draft, Reference};
pub use fault::Fault;
pub use limits::{Allowance, RateLimits};
pub use options::Options;
pub use people::DemoLeader;
pub use snowflake::{PostId, UserId};
pub use truth::Truth;

mod snowflake;
mod dice;
mod draft;
mod people;
mod phrases;
mod world;
mod script;
mod casting;
mod wording;
mod problem;
mod query;
mod fields;
mod timeline;
mod render;
mod body;
mod fault;
mod limits;
mod options;
mod truth;
mod gate;
mod routes;
#[cfg(test)]
mod tests;

/// Requests that the log keeps; the oldest go first.
const LOG_LENGTH: usize = 10_000;

/// Why a control of the sandbox was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The name does not match `^[A-Za-z0-9_]{1,15}$`.
    #[error("`{0}` cannot be a username")]
    InvalidUsername(String),
    /// There is a user of this name already.
    #[error("there is a user called `{0}` already")]
    UsernameTaken(String),
    /// Nobody has this name.
    #[error("nobody is called `{0}`")]
    UnknownUser(String),
    /// No post has this id.
    #[error("there is no post {0}")]
    UnknownPost(PostId),
}

/// What a user is to the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserState {
    /// Visible to all.
    Active,
    /// Found, but without visible posts.
    Protected,
    /// Closed by X.
    Suspended,
    /// Closed by the user: as if they had never been.
    Deactivated,
}

/// A request that reached an endpoint, whatever the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Path, such as `/2/users/by`.
    pub path: String,
    /// Raw query, empty when there was none.
    pub query: String,
    /// When it came, by the sandbox's clock.
    pub at: Timestamp,
}

/// A double of the X API and the handle to it; clones share one world.
#[derive(Clone)]
pub struct Sandbox {
    inner: Arc<Inner>,
}

struct Inner {
    options: Options,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    world: World,
    windows: Windows,
    faults: Faults,
    log: VecDeque<Seen>,
}

impl Sandbox {
    /// A sandbox with the demo's leaders, their past and their future.
    #[must_use]
    pub fn new(options: Options) -> Self {
        let now_ms = (options.now)().as_millisecond();
        let world = casting::demo(&options, now_ms);
        Self::with_world(options, world)
    }

    /// A sandbox in which nobody lives yet.
    #[must_use]
    pub fn empty(options: Options) -> Self {
        Self::with_world(options, World::default())
    }

    /// The leaders of [`Sandbox::new`] that a demo follows; one of them is protected.
    #[must_use]
    pub fn demo_leaders() -> Vec<DemoLeader> {
        people::CAST.iter().map(|part| part.leader).collect()
    }

    /// The handle of the user of [`Sandbox::new`] that has one post of every odd kind; no demo follows it.
    pub const ODDITIES: &str = people::ODDITIES.1;

    /// The API as an axum router, to be called in process or served.
    pub fn router(&self) -> Router {
        routes::router(&self.inner)
    }

    /// Serves the API on `listener` until `shutdown` completes.
    ///
    /// # Errors
    /// When the listener fails for good.
    pub async fn serve(
        self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        axum::serve(listener, self.router()).with_graceful_shutdown(shutdown).await
    }

    /// Adds an active user without posts.
    ///
    /// # Errors
    /// [`Error::InvalidUsername`] and [`Error::UsernameTaken`].
    pub fn add_user(&self, name: &str, username: &str) -> Result<UserId, Error> {
        self.inner.state().world.add(name, username, "", None)
    }

    /// Posts as `username` now.
    ///
    /// # Errors
    /// [`Error::UnknownUser`].
    pub fn post(&self, username: &str, draft: impl Into<Draft>) -> Result<PostId, Error> {
        self.post_at(username, draft, self.inner.now())
    }

    /// Posts as `username` at `at`: in the past, so that the post is late to be seen, or in the future, so that it
    /// waits.
    ///
    /// # Errors
    /// [`Error::UnknownUser`].
    pub fn post_at(&self, username: &str, draft: impl Into<Draft>, at: Timestamp) -> Result<PostId, Error> {
        let mut state = self.advanced();
        let author = state.world.index_of(username).ok_or_else(|| Error::UnknownUser(username.to_owned()))?;
        Ok(state.world.publish(author, draft.into(), at.as_millisecond()))
    }

    /// Edits the post `id` now: a new version with an id of its own, which is answered.
    ///
    /// # Errors
    /// [`Error::UnknownPost`].
    pub fn edit(&self, id: PostId, text: &str) -> Result<PostId, Error> {
        let now_ms = self.inner.now().as_millisecond();
        self.advanced().world.edit(id, text, now_ms).ok_or(Error::UnknownPost(id))
    }

    /// Deletes the post `id` with all of its versions.
    ///
    /// # Errors
    /// [`Error::UnknownPost`].
    pub fn delete(&self, id: PostId) -> Result<(), Error> {
        let is_deleted = self.advanced().world.delete(id);
        if is_deleted { Ok(()) } else { Err(Error::UnknownPost(id)) }
    }

    /// Changes what `username` is to the API.
    ///
    /// # Errors
    /// [`Error::UnknownUser`].
    pub fn set_state(&self, username: &str, user_state: UserState) -> Result<(), Error> {
        let mut state = self.inner.state();
        let user = state.world.named_mut(username).ok_or_else(|| Error::UnknownUser(username.to_owned()))?;
        user.state = user_state;
        Ok(())
    }

    /// Gives `username` another name; the id stays.
    ///
    /// # Errors
    /// [`Error::UnknownUser`], [`Error::InvalidUsername`] and [`Error::UsernameTaken`].
    pub fn rename(&self, username: &str, new: &str) -> Result<(), Error> {
        self.inner.state().world.rename(username, new)
    }

    /// Makes the next `times` requests that it fits go wrong; faults happen in the order of their planning.
    pub fn fail_next(&self, times: usize, fault: Fault) {
        self.inner.state().faults.plan(times, fault);
    }

    /// The last 10,000 requests, oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<Seen> {
        self.inner.state().log.iter().cloned().collect()
    }

    /// How many requests were refused because the limits were used up; planned faults are not counted.
    #[must_use]
    pub fn refusals(&self) -> u64 {
        self.inner.state().windows.refused()
    }

    /// The true timeline of `username`, newest first, whatever the API can reach or shows.
    ///
    /// # Errors
    /// [`Error::UnknownUser`].
    pub fn posts_of(&self, username: &str) -> Result<Vec<Truth>, Error> {
        let now_ms = self.inner.now().as_millisecond();
        let state = self.advanced();
        let user = state.world.named(username).ok_or_else(|| Error::UnknownUser(username.to_owned()))?;
        Ok(user.timeline(now_ms).map(|item| Truth::of(item, now_ms)).collect())
    }

    fn with_world(options: Options, world: World) -> Self {
        let state = Mutex::new(State { world, ..State::default() });
        Self { inner: Arc::new(Inner { options, state }) }
    }

    fn advanced(&self) -> MutexGuard<'_, State> {
        let now_ms = self.inner.now().as_millisecond();
        let mut state = self.inner.state();
        state.world.advance(now_ms);
        state
    }
}

impl Inner {
    fn now(&self) -> Timestamp {
        (self.options.now)()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at the world as it is now.
    fn with_world<T>(&self, look: impl FnOnce(&World, i64) -> T) -> T {
        let now_ms = self.now().as_millisecond();
        let mut state = self.state();
        state.world.advance(now_ms);
        look(&state.world, now_ms)
    }

    fn log(&self, seen: Seen) {
        let log = &mut self.state().log;
        log.push_back(seen);
        if log.len() > LOG_LENGTH {
            log.pop_front();
        }
    }

    fn take_fault(&self, endpoint: Endpoint) -> Option<Fault> {
        let (is_timeline, has_posts) =
            (endpoint == Endpoint::Timeline, matches!(endpoint, Endpoint::Timeline | Endpoint::Posts));
        self.state().faults.take(is_timeline, has_posts)
    }

    fn take_request(&self, endpoint: Endpoint) -> Grant {
        let now_ms = self.now().as_millisecond();
        self.state().windows.take(endpoint, &self.options.limits, now_ms)
    }
}
