//! No dependency is declared in vain.

use std::collections::HashSet;

use crate::Finding;
use crate::tokens::tokens;
use crate::tree::File;

/// The folders of the workspace's members.
pub(crate) const MEMBERS: &[&str] = &["migrations", "proto", "sdk/rust", "server", "tests"];

/// A member of the workspace.
#[derive(Debug)]
pub(crate) struct Member {
    /// Its folder.
    pub(crate) path: String,
    pub(crate) manifest: String,
    /// All its sources, generated ones too.
    pub(crate) sources: Vec<File>,
}

/// Each entry of `[workspace.dependencies]` is a dependency of some member.
pub(crate) fn check_workspace(manifest: &str, members: &[Member]) -> Vec<Finding> {
    let used: HashSet<&str> =
        members.iter().flat_map(|member| declared(&member.manifest)).map(|(name, _)| name).collect();
    let unused = declared(manifest).into_iter().filter(|(name, _)| !used.contains(name));
    unused.map(|(name, line)| Finding::new("Cargo.toml", line, format!("no member uses `{name}`"))).collect()
}

/// Each dependency of a member is named in its sources.
pub(crate) fn check_member(member: &Member) -> Vec<Finding> {
    let named: HashSet<&str> =
        member.sources.iter().flat_map(|file| tokens(&file.text)).map(|token| token.text).collect();
    let unused =
        declared(&member.manifest).into_iter().filter(|(name, _)| !named.contains(name.replace('-', "_").as_str()));
    let path = format!("{}/Cargo.toml", member.path);
    unused.map(|(name, line)| Finding::new(&path, line, format!("no source names `{name}`"))).collect()
}

/// Names and lines of all dependencies that a manifest declares, one to a line.
fn declared(manifest: &str) -> Vec<(&str, usize)> {
    let mut in_dependencies = false;
    let mut names = Vec::new();
    for (line, text) in (1..).zip(manifest.lines()) {
        if let Some(section) = text.strip_prefix('[') {
            in_dependencies = section.trim_end_matches(']').ends_with("dependencies");
        } else if in_dependencies && text.starts_with(|first: char| first.is_ascii_alphabetic()) {
            let end = text.find(['.', ' ', '=']).unwrap_or(text.len());
            names.push((&text[..end], line));
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str = "[workspace]\nmembers = []\n\n[workspace.dependencies]\n# text\nserde = \"1\"\nserde-json = { version = \"1\" }\n[profile.dev]\ndebug = false\n";

    fn member(dependencies: &str, source: &str) -> Member {
        let manifest =
            format!("[package]\nname = \"a\"\n\n[dependencies]\n{dependencies}\n[lints]\nworkspace = true\n");
        Member { path: "server".to_owned(), manifest, sources: vec![File::new("server/src/lib.rs", source)] }
    }

    #[test]
    fn a_dependency_that_no_member_declares_is_found() {
        let both = member("serde.workspace = true\nserde-json = { workspace = true }", "");
        assert_eq!(check_workspace(ROOT, &[both]), []);
        let one = member("serde.workspace = true", "");
        assert_eq!(check_workspace(ROOT, &[one]), [Finding::new("Cargo.toml", 7, "no member uses `serde-json`")]);
    }

    #[test]
    fn a_dependency_that_no_source_names_is_found() {
        let used = member("serde-json.workspace = true", "use serde_json::Value;");
        assert_eq!(check_member(&used), []);
        let mentioned = member("serde-json.workspace = true", "// serde_json\nconst A: &str = \"serde_json\";");
        assert_eq!(check_member(&mentioned), [Finding::new("server/Cargo.toml", 5, "no source names `serde-json`")]);
    }
}
