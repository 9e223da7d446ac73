//! Runs buf, where it is installed, and checks the lint rules.

use std::path::Path;
use std::process::{Command, Output};

use crate::sources;

/// The exit code of buf when it has findings.
pub(crate) const FINDINGS: i32 = 100;

/// Runs buf in a folder, or says that it is missing and returns nothing.
///
/// With `AMBER_REQUIRE_TOOLS=1` a missing buf fails the test.
#[expect(clippy::disallowed_methods, reason = "tests are told by their environment what they may use")]
pub(crate) fn run(folder: &Path, arguments: &[&str]) -> Option<Output> {
    match Command::new("buf").args(arguments).current_dir(folder).output() {
        Ok(output) => Some(output),
        Err(error) => {
            let required = std::env::var("AMBER_REQUIRE_TOOLS").is_ok_and(|value| value == "1");
            assert!(!required, "buf cannot be run ({error}): pip install buf-bin==1.75.0");
            eprintln!("skipped: buf cannot be run ({error}): pip install buf-bin==1.75.0");
            None
        }
    }
}

/// What buf printed, for the message of a failed assertion.
pub(crate) fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// The folder of `buf.yaml`.
pub(crate) fn workspace() -> &'static Path {
    sources::root().parent().expect("the proto crate lies inside the workspace")
}

#[test]
fn the_contract_passes_the_lint() {
    let Some(output) = run(workspace(), &["lint"]) else { return };
    assert!(output.status.success(), "{}", text(&output));
}

#[test]
fn the_contract_is_formatted() {
    let Some(output) = run(workspace(), &["format", "--diff", "--exit-code"]) else { return };
    assert!(output.status.success(), "buf format --write\n{}", text(&output));
}
