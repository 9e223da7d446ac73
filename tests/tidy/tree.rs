//! Reads the working tree, without what git ignores.

use std::fs;
use std::path::Path;

use crate::Finding;
use crate::dependencies::Member;

/// Where the workspace stands.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// Folders that hold what others wrote or machines made.
const FOREIGN: &[&str] = &[".git", "generated", "node_modules", "target"];

/// Folders with Rust sources and manifests.
const SOURCES: &[&str] = &["migrations", "proto", "sdk", "server", "tests"];

/// All that may stand beside each other at the top.
const TOP_LEVEL: &[&str] = &[
    // folders
    ".cargo",
    ".ci",
    ".git",
    ".github",
    "deploy",
    "migrations",
    "proto",
    "sdk",
    "server",
    "tests",
    // what people read
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "NOTICE",
    "README.md",
    "RUNBOOK.md",
    "SECURITY.md",
    // what tools read
    ".dockerignore",
    ".env.example",
    ".gitattributes",
    ".gitignore",
    "Cargo.lock",
    "Cargo.toml",
    "buf.gen.yaml",
    "buf.lock",
    "buf.yaml",
    "clippy.toml",
    "deny.toml",
    "justfile",
    "rustfmt.toml",
];

/// A source with its path from the top.
#[derive(Clone, Debug)]
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) text: String,
}

impl File {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }
}

/// The sources and manifests of the workspace.
#[derive(Debug)]
pub(crate) struct Tree(Vec<File>);

impl Tree {
    pub(crate) fn read() -> Self {
        let mut files = Vec::new();
        read_file("Cargo.toml", &mut files);
        for folder in SOURCES {
            read_folder(folder, &mut files);
        }
        Self(files)
    }

    /// The names at the top, without those that `.gitignore` lists.
    pub(crate) fn top_level() -> Vec<String> {
        let ignored = fs::read_to_string(Path::new(ROOT).join(".gitignore")).expect("the tree has a .gitignore");
        let names = names_in("").into_iter();
        names.filter(|name| !ignored.lines().any(|pattern| matches(pattern, name))).collect()
    }

    /// The text of one file.
    #[track_caller]
    pub(crate) fn text(&self, path: &str) -> &str {
        let file = self.0.iter().find(|file| file.path == path);
        file.map_or_else(|| panic!("{path} is missing"), |file| file.text.as_str())
    }

    /// The Rust sources whose path starts so, without generated ones.
    pub(crate) fn rust_under(&self, prefix: &str) -> Vec<File> {
        let is_own = |file: &&File| {
            file.path.starts_with(prefix)
                && is_rust(&file.path)
                && !file.path.split('/').any(|name| FOREIGN.contains(&name))
        };
        self.0.iter().filter(is_own).cloned().collect()
    }

    /// A member of the workspace with all its sources, generated ones too.
    pub(crate) fn member(&self, path: &str) -> Member {
        let prefix = format!("{path}/");
        let sources = self.0.iter().filter(|file| file.path.starts_with(&prefix) && is_rust(&file.path));
        let manifest = self.text(&format!("{prefix}Cargo.toml")).to_owned();
        Member { path: path.to_owned(), manifest, sources: sources.cloned().collect() }
    }
}

/// Nothing but the agreed names stands at the top.
pub(crate) fn check_top_level(names: &[String]) -> Vec<Finding> {
    let foreign = names.iter().filter(|name| !TOP_LEVEL.contains(&name.as_str()));
    foreign.map(|name| Finding::new(name, 0, "the top level does not have this name")).collect()
}

fn is_rust(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|extension| extension == "rs")
}

fn read_folder(folder: &str, files: &mut Vec<File>) {
    for name in names_in(folder) {
        let path = format!("{folder}/{name}");
        let is_folder = Path::new(ROOT).join(&path).is_dir();
        if is_folder && (!FOREIGN.contains(&name.as_str()) || name == "generated") {
            read_folder(&path, files);
        } else if is_rust(&path) || name == "Cargo.toml" {
            read_file(&path, files);
        }
    }
}

fn read_file(path: &str, files: &mut Vec<File>) {
    files.push(File::new(path, &read(path)));
}

/// The text of any file.
pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Writes a file anew.
pub(crate) fn write(path: &str, text: &str) {
    fs::write(Path::new(ROOT).join(path), text).unwrap_or_else(|error| panic!("{path}: {error}"));
}

/// Whether a file or a folder is there.
pub(crate) fn exists(path: &str) -> bool {
    Path::new(ROOT).join(path).exists()
}

/// What stands in a folder, in order.
pub(crate) fn names_in(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(Path::new(ROOT).join(folder)).unwrap_or_else(|error| panic!("{folder}: {error}"));
    let mut names: Vec<String> = entries
        .map(|entry| entry.expect("a folder can be listed").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort_unstable();
    names
}

/// Whether a line of `.gitignore` with at most stars in it means this name.
fn matches(pattern: &str, name: &str) -> bool {
    let pattern = pattern.trim_matches('/');
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == name };
    name.strip_prefix(start).is_some_and(|tail| {
        let ends = (0..=tail.len()).filter(|end| tail.is_char_boundary(*end));
        ends.map(|end| &tail[end..]).any(|tail| matches(rest, tail))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_name_at_the_top_is_found() {
        let names = ["Cargo.toml", "server", "scripts"].map(str::to_owned);
        assert_eq!(check_top_level(&names), [Finding::new("scripts", 0, "the top level does not have this name")]);
    }

    #[test]
    fn patterns_of_gitignore_match_as_git_matches_them() {
        assert!(matches("/target", "target") && matches("*.db-*", "amber.db-wal") && matches("*.db", "amber.db"));
        assert!(!matches("/target", "targets") && !matches("*.db", "amber.dbx") && !matches(".env", ".env.example"));
    }

    #[test]
    fn generated_code_counts_as_source_but_is_not_checked() {
        let tree = Tree(vec![File::new("proto/src/generated/a.rs", ""), File::new("proto/src/lib.rs", "")]);
        let paths: Vec<String> = tree.rust_under("proto/").into_iter().map(|file| file.path).collect();
        assert_eq!(paths, ["proto/src/lib.rs"]);
    }
}
