//! The table of the differences that are meant, which is that of the guide for whoever comes from the Python service.

use std::path::Path;

use serde_json::Value;

use super::case::Case;
use super::compare::{Difference, kind};

/// Stands in a row for the answers that were refusals and still are.
const REFUSALS: &str = "refusals";

/// A row: in which cases, at which place, what there was and what there is now.
struct Row {
    cases: String,
    at: String,
    was: String,
    now: String,
    uses: u64,
}

/// The table.
pub(super) struct Differences(Vec<Row>);

impl Differences {
    pub(super) fn read() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/python-differences.md");
        Self::parse(&std::fs::read_to_string(path).expect("the table is part of the guide"))
    }

    fn parse(text: &str) -> Self {
        let rows = text.lines().filter(|line| line.starts_with("| `"));
        let rows = rows.flat_map(|line| {
            let cells: Vec<_> = line.trim_matches('|').split(" | ").map(|cell| cell.trim().replace('`', "")).collect();
            let [cases, at, was, now, why] = cells.as_slice() else { panic!("five cells: {line}") };
            assert!(why.split(' ').count() > 2, "a reason in words: {line}");
            let row = |cases: &str| {
                let (at, was, now) = (at.clone(), was.clone(), now.clone());
                Row { cases: cases.to_owned(), at, was, now, uses: 0 }
            };
            cases.split(", ").map(row).collect::<Vec<_>>()
        });
        Self(rows.collect())
    }

    /// Those differences of a case that no row means.
    pub(super) fn without_the_meant(&mut self, case: &Case, found: Vec<Difference>) -> Vec<Difference> {
        let mut unexpected = Vec::new();
        for difference in found {
            let rows = self.0.iter_mut().filter(|row| row.means(case, &difference));
            let uses = rows.map(|row| row.uses += 1).count();
            if uses == 0 {
                unexpected.push(difference);
            }
        }
        unexpected
    }

    /// The rows that no case needed.
    pub(super) fn unused(&self) -> impl Iterator<Item = String> {
        self.0.iter().filter(|row| row.uses == 0).map(|row| format!("{} at {}: {}", row.cases, row.at, row.now))
    }
}

impl Row {
    fn means(&self, case: &Case, difference: &Difference) -> bool {
        let (profile, id) = self.cases.split_once(':').unwrap_or(("*", &self.cases));
        let is_of_these = if id == REFUSALS { case.status >= 400 } else { fits(id, &case.id) };
        is_of_these
            && fits(profile, &case.profile)
            && fits(&self.at, &difference.at)
            && is(&self.was, difference.recorded.as_ref())
            && is(&self.now, difference.ours.as_ref())
    }
}

/// Whether a text is as the pattern says, in which a star stands for anything.
fn fits(pattern: &str, text: &str) -> bool {
    let Some((before, after)) = pattern.split_once('*') else { return pattern == text };
    let Some(rest) = text.strip_prefix(before) else { return false };
    (0..=rest.len()).filter_map(|from| rest.get(from..)).any(|rest| fits(after, rest))
}

/// Whether the value is of the kind, or is the value, that the cell names.
fn is(cell: &str, value: Option<&Value>) -> bool {
    match (cell.strip_prefix("= "), value) {
        (Some(exact), Some(value)) => serde_json::from_str::<Value>(exact).is_ok_and(|exact| exact == *value),
        (Some(_), None) => false,
        (None, value) => kind(value) == cell,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, text, expected) in [
            ("a/*", "a/b", true),
            ("*", "", true),
            ("$.posts[*].id", "$.posts[12].id", true),
            ("$.posts[*].id", "$.posts[12].name", false),
            ("a*b*c", "axbybc", true),
            ("a", "ab", false),
        ] {
            assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn a_value_is_named_by_its_kind_or_by_itself() {
        assert!(is("= 404", Some(&json!(404))) && !is("= 404", Some(&json!(405))) && !is("= 404", None));
        assert!(is("gone", None) && !is("gone", Some(&json!(null))));
        assert!(is("text", Some(&json!("a"))) && !is("number", Some(&json!("1"))));
    }

    #[test]
    fn a_row_counts_each_of_its_cases() {
        let table =
            Differences::parse("| `a/*`, `p:b/c` | `status` | `= 200` | `= 400` | for a good reason |\n| cases | |\n");
        let rows: Vec<_> = table.unused().collect();
        assert_eq!(rows, ["a/* at status: = 400", "p:b/c at status: = 400"]);
    }
}
