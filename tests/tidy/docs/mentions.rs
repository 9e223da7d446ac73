//! What a document names: links, paths, recipes of the justfile, tests, and each of its headings once.

use crate::Finding;
use crate::tree::File;

/// The folders whose files a document may name from the top.
const FOLDERS: &[&str] = &[".ci/", "deploy/", "migrations/", "proto/", "sdk/", "server/", "tests/"];

/// How the names of metrics begin, which look like those of tests.
const METRICS: &[&str] = &["amber_", "process_"];

/// No heading stands twice below the same one, as after a merge that took both sides.
pub(crate) fn check_headings(page: &File) -> Vec<Finding> {
    let mut path: Vec<&str> = Vec::new();
    let mut known = Vec::new();
    let mut is_code = false;
    let mut findings = Vec::new();
    for (line, text) in (1..).zip(page.text.lines()) {
        is_code ^= text.starts_with("```");
        let level = text.len() - text.trim_start_matches('#').len();
        if is_code || level == 0 {
            continue;
        }
        path.resize(level, "");
        path[level - 1] = text;
        if known.contains(&path) {
            findings.push(Finding::new(&page.path, line, format!("{text:?} stands here twice")));
        }
        known.push(path.clone());
    }
    findings
}

/// Links to other files lead to one, and links inside the page to a heading.
pub(crate) fn check_links(page: &File, exists: impl Fn(&str) -> bool) -> Vec<Finding> {
    let anchors: Vec<String> = page.text.lines().filter_map(anchor).collect();
    let mut findings = Vec::new();
    for (line, text) in (1..).zip(page.text.lines()) {
        for target in text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target) {
            let leads = match target.split_once('#') {
                _ if target.contains("://") || target.starts_with("mailto:") => true,
                Some(("", anchor)) => anchors.iter().any(|known| known == anchor),
                Some((path, _)) => exists(path),
                None => exists(target),
            };
            if !leads {
                findings.push(Finding::new(&page.path, line, format!("the link {target} leads nowhere")));
            }
        }
    }
    findings
}

/// Paths in inline code exist.
pub(crate) fn check_paths(page: &File, exists: impl Fn(&str) -> bool) -> Vec<Finding> {
    let is_path = |code: &str| FOLDERS.iter().any(|folder| code.starts_with(folder)) && is_plain(code);
    let named = inline_code(page).filter(|(_, code)| is_path(code));
    let dead = named.filter(|(_, code)| !exists(code));
    dead.map(|(line, code)| Finding::new(&page.path, line, format!("there is no {code}"))).collect()
}

/// Recipes that a document calls are in the justfile.
pub(crate) fn check_recipes(page: &File, justfile: &str) -> Vec<Finding> {
    let recipes: Vec<&str> = justfile.lines().filter_map(recipe).collect();
    let lines = (1..).zip(page.text.lines());
    let called = inline_code(page).chain(lines).filter_map(|(line, code)| Some((line, code.strip_prefix("just ")?)));
    let called = called.filter_map(|(line, words)| Some((line, words.split(' ').next()?)));
    let unknown = called.filter(|(_, name)| !name.starts_with('-') && !recipes.contains(name));
    unknown.map(|(line, name)| Finding::new(&page.path, line, format!("there is no recipe {name}"))).collect()
}

/// Names of tests, which are sentences of at least four words, are those of a function.
pub(crate) fn check_tests(page: &File, sources: &[File]) -> Vec<Finding> {
    let named = inline_code(page).filter(|(_, code)| is_sentence(code));
    let is_missing = |name: &str| !sources.iter().any(|file| file.text.contains(&format!("fn {name}(")));
    let missing = named.filter(|(_, name)| is_missing(name));
    missing.map(|(line, name)| Finding::new(&page.path, line, format!("there is no test {name}"))).collect()
}

/// Texts between single backticks, with their lines.
fn inline_code(page: &File) -> impl Iterator<Item = (usize, &str)> {
    let lines = (1..).zip(page.text.lines()).filter(|(_, line)| !line.starts_with("```"));
    lines.flat_map(|(number, line)| line.split('`').skip(1).step_by(2).map(move |code| (number, code)))
}

fn is_plain(path: &str) -> bool {
    path.chars().all(|next| next.is_ascii_alphanumeric() || "_-./".contains(next))
}

fn is_sentence(code: &str) -> bool {
    let is_word = |next: char| next == '_' || next.is_ascii_lowercase() || next.is_ascii_digit();
    code.matches('_').count() >= 3 && code.chars().all(is_word) && !METRICS.iter().any(|start| code.starts_with(start))
}

fn recipe(line: &str) -> Option<&str> {
    let (head, _) = line.split_once(':').filter(|_| line.starts_with(|first: char| first.is_ascii_lowercase()))?;
    head.split(' ').next()
}

/// The anchor of a heading, as forges make it.
fn anchor(line: &str) -> Option<String> {
    let title = line.strip_prefix('#')?.trim_start_matches('#').strip_prefix(' ')?;
    let kept = title.to_lowercase().replace(' ', "-");
    Some(kept.chars().filter(|next| next.is_alphanumeric() || "-_".contains(*next)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(text: &str) -> File {
        File::new("A.md", text)
    }

    fn is_b(path: &str) -> bool {
        matches!(path, "B.md" | "server/src/lib.rs" | "tests/")
    }

    #[test]
    fn a_link_that_leads_nowhere_is_found() {
        let good = page("# One two!\n[a](B.md) [b](B.md#c) [c](#one-two) [d](https://e.example/f)");
        assert_eq!(check_links(&good, is_b), []);
        let bad = check_links(&page("# One\n[a](C.md)\n[b](#two) [c](C.md#d)"), is_b);
        assert_eq!(bad.iter().map(|finding| finding.line).collect::<Vec<_>>(), [2, 3, 3]);
    }

    #[test]
    fn a_heading_that_stands_twice_is_found() {
        let good = page("# A\n## B\n```sh\n# a word\n# a word\n```\n### D\n## C\n### D\n");
        assert_eq!(check_headings(&good), []);
        let bad = page("# A\n## B\n### D\n\n### D\n");
        assert_eq!(check_headings(&bad), [Finding::new("A.md", 5, "\"### D\" stands here twice")]);
    }

    #[test]
    fn a_path_that_is_gone_is_found() {
        let good = page("`server/src/lib.rs` `tests/` `server::app` `proto/amber/v1/*.proto` server/none");
        assert_eq!(check_paths(&good, is_b), []);
        let bad = check_paths(&page("a\n`server/src/gone.rs`"), is_b);
        assert_eq!(bad, [Finding::new("A.md", 2, "there is no server/src/gone.rs")]);
    }

    #[test]
    fn a_recipe_that_is_gone_is_found() {
        let justfile = "# All\ncheck: fmt\n\nfmt:\n    cargo fmt\ntest *FILTER:\n    tests/run\n";
        assert_eq!(check_recipes(&page("`just check`, `just test x`, just so\njust fmt\n`just --list`"), justfile), []);
        let bad = check_recipes(&page("`just cargo`\njust all"), justfile);
        assert_eq!(bad.iter().map(|finding| finding.line).collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn a_test_that_is_gone_is_found() {
        let sources = [File::new("a.rs", "fn it_works_very_well() {}")];
        let good = page("`it_works_very_well` `has_next_page` `amber_x_api_calls_total` `A_B_C_D`");
        assert_eq!(check_tests(&good, &sources), []);
        let bad = check_tests(&page("`it_works_very_badly`"), &sources);
        assert_eq!(bad, [Finding::new("A.md", 1, "there is no test it_works_very_badly")]);
    }
}
