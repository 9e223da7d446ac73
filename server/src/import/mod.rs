//! Takes over what the Python service kept: leaders, posts, review items, and which streams it read.
//!
//! The old database is only read, in pages by key, and each page is stored in one transaction. So an import may be cut
//! short anywhere and begun again: what is stored already is found again by its id, or by its number on X, and stays.

mod checkpoints;
mod leader;
mod name;
mod post;
mod report;
mod review;
mod tables;
mod values;

use std::path::PathBuf;

pub use report::{Counts, Notes, Report, Watcher};
pub use tables::{Import, Parts};

use crate::store;
use crate::store::legacy;

/// Why an import ended early. What was stored until then is complete in itself.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The old database cannot be read.
    #[error(transparent)]
    Legacy(#[from] legacy::Error),
    /// Amber's database failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The checkpoint file cannot be read.
    #[error("the checkpoint file {} cannot be read", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// The checkpoint file is none.
    #[error("the file {} holds no JSON object of checkpoints", path.display())]
    NoCheckpoints {
        /// The file.
        path: PathBuf,
    },
}
