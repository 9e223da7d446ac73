//! Why a checkpoint cannot be read or kept.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::domain::{SavedCheckpoint, StreamKey};
use crate::store;

/// Why a checkpoint cannot be read or kept.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// As new a version is kept already.
    #[error("the checkpoint of {key} has the version {stored} already, and {offered} is not newer")]
    Stale {
        /// The stream.
        key: StreamKey,
        /// The version that is kept.
        stored: i64,
        /// The version that was to be kept.
        offered: i64,
    },
    /// Somebody else changed the checkpoint meanwhile.
    #[error("the checkpoint of {key} was changed meanwhile: {}", versions(*.expected, *.stored))]
    Moved {
        /// The stream.
        key: StreamKey,
        /// The version that the caller knew; None: none at all.
        expected: Option<i64>,
        /// The version that is kept; None: none at all.
        stored: Option<i64>,
    },
    /// The version is out of bounds.
    #[error("{version} is no version of a checkpoint: they go from 0 to {}", SavedCheckpoint::LAST_VERSION)]
    BadVersion {
        /// The version.
        version: i64,
    },
    /// A file is not what was written.
    #[error("the checkpoint file {} is damaged: {reason}; {}", file.display(), remedy(.file, .backup.as_ref()))]
    Damaged {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        reason: String,
        /// The last good copy, which is one version older.
        backup: Option<PathBuf>,
    },
    /// A file is of another format, for instance of a later Amber.
    #[error(
        "the checkpoint file {} has the format {format:?}, which this version does not know; start the version that \
         wrote it, or move the file away to begin anew",
        file.display()
    )]
    Foreign {
        /// The file.
        file: PathBuf,
        /// Its first words.
        format: String,
    },
    /// A symbolic link, a folder or something else stands where a file should be.
    #[error("{} is no regular file, and what it leads to is not touched; move it away", file.display())]
    NotAFile {
        /// Where it stands.
        file: PathBuf,
    },
    /// Another process holds the folder for itself.
    #[error("the checkpoint folder was locked by another process for {} s; see who has {} open", waited.as_secs(), lock.display())]
    Locked {
        /// The lock file.
        lock: PathBuf,
        /// How long this process waited.
        waited: Duration,
    },
    /// There is no good copy to go back to.
    #[error("there is no good copy of the checkpoint of {key} to go back to")]
    NoBackup {
        /// The stream.
        key: StreamKey,
    },
    /// The file system failed.
    #[error("{} cannot be used: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the file system said.
        source: io::Error,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

fn versions(expected: Option<i64>, stored: Option<i64>) -> String {
    let named = |version: Option<i64>| version.map_or_else(|| "none".to_owned(), |version| version.to_string());
    format!("its version is {}, not {}", named(stored), named(expected))
}

fn remedy(file: &std::path::Path, backup: Option<&PathBuf>) -> String {
    match backup {
        Some(backup) => format!(
            "move {} to its place to go back to the version before, or move both away to begin anew",
            backup.display()
        ),
        None => format!("move it away to begin anew, or put a copy of {} from a backup in its place", file.display()),
    }
}
