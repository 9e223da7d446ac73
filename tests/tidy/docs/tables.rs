//! The tables that are made from the code itself and from the contract.

use std::fmt::Write;

use amber_server::config;
use amber_server::telemetry::{Kind, METRICS};

use crate::tree::File;

/// The reference of every variable, as `amber config reference` prints it.
pub(crate) fn configuration() -> String {
    config::reference()
}

/// Every metric of `/metrics`.
pub(crate) fn metrics() -> String {
    let mut text = "| metric | kind | labels | what it tells |\n|---|---|---|---|\n".to_owned();
    for metric in METRICS {
        let kind = match metric.kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        let labels: Vec<String> = metric.labels.iter().map(|label| format!("`{label}`")).collect();
        let _ = writeln!(text, "| `{}` | {kind} | {} | {} |", metric.name, labels.join(", "), metric.help);
    }
    text
}

/// Every RPC of these files, with the first sentence of its comment.
pub(crate) fn rpcs(files: impl IntoIterator<Item = String>) -> String {
    let mut text = "| service | RPC | what it does |\n|---|---|---|\n".to_owned();
    for file in files {
        let (mut service, mut comment) = (String::new(), String::new());
        for line in file.lines().map(str::trim) {
            if let Some(words) = line.strip_prefix("//") {
                comment = format!("{comment} {}", words.trim());
                continue;
            }
            let mut words = line.split([' ', '(', '{']);
            match (words.next(), words.next()) {
                (Some("service"), Some(name)) => name.clone_into(&mut service),
                (Some("rpc"), Some(name)) => {
                    let about = sentence(&comment);
                    let about = about.strip_prefix(name).unwrap_or(about).trim_start();
                    let _ = writeln!(text, "| `{service}` | `{name}` | {about} |");
                }
                _ => {}
            }
            comment.clear();
        }
    }
    text
}

/// The modules that `lib` declares, in its order, and the two that the program adds, with their purposes.
pub(crate) fn modules(lib: &str, files: &[File]) -> String {
    let declared = lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    let mut text = "| module | purpose |\n|---|---|\n".to_owned();
    for module in declared.chain(["cli"]) {
        let purpose = purpose(files, &format!("server/src/{module}/mod.rs"));
        let _ = writeln!(text, "| `{module}/` | {purpose} |");
    }
    let _ = writeln!(text, "| `main.rs` | {} |", purpose(files, "server/src/main.rs"));
    text
}

/// The first sentence of a file.
fn purpose(files: &[File], path: &str) -> String {
    let text = files.iter().find(|file| file.path == path).map_or("", |file| file.text.as_str());
    let head: Vec<&str> = text.lines().map_while(|line| line.strip_prefix("//! ")).collect();
    sentence(&head.join(" ")).to_owned()
}

/// The first sentence of a text.
fn sentence(text: &str) -> &str {
    let text = text.trim();
    text.find(". ").map_or(text, |end| &text[..=end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_is_told_by_the_first_sentence_of_its_file() {
        let files = [
            File::new("server/src/a/mod.rs", "//! Does A\n//! well. And more.\n//!\n//! Other.\nuse b;"),
            File::new("server/src/cli/mod.rs", "//! Commands."),
            File::new("server/src/main.rs", "//! Starts."),
        ];
        let table = modules("//! A.\npub mod a;\nmod hidden;\n", &files);
        let rows: Vec<&str> = table.lines().skip(2).collect();
        assert_eq!(rows, ["| `a/` | Does A well. |", "| `cli/` | Commands. |", "| `main.rs` | Starts. |"]);
    }

    #[test]
    fn an_rpc_is_told_by_the_first_sentence_of_its_comment() {
        let file = "// S serves. Well.\nservice S {\n  // GetA answers\n  // an A. Needs nobody.\n  //\n  // Fails.\n  rpc GetA(R) returns (T) {\n    option a = 1;\n  }\n  // B puts. X.\n  rpc B(R) returns (T);\n}\n// M is. A.\nmessage M {}\n";
        let table = rpcs([file.to_owned()]);
        let rows: Vec<&str> = table.lines().skip(2).collect();
        assert_eq!(rows, ["| `S` | `GetA` | answers an A. |", "| `S` | `B` | puts. |"]);
    }

    #[test]
    fn every_variable_and_metric_has_a_row() {
        assert_eq!(metrics().lines().count(), METRICS.len() + 2);
        let variables = configuration().lines().filter(|line| line.starts_with("| `")).count();
        assert_eq!(variables, config::variables().count());
    }
}
