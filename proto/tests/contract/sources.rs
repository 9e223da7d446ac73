//! Where the contract lies, and its descriptors.

use std::path::{Path, PathBuf};

/// The folder of the proto crate, which is the root of the proto files.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every proto file of the contract, relative to [`root`], in a stable order.
pub(crate) fn files() -> Vec<PathBuf> {
    let folder = root().join("amber/v1");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the folder of the contract exists")
        .map(|entry| entry.expect("the folder is readable").file_name())
        .filter(|name| Path::new(name).extension().is_some_and(|extension| extension == "proto"))
        .map(|name| Path::new("amber/v1").join(name))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "the contract has no files");
    files
}

/// The compiled contract with everything it imports.
pub(crate) fn compiled(source_info: bool) -> protox::Compiler {
    let mut compiler = protox::Compiler::new([root()]).expect("the root of the contract is a folder");
    compiler.include_source_info(source_info).include_imports(true);
    compiler.open_files(files()).unwrap_or_else(|error| panic!("the contract does not compile: {error:?}"));
    compiler
}
