//! How long and by which dice a storm goes.

use std::time::Duration;

use amber_tests::{Backend, setting};

/// What a storm is made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Form {
    /// Kills and freezes.
    pub(crate) blows: usize,
    /// Chooses everything that is left to chance, but for the moments at which the system does its part.
    pub(crate) seed: u64,
    /// People on X.
    pub(crate) leaders: usize,
    /// How long the processes may take to come to rest afterwards.
    pub(crate) patience: Duration,
}

impl Form {
    /// The form that the environment asks for; by default what fits into a minute for both databases.
    pub(crate) fn of(backend: Backend) -> Self {
        let blows = match backend {
            Backend::Postgres => 24,
            Backend::Sqlite => 12,
        };
        let number = |name| setting(name).map(|text| text.parse::<u64>().expect("a number"));
        let asked = number("AMBER_CHAOS_BLOWS").map(|blows| usize::try_from(blows).expect("a small number"));
        let blows = asked.unwrap_or(blows);
        Self {
            blows,
            seed: number("AMBER_CHAOS_SEED").unwrap_or(1),
            leaders: 36,
            // The longer the storm, the more is left to read.
            patience: Duration::from_mins(2) + Duration::from_secs(4) * u32::try_from(blows).expect("a small number"),
        }
    }
}
