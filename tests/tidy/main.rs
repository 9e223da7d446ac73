//! Pins what the compiler does not check: which module may know which, how files begin, how long they are, that every
//! migration, dependency and top-level name is meant, and that the documents say what the code says.
//!
//! Each check is a function of paths and texts, so that its own tests can plant a violation and see it found; the tests
//! here run all of them over the tree.

mod dependencies;
mod docs;
mod files;
mod layers;
mod migrations;
mod outside_crates;
mod paths;
mod tokens;
mod tree;

use std::fmt::{self, Display};

use tree::Tree;

/// A place that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Finding {
    path: String,
    /// Counted from 1; 0 stands for the whole file.
    line: usize,
    rule: String,
}

impl Finding {
    fn new(path: &str, line: usize, rule: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, rule: rule.into() }
    }
}

impl Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, line, rule } = self;
        write!(formatter, "{path}:{line}: {rule}")
    }
}

#[track_caller]
fn assert_none(findings: impl IntoIterator<Item = Finding>) {
    let lines: Vec<String> = findings.into_iter().map(|finding| finding.to_string()).collect();
    assert!(lines.is_empty(), "{} findings:\n{}", lines.len(), lines.join("\n"));
}

#[test]
fn modules_of_the_server_use_only_those_above_them() {
    let tree = Tree::read();
    assert_none(layers::check(tree.text("server/src/lib.rs"), &tree.rust_under("server/src/")));
}

#[test]
fn outside_crates_stay_in_their_modules() {
    let tree = Tree::read();
    assert_none(outside_crates::check(&tree.rust_under("server/src/")));
    assert_none(outside_crates::check_table(tree.text("server/Cargo.toml")));
}

#[test]
fn files_open_with_their_purpose_and_stay_short() {
    let tree = Tree::read();
    let files = tree.rust_under("");
    assert_none(files.iter().filter_map(files::check_head));
    assert_none(files.iter().filter_map(files::check_length));
    assert_none(files::check_median(&files));
}

#[test]
fn names_say_what_is_inside_and_no_code_is_unfinished_or_silenced() {
    let tree = Tree::read();
    let files = tree.rust_under("");
    assert_none(files.iter().flat_map(files::check_names));
    assert_none(files.iter().flat_map(files::check_words));
}

#[test]
fn migrations_go_both_ways_and_are_registered() {
    let tree = Tree::read();
    assert_none(migrations::check(tree.text("migrations/src/lib.rs"), &tree.rust_under("migrations/src/")));
}

#[test]
fn every_dependency_is_used() {
    let tree = Tree::read();
    let members: Vec<_> = dependencies::MEMBERS.iter().map(|member| tree.member(member)).collect();
    assert_none(dependencies::check_workspace(tree.text("Cargo.toml"), &members));
    assert_none(members.iter().flat_map(dependencies::check_member));
}

#[test]
fn only_the_agreed_names_stand_at_the_top() {
    assert_none(tree::check_top_level(&Tree::top_level()));
}
