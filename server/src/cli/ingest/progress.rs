//! Shows how a run goes: a bar on a terminal, a line for each change elsewhere.

use std::io::{self, Write};

use amber_server::domain::Run;
use amber_server::ingestion::Ticket;
use indicatif::{ProgressBar, ProgressStyle};
use tokio_util::sync::CancellationToken;

/// What standard error shows of a run.
pub(super) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// Shows nothing yet.
    pub(super) fn new() -> Self {
        // On a standard error that is no terminal the bar stays hidden.
        let bar = ProgressBar::no_length();
        let style = ProgressStyle::with_template("{elapsed_precise} [{bar:32}] {msg}").expect("the template is valid");
        bar.set_style(style.progress_chars("=> "));
        Self { bar }
    }

    /// Makes writers for log lines, which appear above the bar.
    pub(super) fn writer(&self) -> impl Fn() -> Above + Send + Sync + 'static {
        let bar = self.bar.clone();
        move || Above(bar.clone())
    }

    /// Shows the run until its end; once `stop` is cancelled, also that it is about to stop.
    pub(super) async fn follow(self, ticket: Ticket, stop: &CancellationToken) -> Run {
        let mut states = ticket.progress;
        let mut shown = String::new();
        let mut is_stopping = false;
        loop {
            let run = states.borrow_and_update().clone();
            self.show(&run, &mut shown);
            if run.status.is_over() {
                self.bar.finish_and_clear();
                return run;
            }
            tokio::select! {
                changed = states.changed() => if changed.is_err() { return run },
                () = stop.cancelled(), if !is_stopping => {
                    is_stopping = true;
                    self.say("stopping after the page under way; press Ctrl-C again to end at once");
                }
            }
        }
    }

    fn show(&self, run: &Run, shown: &mut String) {
        self.bar.set_length(run.leaders_total.into());
        self.bar.set_position(run.leaders_done.into());
        let text = describe(run);
        self.bar.set_message(text.clone());
        if self.bar.is_hidden() && text != *shown {
            self.say(&text);
        }
        *shown = text;
    }

    fn say(&self, line: &str) {
        self.bar.suspend(|| eprintln!("{line}"));
    }
}

fn describe(run: &Run) -> String {
    if run.leaders_total == 0 {
        return run.status.as_str().to_owned();
    }
    let (done, total, counters) = (run.leaders_done, run.leaders_total, &run.counters);
    format!("{done} of {total} leaders read, {} posts fetched, {} new", counters.fetched, counters.inserted)
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
