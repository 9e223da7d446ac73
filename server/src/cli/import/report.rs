//! What an import says while it goes on, and what became of all rows at its end.

use std::fs::File;
use std::io::{self, BufWriter, Write};

use amber_server::import::{Counts, Report, Watcher};
use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::Failure;

/// Shows how it goes: a bar on a terminal, a line for each page elsewhere. Refused rows are told as they come.
pub(super) struct Teller {
    bar: ProgressBar,
    list: Option<BufWriter<File>>,
    broken: Option<io::Error>,
}

impl Teller {
    /// Tells refused rows to `list`, or else to standard error.
    pub(super) fn new(list: Option<File>) -> Self {
        let bar = ProgressBar::no_length();
        let style = ProgressStyle::with_template("{elapsed_precise} [{bar:32}] {msg}").expect("the template is valid");
        bar.set_style(style.progress_chars("=> "));
        Self { bar, list: list.map(BufWriter::new), broken: None }
    }

    /// Ends the list.
    pub(super) fn finish(mut self) -> Result<(), Failure> {
        self.bar.finish_and_clear();
        let ended = self.list.as_mut().map_or(Ok(()), Write::flush);
        match self.broken.map_or(ended, Err) {
            Ok(()) => Ok(()),
            Err(error) => Err(Failure::failed(format!("the list of refused rows cannot be written: {error}"))),
        }
    }
}

impl Watcher for Teller {
    fn progress(&mut self, table: &'static str, read: u64, of: u64) {
        let text = format!("{table}: {read} of {of} read");
        self.bar.set_length(of);
        self.bar.set_position(read);
        if self.bar.is_hidden() {
            eprintln!("{text}");
        }
        self.bar.set_message(text);
    }

    fn refused(&mut self, table: &'static str, id: &str, reason: &str) {
        // An id may hold anything; each row stays on one line.
        let line = format!("refused: {table} {id:?}: {reason}");
        match &mut self.list {
            Some(list) => self.broken = self.broken.take().or(writeln!(list, "{line}").err()),
            None => self.bar.suspend(|| eprintln!("{line}")),
        }
    }
}

/// The counts as a table, and what was changed on the way.
pub(super) fn of(report: &Report, dry_run: bool) -> String {
    let head =
        format!("{:<14}{:>9}{:>9}{:>15}{:>9}{:>9}\n", "", "read", "stored", "already there", "updated", "refused");
    let row = |(table, counts): &(&'static str, Counts)| {
        let Counts { read, stored, known, updated, refused, .. } = counts;
        format!("{table:<14}{read:>9}{stored:>9}{known:>15}{updated:>9}{refused:>9}\n")
    };
    let note = |(what, rows, first)| format!("note: {rows} x {what}; the first is {first:?}\n");
    let end = dry_run.then(|| "this was a dry run: nothing was stored\n".to_owned());
    let lines = report.counts.iter().map(row).chain(report.notes.iter().map(note)).chain(end);
    head + &lines.collect::<String>()
}

/// What is wrong with counts that do not add up.
pub(super) fn imbalance(report: &Report) -> String {
    let odd = report.counts.iter().filter(|(_, counts)| counts.unaccounted() > 0);
    let tables: Vec<_> = odd.map(|(table, counts)| format!("{} of {table}", counts.unaccounted())).collect();
    format!(
        "rows that are not accounted for: {}; the old service wrote meanwhile? Stop it and give the command again",
        tables.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counts_stand_below_their_names() {
        let counts = Counts { there: 1200, read: 1200, stored: 1190, refused: 10, ..Counts::default() };
        let report = Report { counts: vec![("posts", counts)], ..Report::default() };
        let text = of(&report, true);
        let expected = [
            "                   read   stored  already there  updated  refused",
            "posts              1200     1190              0        0       10",
            "this was a dry run: nothing was stored",
        ];
        assert_eq!(text.lines().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn the_tables_that_do_not_add_up_are_named() {
        let odd = Counts { there: 12, read: 10, stored: 10, ..Counts::default() };
        let report = Report { counts: vec![("leaders", Counts::default()), ("posts", odd)], ..Report::default() };
        assert!(imbalance(&report).starts_with("rows that are not accounted for: 2 of posts;"));
    }
}
