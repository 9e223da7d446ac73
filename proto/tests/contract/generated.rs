//! The committed Rust code and descriptors are what the proto files give today.

use std::fs;
use std::path::Path;

use prost::Message;
use prost_types::FileDescriptorSet;

use crate::sources;

/// Messages whose `Debug` is written by hand, because they carry a secret.
const SECRET_MESSAGES: [&str; 9] = [
    ".amber.v1.CreateApiKeyResponse",
    ".amber.v1.IssueAdminTokenRequest",
    ".amber.v1.IssueAdminTokenResponse",
    ".amber.v1.IssueEmbedTokenResponse",
    ".amber.v1.RedeemEmbedTokenRequest",
    ".amber.v1.RedeemEmbedTokenResponse",
    ".amber.v1.RenewEmbedSessionRequest",
    ".amber.v1.RenewEmbedSessionResponse",
    ".amber.v1.ValidateEmbedTokenRequest",
];

/// The name and the fresh content of every generated file.
fn fresh() -> [(&'static str, Vec<u8>); 2] {
    let out = tempfile::tempdir().expect("a temporary folder can be made");
    tonic_prost_build::configure()
        .out_dir(out.path())
        .btree_map(".")
        .skip_debug(SECRET_MESSAGES)
        .emit_rerun_if_changed(false)
        .compile_fds(sources::compiled(true).file_descriptor_set())
        .expect("code can be generated from the contract");
    let code = fs::read(out.path().join("amber.v1.rs")).expect("the generator writes one file for the package");
    [("amber.v1.rs", code), ("amber.v1.descriptor.bin", sources::compiled(false).encode_file_descriptor_set())]
}

/// Compares a committed file with its fresh content; with `UPDATE=1` it writes the file instead.
fn check(path: &Path, fresh: &[u8], update: bool) -> Result<(), String> {
    if fs::read(path).is_ok_and(|committed| committed == fresh) {
        return Ok(());
    }
    if !update {
        return Err(format!("{} is stale: UPDATE=1 cargo test -p amber-proto --test contract", path.display()));
    }
    fs::write(path, fresh).map_err(|error| format!("cannot write {}: {error}", path.display()))
}

#[test]
#[expect(clippy::disallowed_methods, reason = "tests are told by their environment what they may use")]
fn generated_code_is_fresh() {
    let update = std::env::var("UPDATE").is_ok_and(|value| value == "1");
    let folder = sources::root().join("src/generated");
    let stale: Vec<String> =
        fresh().iter().filter_map(|(name, content)| check(&folder.join(name), content, update).err()).collect();
    assert!(stale.is_empty(), "{}", stale.join("\n"));
}

#[test]
fn stale_code_is_found_and_rewritten_on_request() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let path = folder.path().join("code.rs");
    assert!(check(&path, b"new", false).is_err(), "a missing file is stale");
    fs::write(&path, b"old").expect("the temporary folder is writable");
    assert!(check(&path, b"new", false).is_err());
    assert_eq!(check(&path, b"new", true), Ok(()));
    assert_eq!(check(&path, b"new", false), Ok(()));
}

#[test]
fn descriptors_hold_every_import_that_reflection_has_to_resolve() {
    let set = FileDescriptorSet::decode(amber_proto::FILE_DESCRIPTOR_SET).expect("the descriptors decode");
    let names: Vec<&str> = set.file.iter().map(prost_types::FileDescriptorProto::name).collect();
    assert!(names.contains(&"google/protobuf/timestamp.proto"), "{names:?}");
    for file in &set.file {
        for import in &file.dependency {
            assert!(names.contains(&import.as_str()), "{} imports {import}, which is missing", file.name());
        }
    }
}
