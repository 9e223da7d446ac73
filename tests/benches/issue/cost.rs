//! What processes cost: the processor time that the system says their threads took.

use std::collections::HashMap;
use std::fs;
use std::time::Duration;

/// What each thread of a process has cost up to a moment, by its number.
pub(crate) struct Cost(HashMap<String, Duration>);

impl Cost {
    /// What a process has cost so far, in user and in kernel mode. Linux counts it in nanoseconds (`schedstat`, as
    /// `Documentation/scheduler/sched-stats.rst` of the kernel says), where `stat` has ticks of 10 ms.
    pub(crate) fn of(pid: u32) -> Self {
        let threads = fs::read_dir(format!("/proc/{pid}/task")).expect("the process runs, on Linux");
        let threads = threads.map(|thread| thread.expect("a thread").path());
        let cost = |thread: std::path::PathBuf| {
            // A thread may end at any moment.
            let told = fs::read_to_string(thread.join("schedstat")).ok()?;
            let nanos = told.split(' ').next()?.parse().ok()?;
            Some((thread.file_name()?.to_str()?.to_owned(), Duration::from_nanos(nanos)))
        };
        Self(threads.filter_map(cost).collect())
    }

    /// What was added since an earlier moment.
    pub(crate) fn since(&self, before: &Self) -> Duration {
        let added =
            |(thread, now): (_, &Duration)| now.saturating_sub(before.0.get(thread).copied().unwrap_or_default());
        self.0.iter().map(added).sum()
    }
}

/// The middle one of some numbers, and the least and the greatest.
pub(crate) fn spread(mut numbers: Vec<f64>) -> (f64, f64, f64) {
    numbers.sort_by(f64::total_cmp);
    (numbers[numbers.len() / 2], numbers[0], numbers[numbers.len() - 1])
}
