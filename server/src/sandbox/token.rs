//! Page tokens: opaque to callers, good for one timeline only, and for as long as the sandbox is told.

use super::dice::Dice;
use super::torture::TokenLife;
use super::{PostId, UserId};

/// Stamps count seconds from 2010-11-04, when snowflakes began, so that they fit into 31 bits until 2078.
const STAMP_START: i64 = 1_288_834_974;
const STAMP_MASK: i64 = (1 << 31) - 1;
const OFFSET_BIT: u64 = 1 << 63;

/// Where a page begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Before this post (exclusive).
    Before(PostId),
    /// Behind so many posts.
    Behind(usize),
}

/// Writes and reads the tokens of one timeline at one time.
pub(super) struct Mint {
    user: UserId,
    /// Seconds or requests, depending on what limits the life of tokens.
    stamp: i64,
    life: Option<i64>,
}

impl Mint {
    /// The mint for the timeline of `user`, which is asked for the `turn`-th time, at `now_ms`.
    pub(super) fn new(user: UserId, life: Option<TokenLife>, turn: u64, now_ms: i64) -> Self {
        let seconds = now_ms.div_euclid(1_000) - STAMP_START;
        let (stamp, life) = match life {
            None => (0, None),
            Some(TokenLife::Time(time)) => (seconds, Some(i64::try_from(time.as_secs()).unwrap_or(i64::MAX))),
            Some(TokenLife::Requests(count)) => (i64::try_from(turn).unwrap_or(i64::MAX), Some(i64::from(count))),
        };
        Self { user, stamp: stamp & STAMP_MASK, life }
    }

    /// A token that leads to `place`: base 36, as X's are.
    pub(super) fn write(&self, place: Place) -> String {
        let place = match place {
            Place::Before(post) => post.0.unsigned_abs(),
            Place::Behind(count) => OFFSET_BIT | count as u64,
        };
        let stamp = self.stamp.unsigned_abs();
        let mut rest =
            (u128::from(stamp) << 96) | (u128::from(place) << 32) | u128::from(seal(self.user, place, stamp));
        let mut digits = Vec::new();
        while rest > 0 {
            let digit = u32::try_from(rest % 36).expect("a remainder of 36");
            digits.push(char::from_digit(digit, 36).expect("a digit below 36"));
            rest /= 36;
        }
        digits.into_iter().collect()
    }

    /// Where `token` leads; nothing when it is not one of this timeline, or no longer good.
    pub(super) fn read(&self, token: &str) -> Option<Place> {
        let reversed: String = token.chars().rev().collect();
        let sealed = u128::from_str_radix(&reversed, 36).ok()?;
        let place = u64::try_from((sealed >> 32) & u128::from(u64::MAX)).ok()?;
        let stamp = u64::try_from(sealed >> 96).ok()?;
        if sealed & 0xffff_ffff != u128::from(seal(self.user, place, stamp)) {
            return None;
        }
        let age = self.stamp - i64::try_from(stamp).ok()?;
        if self.life.is_some_and(|life| age > life) {
            return None;
        }
        match place & OFFSET_BIT {
            0 => Some(Place::Before(PostId(i64::try_from(place).ok()?))),
            _ => Some(Place::Behind(usize::try_from(place & !OFFSET_BIT).ok()?)),
        }
    }
}

fn seal(user: UserId, place: u64, stamp: u64) -> u32 {
    let mut dice = Dice::new(&[user.0.unsigned_abs(), place, stamp]);
    u32::try_from(dice.next() >> 32).expect("32 bits")
}
