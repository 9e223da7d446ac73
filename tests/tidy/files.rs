//! How files begin, how long they are, what they are called, and which words they may not contain.

use crate::Finding;
use crate::tokens::tokens;
use crate::tree::File;

/// Lines, tests included.
const LONGEST: usize = 500;

/// Lines that half of the files stay under.
const MEDIAN: usize = 150;

/// Names that say nothing about what is inside.
const EMPTY_NAMES: &[&str] = &["common", "helper", "helpers", "manager", "managers", "misc", "util", "utils"];

/// Code that is unfinished, or that silences what should speak.
const FORBIDDEN: &[&[&str]] = &[
    &["todo", "!"],
    &["unimplemented", "!"],
    &["#", "[", "ignore"],
    &["#", "[", "should_panic"],
    &["#", "[", "allow", "("],
    &["#", "!", "[", "allow", "("],
];

/// A file opens with `//! ` and its purpose, a sentence.
pub(crate) fn check_head(file: &File) -> Option<Finding> {
    let mut purpose = String::new();
    for line in file.text.lines().map_while(|line| line.strip_prefix("//! ")) {
        purpose.push_str(line);
    }
    let opens = purpose.chars().next().is_some_and(|first| first.is_uppercase() || first == '`');
    let is_sentence = opens && purpose.contains(' ') && purpose.ends_with(['.', ':']);
    (!is_sentence).then(|| Finding::new(&file.path, 1, "the file does not open with `//! ` and a sentence"))
}

/// No file is too long to be read at once.
pub(crate) fn check_length(file: &File) -> Option<Finding> {
    let lines = file.text.lines().count();
    (lines > LONGEST).then(|| Finding::new(&file.path, lines, format!("more than {LONGEST} lines")))
}

/// Most files are short.
pub(crate) fn check_median(files: &[File]) -> Option<Finding> {
    let mut lengths: Vec<usize> = files.iter().map(|file| file.text.lines().count()).collect();
    lengths.sort_unstable();
    let median = *lengths.get(lengths.len() / 2)?;
    (median > MEDIAN).then(|| Finding::new("the median file", median, format!("more than {MEDIAN} lines")))
}

/// Files, folders and inline modules have names that mean something.
pub(crate) fn check_names(file: &File) -> Vec<Finding> {
    let finding = |line, name: &str| Finding::new(&file.path, line, format!("`{name}` does not say what is inside"));
    let in_path = file.path.trim_end_matches(".rs").split('/').filter(|name| EMPTY_NAMES.contains(name));
    let tokens = tokens(&file.text);
    let declared = tokens.windows(2).filter(|pair| pair[0].text == "mod" && EMPTY_NAMES.contains(&pair[1].text));
    let in_path = in_path.map(|name| finding(0, name));
    in_path.chain(declared.map(|pair| finding(pair[1].line, pair[1].text))).collect()
}

/// Nothing is unfinished, skipped or silenced. Lints are answered by `#[expect(lint, reason = "...")]`.
pub(crate) fn check_words(file: &File) -> Vec<Finding> {
    let tokens = tokens(&file.text);
    let mut findings = Vec::new();
    for start in 0..tokens.len() {
        let here = &tokens[start..];
        let says = |words: &&&[&str]| {
            here.len() >= words.len() && words.iter().zip(here).all(|(word, token)| *word == token.text)
        };
        if let Some(words) = FORBIDDEN.iter().find(says) {
            findings.push(Finding::new(&file.path, here[0].line, format!("`{}` is not for this code", words.concat())));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> File {
        File::new("server/src/embed/issuer.rs", text)
    }

    #[test]
    fn a_file_without_a_purpose_is_found() {
        for head in
            ["", "use a;", "// A comment.", "//! Word.", "//! no capital letter.", "//! No end\nuse a;", "//!A b."]
        {
            assert!(check_head(&file(head)).is_some(), "{head}");
        }
        for head in ["//! Issues tokens.", "//! `amber` is\n//! a program.\n//!\n//! More\nuse a;"] {
            assert_eq!(check_head(&file(head)), None, "{head}");
        }
    }

    #[test]
    fn a_long_file_is_found() {
        assert_eq!(check_length(&file(&"\n".repeat(500))), None);
        assert_eq!(check_length(&file(&"\n".repeat(501))).map(|finding| finding.line), Some(501));
    }

    #[test]
    fn a_long_median_is_found_and_one_long_file_is_not() {
        let [short, long] = [10, 151].map(|lines| "\n".repeat(lines));
        assert_eq!(check_median(&[file(&short), file(&short), file(&long)]), None);
        assert!(check_median(&[file(&short), file(&long), file(&long)]).is_some());
    }

    #[test]
    fn an_empty_name_is_found_in_paths_and_declarations() {
        assert_eq!(check_names(&File::new("server/src/utils.rs", "")).len(), 1);
        assert_eq!(check_names(&File::new("server/src/common/mod.rs", "")).len(), 1);
        assert_eq!(
            check_names(&file("\nmod helpers { }")),
            [Finding::new("server/src/embed/issuer.rs", 2, "`helpers` does not say what is inside")]
        );
        assert_eq!(check_names(&file("// mod utils\nfn utils() {}")), []);
    }

    #[test]
    fn forbidden_words_are_found_in_code_only() {
        for text in [
            "fn f() { todo!() }",
            "fn f() { unimplemented!(\"later\") }",
            "#[ignore = \"slow\"]",
            "#[should_panic]",
            "#[allow(dead_code)]",
            "#![allow(missing_docs)]",
            "# [ allow (dead_code)]",
        ] {
            assert_eq!(check_words(&file(text)).len(), 1, "{text}");
        }
        let free =
            "// todo!()\n/// `#[allow(a)]`\n#[expect(a, reason = \"#[ignore]\")] fn f(allow: A) { r#\"todo!()\"# }";
        assert_eq!(check_words(&file(free)), []);
    }
}
