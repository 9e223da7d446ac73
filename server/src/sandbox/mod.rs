//! A double of the X API v2 with synthetic leaders, for the demo and the tests.
//!
//! It is written from X's published contract and recorded payloads and shares no code with the client that reads it.
//! It owns no clock: what it shows is computed from the time that its owner gives, so new posts appear as that time
//! passes. A [`Sandbox`] is also a handle, by which tests post, edit, delete, block and break things, and ask what is
//! true.
//!
//! # Misbehaviour
//! [`Sandbox::fail_next`] plans a [`Fault`] for the next requests; [`Sandbox::set_torture`] sets how the API behaves
//! from then on, with faults that happen by chance. Chance is seeded: equal seeds misbehave equally, path by path.
//!
//! | what goes wrong | by |
//! |---|---|
//! | short and empty pages that lead on | [`Fault::ShortPageWithToken`], [`Fault::EmptyPageWithToken`] |
//! | an end that is none | [`Fault::WrongEnd`], [`Fault::WrongEmptyEnd`] |
//! | page tokens that shift, or expire after a time or some requests | [`Tokens::Offset`], [`TokenLife`], [`Fault::TokenExpired`] |
//! | posts that are seen late, or vanish in the middle of a walk | [`Lateness`], [`Sandbox::post_late`], [`Torture::deletions`] |
//! | `since_id` and `until_id` that are inclusive | [`Bounds::Inclusive`] |
//! | posts beyond reach, small pages | [`Options::reach`] (3,200), [`Options::page_cap`] |
//! | numbers as strings, unknown members, kinds and problems, newer and mixed names | [`Fault::Twisted`] |
//! | a time that contradicts the id, a record without text | [`Twist::WrongTime`], [`Fault::MalformedRecord`] |
//! | broken JSON, a web page, nothing | [`Fault::BrokenJson`], [`Fault::Html`], [`Fault::EmptyBody`] |
//! | a connection that closes before the head, behind it, within the body | [`Fault::Hangup`], [`Fault::HeadOnly`], [`Fault::Reset`] |
//! | an answer that comes late, or byte by byte | [`Fault::Slow`], [`Fault::Drip`] |
//! | limits: used up, told wrongly, windows of a day, `Retry-After` as seconds or date | [`RateLimits`], [`Fault::RateLimited`], [`Fault::Refused`], [`Fault::Told`] |
//! | any other status, with its headers and body | [`Fault::Status`], [`Fault::Canned`] |
//! | compressed answers | [`Torture::gzip`] |
//!
//! The newer vocabulary (`post.fields`) is no misbehaviour: a request that uses it is answered in it.
//! [`Sandbox::posts_of`] tells what is true now, [`Sandbox::ever_seen_of`] what could ever be seen.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use jiff::Timestamp;
use tokio::net::TcpListener;

use fault::Faults;
use limits::{Grant, Windows};
use log::Log;
use routes::Endpoint;
use world::World;

pub use draft::{Draft, Reference};
pub use fault::{Canned, Fault};
pub use limit_headers::{LimitHeader, LimitWindow};
pub use limits::{Allowance, RateLimits};
pub use log::{Exchange, Seen};
pub use options::{Options, Tap};
pub use people::DemoLeader;
pub use snowflake::{PostId, UserId};
pub use torture::{Bounds, Lateness, TokenLife, Tokens, Torture};
pub use truth::Truth;
pub use twist::Twist;

mod snowflake;
mod dice;
mod draft;
mod people;
mod phrases;
mod world;
mod script;
mod casting;
mod wording;
mod vocabulary;
mod problem;
mod query;
mod fields;
mod token;
mod timeline;
mod render;
mod body;
mod twist;
mod limit_headers;
mod fault;
mod torture;
mod limits;
mod log;
mod options;
mod truth;
mod routes;
mod delivery;
mod gate;
mod serve;
#[cfg(test)]
mod tests;

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
    torture: Torture,
    log: Log,
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
        Router::new().fallback(gate::answer).with_state(Arc::clone(&self.inner))
    }

    /// Serves the API on `listener` until `shutdown` completes and the requests under way are answered.
    pub async fn serve(self, listener: TcpListener, shutdown: impl Future<Output = ()>) {
        serve::serve(listener, self.router(), shutdown).await;
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

    /// Posts as `username` now, to be seen only `by` later although its id tells the time of posting.
    ///
    /// # Errors
    /// [`Error::UnknownUser`].
    pub fn post_late(&self, username: &str, draft: impl Into<Draft>, by: Duration) -> Result<PostId, Error> {
        let now_ms = self.inner.now().as_millisecond();
        let mut state = self.advanced();
        let author = state.world.index_of(username).ok_or_else(|| Error::UnknownUser(username.to_owned()))?;
        let delay_ms = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        Ok(state.world.publish_late(author, draft.into(), now_ms, delay_ms))
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
        let now_ms = self.inner.now().as_millisecond();
        let is_deleted = self.advanced().world.delete(id, now_ms);
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

    /// Behaves like this from now on. Posts that are published already stay as late as they are.
    pub fn set_torture(&self, torture: Torture) {
        let mut state = self.inner.state();
        state.world.set_torture(&torture);
        state.torture = torture;
    }

    /// The last 10,000 requests, oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<Seen> {
        self.inner.state().log.last().cloned().collect()
    }

    /// How many requests there were.
    #[must_use]
    pub fn request_count(&self) -> u64 {
        self.inner.state().log.total()
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

    /// Every post of `username` that could ever be seen, deleted ones included, newest first.
    ///
    /// # Errors
    /// [`Error::UnknownUser`].
    pub fn ever_seen_of(&self, username: &str) -> Result<Vec<Truth>, Error> {
        let mut posts = self.posts_of(username)?;
        let state = self.inner.state();
        let user = state.world.named(username).ok_or_else(|| Error::UnknownUser(username.to_owned()))?;
        posts.extend(user.deleted().cloned());
        posts.sort_unstable_by_key(|post| std::cmp::Reverse(post.id));
        Ok(posts)
    }

    fn with_world(options: Options, mut world: World) -> Self {
        world.keep(options.keep);
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

    fn take_request(&self, endpoint: Endpoint) -> Grant {
        let now_ms = self.now().as_millisecond();
        self.state().windows.take(endpoint, &self.options.limits, now_ms)
    }
}
