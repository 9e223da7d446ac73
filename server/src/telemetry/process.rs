//! What Linux tells of this process (`man 5 proc`).

use std::fs;
use std::path::Path;
use std::time::Duration;

/// How long a tick of the clock in `/proc/self/stat` is, on every machine that Rust builds for.
const TICK: Duration = Duration::from_millis(10);

/// What this process has taken from the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Process {
    /// Processor time of all its threads.
    pub cpu: Duration,
    /// Bytes of memory in RAM.
    pub memory: u64,
    /// Open files and connections.
    pub open_files: usize,
    /// The most files and connections that may be open; 0 when there is no bound.
    pub max_files: u64,
}

impl Process {
    /// What it has now; None where there is no `/proc`, as on other systems.
    #[must_use]
    pub fn look() -> Option<Self> {
        let proc = Path::new("/proc/self");
        let read = |name: &str| fs::read_to_string(proc.join(name)).ok();
        Some(Self {
            cpu: cpu(&read("stat")?)?,
            memory: memory(&read("status")?)?,
            // One of them is the folder itself, which is open while it is read.
            open_files: fs::read_dir(proc.join("fd")).ok()?.count().saturating_sub(1),
            max_files: max_files(&read("limits")?)?,
        })
    }
}

/// The name of the program stands in parentheses and may hold anything; `utime` and `stime` are fields 14 and 15.
fn cpu(stat: &str) -> Option<Duration> {
    let (_, rest) = stat.rsplit_once(") ")?;
    let mut times = rest.split(' ').skip(11).map(|ticks| ticks.parse::<u32>().ok());
    Some(TICK * times.next()??.checked_add(times.next()??)?)
}

fn memory(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes * 1_024)
}

/// The soft limit, which is the one that counts.
fn max_files(limits: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    let soft = line.split_whitespace().next()?;
    if soft == "unlimited" { Some(0) } else { soft.parse().ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_runs_and_has_files_open() {
        let before = Process::look().expect("tests run on Linux");
        let file = fs::File::open("/proc/self/stat").unwrap();
        let kept = vec![1_u8; 64 << 20];
        let after = Process::look().unwrap();
        assert!(after.open_files > 3, "{after:?}");
        assert!(after.memory > before.memory + (32 << 20), "{before:?} {after:?} {}", kept.len());
        assert!(after.cpu >= before.cpu && after.max_files > after.open_files as u64, "{after:?}");
        drop(file);
    }

    #[test]
    fn what_linux_writes_is_read() {
        let stat = "17 (a) b) R) S 1 17 17 0 -1 4194560 2 0 0 0 250 50 0 0 20 0 1 0 8 9 10";
        assert_eq!(cpu(stat), Some(Duration::from_secs(3)));
        assert_eq!(memory("Name:\tamber\nVmRSS:\t   20480 kB\nVmData: 1 kB\n"), Some(20 << 20));
        let limits =
            |soft: &str| format!("Limit  Soft Limit  Hard Limit  Units\nMax open files  {soft}  524288  files\n");
        assert_eq!(max_files(&limits("1024")), Some(1_024));
        assert_eq!(max_files(&limits("unlimited")), Some(0));
        for broken in ["", "17 amber S 1", "17 (amber) S 1 2"] {
            assert_eq!((cpu(broken), memory(broken), max_files(broken)), (None, None, None));
        }
    }
}
