//! The lasting ways of a server that is hard to read from.

use std::time::Duration;

use super::dice::Dice;
use super::fault::{Fault, Visit};
use super::twist::Twist;
use super::{PostId, UserId};

/// How the API behaves from now on. The default is X at its best.
///
/// Chance depends on the seed, the path and how often the path was asked for, so that it does not matter in which order
/// several readers come.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Torture {
    /// Decides all that is left to chance.
    pub seed: u64,
    /// Faults, each with its chance (0 to 1) to happen to a request that it fits. Several can happen at once.
    pub faults: Vec<(f64, Fault)>,
    /// What page tokens stand for.
    pub tokens: Tokens,
    /// How long page tokens are good; for ever when unset.
    pub token_life: Option<TokenLife>,
    /// Which of the posts that are published from now on are seen late; none when unset.
    pub lateness: Option<Lateness>,
    /// The chance (0 to 1) that a post of the user is deleted just before a page of their timeline is answered.
    pub deletions: f64,
    /// Whether `since_id` and `until_id` name the first and last post shown.
    pub bounds: Bounds,
    /// Answers are compressed for callers that accept it.
    pub gzip: bool,
}

/// What page tokens stand for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tokens {
    /// A post: what is posted or deleted meanwhile shifts nothing.
    #[default]
    Position,
    /// A number of posts to be left out: new posts repeat some, deleted ones hide some.
    Offset,
}

/// How long page tokens are good. A later request with one is answered by 400.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenLife {
    /// So long, in whole seconds.
    Time(Duration),
    /// For the next so many requests for the same timeline.
    Requests(u32),
}

/// Posts that are seen some time after the time in their id.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lateness {
    /// The chance (0 to 1) of a post to be late.
    pub chance: f64,
    /// The longest delay.
    pub most: Duration,
}

/// How `since_id` and `until_id` bound a timeline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Bounds {
    /// Neither is shown, as X documents it.
    #[default]
    Exclusive,
    /// Both are shown.
    Inclusive,
}

impl Torture {
    /// Everything that a reader must survive without losing a post: short and empty pages, tokens that shift and expire,
    /// posts that come late or vanish, all outages and all odd spellings. Nothing in it tells a lie about the end of a
    /// timeline or damages a record.
    #[must_use]
    pub fn hostile(seed: u64) -> Self {
        let outage = |fault| (0.01, fault);
        let mut faults = vec![
            (0.10, Fault::ShortPageWithToken),
            (0.05, Fault::EmptyPageWithToken),
            (0.02, Fault::Slow(Duration::from_millis(20))),
            (0.02, Fault::Drip { pieces: 7, pause: Duration::from_millis(2) }),
            outage(Fault::Status(503, "{\"title\":\"Service Unavailable\",\"status\":503}".to_owned())),
            outage(Fault::BrokenJson),
            outage(Fault::Html),
            outage(Fault::EmptyBody),
            outage(Fault::Hangup),
            outage(Fault::HeadOnly),
            outage(Fault::Reset),
        ];
        faults.extend(Twist::HARMLESS.map(|twist| (0.10, Fault::Twisted(twist))));
        Self {
            seed,
            faults,
            tokens: Tokens::Offset,
            token_life: Some(TokenLife::Requests(6)),
            lateness: Some(Lateness { chance: 0.25, most: Duration::from_mins(6) }),
            deletions: 0.1,
            bounds: Bounds::Inclusive,
            gzip: true,
        }
    }

    /// The faults of the `turn`-th request for `path`.
    pub(super) fn faults_of(&self, path: &str, turn: u64, visit: Visit) -> Vec<Fault> {
        if self.faults.is_empty() {
            return Vec::new();
        }
        let mut dice = Dice::new(&[self.seed, Dice::of_text(path), turn]);
        // Every fault is thrown for, whether it fits or not: the others must not depend on it.
        let hit: Vec<bool> = self.faults.iter().map(|(chance, _)| dice.hits(*chance)).collect();
        let hit = self.faults.iter().zip(hit).filter(|((_, fault), is_hit)| *is_hit && fault.fits(visit));
        hit.map(|((_, fault), _)| fault.clone()).collect()
    }

    /// The place, from the newest, of the post of a timeline of `length` that vanishes in the `turn`-th request for it.
    pub(super) fn deletion(&self, user: UserId, turn: u64, length: usize) -> Option<usize> {
        let mut dice = Dice::new(&[self.seed, user.0.unsigned_abs(), turn]);
        let is_due = length > 0 && dice.hits(self.deletions);
        is_due.then(|| usize::try_from(dice.below(i64::try_from(length).unwrap_or(i64::MAX))).unwrap_or(0))
    }

    /// Milliseconds after its own time at which the post `id` is seen.
    pub(super) fn delay_ms(&self, id: PostId) -> i64 {
        let Some(Lateness { chance, most }) = self.lateness else { return 0 };
        let mut dice = Dice::new(&[self.seed, id.0.unsigned_abs()]);
        if dice.hits(chance) { 1 + dice.below(i64::try_from(most.as_millis()).unwrap_or(i64::MAX)) } else { 0 }
    }
}
