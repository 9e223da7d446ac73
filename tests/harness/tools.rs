//! Finds the programs that the tests start, and says so when one is missing.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// An environment variable, unless it is unset or empty.
#[expect(clippy::disallowed_methods, reason = "the harness reads its few switches here and nowhere else")]
#[must_use]
pub fn setting(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// The folders of `PATH`, then those where Debian and Red Hat keep the PostgreSQL server, newest version first.
pub(crate) fn program_folders() -> Vec<PathBuf> {
    let path = setting("PATH").unwrap_or_default();
    let mut versions: Vec<PathBuf> =
        ["/usr/lib/postgresql", "/usr"].iter().flat_map(|root| postgres_versions(Path::new(root))).collect();
    versions.sort_by_key(|folder| std::cmp::Reverse(version_in(folder)));
    env::split_paths(&path).chain(versions.into_iter().map(|folder| folder.join("bin"))).collect()
}

fn postgres_versions(root: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(root) else { return Vec::new() };
    entries.flatten().map(|entry| entry.path()).filter(|folder| version_in(folder).is_some()).collect()
}

/// The major version that a folder such as `/usr/lib/postgresql/15` or `/usr/pgsql-15` is named after.
fn version_in(folder: &Path) -> Option<u32> {
    let name = folder.file_name()?.to_str()?;
    name.strip_prefix("pgsql-").unwrap_or(name).parse().ok()
}

/// The first folder that holds all of `programs`.
pub(crate) fn folder_with(programs: &[&str], folders: &[PathBuf]) -> Option<PathBuf> {
    folders.iter().find(|folder| programs.iter().all(|program| folder.join(program).is_file())).cloned()
}

/// An installed program, or `None` with a line on standard error that says how to get it.
///
/// # Panics
/// When it is missing and `AMBER_REQUIRE_TOOLS` is 1.
#[must_use]
pub fn find_program(name: &str, remedy: &str) -> Option<PathBuf> {
    let found = folder_with(&[name], &program_folders()).map(|folder| folder.join(name));
    if found.is_none() {
        report_missing(name, remedy);
    }
    found
}

/// Says which tool is missing, so that the test can be skipped in plain sight.
///
/// # Panics
/// When `AMBER_REQUIRE_TOOLS` is 1, as in CI, where nothing may be skipped.
pub fn report_missing(tool: &str, remedy: &str) {
    let message = format!("{tool} is not installed: {remedy}");
    assert!(setting("AMBER_REQUIRE_TOOLS").as_deref() != Some("1"), "{message}");
    eprintln!("skipped: {message}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_folder_with_every_program_is_taken() {
        let half = tempfile::tempdir().unwrap();
        let whole = tempfile::tempdir().unwrap();
        for file in [half.path().join("initdb"), whole.path().join("initdb"), whole.path().join("postgres")] {
            fs::write(file, "").unwrap();
        }
        let folders = [half.path().to_owned(), whole.path().to_owned()];

        assert_eq!(folder_with(&["initdb", "postgres"], &folders), Some(whole.path().to_owned()));
        assert_eq!(folder_with(&["initdb", "absent"], &folders), None);
    }

    #[test]
    fn versions_of_postgres_are_read_from_the_names_of_folders() {
        assert_eq!(version_in(Path::new("/usr/lib/postgresql/15")), Some(15));
        assert_eq!(version_in(Path::new("/usr/pgsql-17")), Some(17));
        assert_eq!(version_in(Path::new("/usr/bin")), None);
    }
}
