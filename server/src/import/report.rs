//! What became of the old rows: every one is in exactly one count.

use std::collections::BTreeMap;

use crate::store::Imported;

/// What became of the rows of a table, or of the lines of the checkpoint file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// How many there were, after all were read.
    pub there: u64,
    /// Read.
    pub read: u64,
    /// New in Amber.
    pub stored: u64,
    /// In Amber already, and not older there.
    pub known: u64,
    /// In Amber from an earlier import, and changed in the old database since.
    pub updated: u64,
    /// Not stored, for a reason that the watcher was told.
    pub refused: u64,
}

impl Counts {
    /// Rows that are in no count, or that were never read because they came or went meanwhile.
    #[must_use]
    pub fn unaccounted(&self) -> u64 {
        let counted = self.stored + self.known + self.updated + self.refused;
        self.there.abs_diff(self.read) + self.read.abs_diff(counted)
    }

    pub(super) fn add(&mut self, outcome: Imported) {
        match outcome {
            Imported::Stored => self.stored += 1,
            Imported::Known => self.known += 1,
            Imported::Updated => self.updated += 1,
        }
    }
}

/// What had to be changed so that rows could be stored: how many of them, and the first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Notes(BTreeMap<&'static str, (u64, String)>);

impl Notes {
    pub(super) fn add(&mut self, what: &'static str, id: &str) {
        self.0.entry(what).or_insert_with(|| (0, id.to_owned())).0 += 1;
    }

    /// What was changed, how many rows it was, and the id of the first.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64, &str)> {
        self.0.iter().map(|(what, (rows, first))| (*what, *rows, first.as_str()))
    }

    /// How many kinds of changes there were.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing was changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What became of everything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// By table, and the checkpoint file last.
    pub counts: Vec<(&'static str, Counts)>,
    /// What was changed on the way.
    pub notes: Notes,
}

impl Report {
    /// Whether every row is in exactly one count.
    #[must_use]
    pub fn balances(&self) -> bool {
        self.counts.iter().all(|(_, counts)| counts.unaccounted() == 0)
    }
}

/// Sees how an import goes.
pub trait Watcher {
    /// So many rows of a table are read, of about so many.
    fn progress(&mut self, table: &'static str, read: u64, of: u64);

    /// A row is not stored.
    fn refused(&mut self, table: &'static str, id: &str, reason: &str);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_in_no_count_and_a_row_that_was_not_read_are_found() {
        let even = Counts { there: 10, read: 10, stored: 4, known: 3, updated: 2, refused: 1 };
        assert_eq!(even.unaccounted(), 0);
        assert_eq!(Counts { stored: 3, ..even }.unaccounted(), 1);
        assert_eq!(Counts { there: 12, ..even }.unaccounted(), 2);
        assert_eq!(Counts { there: 9, ..even }.unaccounted(), 1);
        let report =
            Report { counts: vec![("posts", even), ("leaders", Counts { read: 1, ..even })], ..Report::default() };
        assert!(!report.balances());
    }
}
