//! The law of the token bucket, as the generic cell rate algorithm (ITU-T I.371), in whole nanoseconds.
//!
//! A bucket is one moment, the theoretical arrival time (TAT), at which it is full again. `gcra.lua` is the same law.

use std::time::Duration;

use super::Decision;
use crate::domain::{PolicyName, Quota};

/// The law of one bucket.
#[derive(Debug, Clone, Copy)]
pub(super) struct Law {
    permits: u128,
    /// Nanoseconds.
    window: u128,
    burst: u32,
}

/// What a bucket answers to a call; times are nanoseconds from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Asked {
    /// When the bucket is full if nothing is taken.
    pub(super) level: u64,
    /// When it is full after the call.
    pub(super) after: u64,
    /// Until the call can pass; zero when it can, None when no time helps.
    pub(super) wait: Option<u64>,
}

impl Law {
    pub(super) fn of(quota: &Quota) -> Self {
        let window = quota.window.as_nanos().max(1);
        Self { permits: quota.permits.get().into(), window, burst: quota.burst.get() }
    }

    /// The time in which so many permits come back, rounded down, so that a burst of many roundings is never cut short.
    fn time_of(&self, permits: u32) -> u64 {
        u64::try_from(u128::from(permits) * self.window / self.permits).unwrap_or(u64::MAX)
    }

    /// Asks the bucket that is full at `tat` for `cost` permits at the moment `now`.
    pub(super) fn ask(&self, tat: u64, now: u64, cost: u32) -> Asked {
        let size = self.time_of(self.burst);
        // Beyond its size a bucket only is when the limit was lowered.
        let level = tat.saturating_sub(now).min(size);
        if cost > self.burst {
            return Asked { level, after: level, wait: None };
        }
        let after = level.saturating_add(self.time_of(cost));
        Asked { level, after, wait: Some(after.saturating_sub(size)) }
    }

    /// What a bucket at `level` tells of itself.
    pub(super) fn tell(&self, policy: PolicyName, level: u64, wait: Option<u64>) -> Decision {
        let free = u128::from(self.time_of(self.burst).saturating_sub(level));
        // The time of the permits that are left was rounded down as well; one nanosecond makes up for it.
        let remaining = (free + 1) * self.permits / self.window;
        Decision {
            policy,
            allowed: wait == Some(0),
            limit: self.burst,
            remaining: u32::try_from(remaining).unwrap_or(u32::MAX).min(self.burst),
            reset_after: Duration::from_nanos(level),
            retry_after: wait.map_or(Duration::MAX, Duration::from_nanos),
        }
    }
}

#[cfg(test)]
mod tests;
