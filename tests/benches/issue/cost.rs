//! What processes cost: the processor time that the system says they took.

use std::fs;
use std::time::Duration;

/// The length of a tick of Linux's accounting of processor time (`USER_HZ`), which is the same everywhere.
const TICK: Duration = Duration::from_millis(10);

/// Processor time over a number of calls.
#[derive(Debug, Default)]
pub(crate) struct Cost {
    took: Duration,
    calls: u32,
}

impl Cost {
    pub(crate) fn add(&mut self, took: Duration, calls: usize) {
        self.took += took;
        self.calls += u32::try_from(calls).expect("a few thousand calls");
    }

    pub(crate) fn micros_per_call(&self) -> f64 {
        self.took.as_secs_f64() * 1e6 / f64::from(self.calls)
    }
}

/// What the process has cost so far, in user and in kernel mode, its ended threads included (proc(5), `stat`).
pub(crate) fn of(pid: u32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("the process runs, on Linux");
    let (_, fields) = stat.rsplit_once(") ").expect("the name stands in parentheses");
    let ticks = |n: usize| -> u32 { fields.split(' ').nth(n).and_then(|field| field.parse().ok()).expect("a number") };
    // utime and stime are the fields 14 and 15; the state, the third one, comes right after the name.
    TICK * (ticks(11) + ticks(12))
}
