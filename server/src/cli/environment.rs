//! Where the commands read their variables.

use std::path::Path;

use amber_server::config::{FileError, Layers, MapEnv, ProcessEnv};

/// The environment of the process over `.env.local` over `.env` of the current folder.
pub(super) fn standard() -> Result<Layers, FileError> {
    Layers::standard(Path::new("."))
}

/// The same for a command that somebody watches.
pub(super) fn attended() -> Result<Layers, FileError> {
    Ok(Layers::new(vec![Box::new(standard()?), Box::new(quiet())]))
}

/// The environment of the process alone, because the files of the folder belong to another server.
pub(super) fn isolated() -> Layers {
    Layers::new(vec![Box::new(ProcessEnv), Box::new(quiet())])
}

/// The log holds only warnings, as text, unless something else is set.
fn quiet() -> MapEnv {
    MapEnv::default().with("LOG_FORMAT", "text").with("RUST_LOG", "warn")
}
