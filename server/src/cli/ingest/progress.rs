//! Shows how a run goes: a bar on a terminal, a line for each change elsewhere.

use std::io::{self, Write};

use amber_server::domain::Run;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;

/// What standard error shows of a run.
pub(super) struct Progress {
    bar: ProgressBar,
    shown: String,
}

impl Progress {
    /// Shows nothing yet.
    pub(super) fn new() -> Self {
        // On a standard error that is no terminal the bar stays hidden.
        let bar = ProgressBar::no_length();
        let style = ProgressStyle::with_template("{elapsed_precise} [{bar:32}] {msg}").expect("the template is valid");
        bar.set_style(style.progress_chars("=> "));
        Self { bar, shown: String::new() }
    }

    /// Makes writers for log lines, which appear above the bar.
    pub(super) fn writer(&self) -> impl Fn() -> Above + Send + Sync + 'static {
        let bar = self.bar.clone();
        move || Above(bar.clone())
    }

    /// Shows the run, and until when X accepts no calls.
    pub(super) fn show(&mut self, run: &Run, limited_until: Option<Timestamp>) {
        self.bar.set_length(run.leaders_total.into());
        self.bar.set_position(run.leaders_done.into());
        let text = describe(run, limited_until);
        self.bar.set_message(text.clone());
        if self.bar.is_hidden() && text != self.shown {
            self.say(&text);
        }
        self.shown = text;
    }

    /// Shows nothing any more.
    pub(super) fn finish(&self, run: Run) -> Run {
        self.bar.finish_and_clear();
        run
    }

    /// Shows a line that stays.
    pub(super) fn say(&self, line: &str) {
        self.bar.suspend(|| eprintln!("{line}"));
    }
}

fn describe(run: &Run, limited_until: Option<Timestamp>) -> String {
    if run.leaders_total == 0 {
        return run.status.as_str().to_owned();
    }
    let (done, total, counters) = (run.leaders_done, run.leaders_total, &run.counters);
    let text = format!("{done} of {total} leaders read, {} posts fetched, {} new", counters.fetched, counters.inserted);
    match limited_until.filter(|_| !run.status.is_over()) {
        Some(until) => format!("{text}; X limits the rate of calls until {until:.0}"),
        None => text,
    }
}

/// Standard error above the bar.
pub(super) struct Above(ProgressBar);

impl Write for Above {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.suspend(|| io::stderr().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

#[cfg(test)]
mod tests {
    use amber_server::domain::{RunCounters, RunStatus};

    use super::*;
    use crate::cli::ingest::summary::tests::a_run;

    #[test]
    fn a_wait_is_told_while_the_run_waits() {
        let counters = RunCounters { fetched: 12, inserted: 7, ..RunCounters::default() };
        let run = Run { status: RunStatus::Running, leaders_done: 1, leaders_total: 3, counters, ..a_run() };
        let until = Timestamp::from_millisecond(1_767_226_500_250).ok();
        assert_eq!(describe(&run, None), "1 of 3 leaders read, 12 posts fetched, 7 new");
        let waiting = describe(&run, until);
        assert!(waiting.ends_with("; X limits the rate of calls until 2026-01-01T00:15:00Z"), "{waiting}");
        let over = Run { status: RunStatus::Cancelled, ..run };
        assert_eq!(describe(&over, until), "1 of 3 leaders read, 12 posts fetched, 7 new");
    }
}
