//! The contract stays compatible with the released one, and a break would be noticed.

use std::fs;
use std::path::Path;

use crate::{buf, sources};

const FIELD: &str = "string run_id = 1;";

/// Copies `buf.yaml` and the contract, which is all that buf reads, with one file changed.
fn copy_with(folder: &Path, changed: &str, change: impl Fn(&str) -> String) {
    fs::copy(buf::workspace().join("buf.yaml"), folder.join("buf.yaml")).expect("buf.yaml can be copied");
    fs::create_dir_all(folder.join("proto/amber/v1")).expect("the temporary folder is writable");
    for file in sources::files() {
        let text = fs::read_to_string(sources::root().join(&file)).expect("the contract is readable");
        let text = if file.ends_with(changed) { change(&text) } else { text };
        fs::write(folder.join("proto").join(&file), text).expect("the temporary folder is writable");
    }
}

fn against_released(folder: &Path) -> Option<std::process::Output> {
    let released = sources::root().join("released.binpb");
    buf::run(folder, &["breaking", "--against", released.to_str().expect("the path is UTF-8")])
}

#[test]
fn nothing_released_breaks() {
    let Some(output) = against_released(buf::workspace()) else { return };
    assert!(output.status.success(), "{}", buf::text(&output));
}

#[test]
fn a_renumbered_field_is_found() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    copy_with(folder.path(), "ingestion_service.proto", |text| {
        assert!(text.contains(FIELD), "the field to renumber is gone");
        text.replacen(FIELD, "string run_id = 99;", 1)
    });
    let Some(output) = against_released(folder.path()) else { return };
    assert_eq!(output.status.code(), Some(buf::FINDINGS), "{}", buf::text(&output));
    assert!(buf::text(&output).contains("run_id"), "{}", buf::text(&output));
}

#[test]
fn an_added_field_is_no_break() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    copy_with(folder.path(), "ingestion_service.proto", |text| {
        text.replacen(FIELD, &format!("{FIELD}\n  // later was added later.\n  string later = 99;"), 1)
    });
    let Some(output) = against_released(folder.path()) else { return };
    assert!(output.status.success(), "{}", buf::text(&output));
}
