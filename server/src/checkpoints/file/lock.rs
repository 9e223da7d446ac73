//! The lock that lets one process at a time write into the folder.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::checkpoints::Error;

/// How long a writer waits for the others.
const PATIENCE: Duration = Duration::from_secs(10);

/// How soon it looks again.
const PAUSE: Duration = Duration::from_millis(2);

/// Takes the lock; it is given back when the file is dropped, also by the end of the process.
///
/// Waiting inside the call of the operating system would hold a thread, and the shutdown, for as long as some other
/// process likes.
pub(super) async fn acquire(path: PathBuf) -> Result<File, Error> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let at = path.clone();
        if let Some(file) = super::blocking(path.clone(), move || try_acquire(at)).await? {
            return Ok(file);
        }
        if Instant::now() >= deadline {
            return Err(Error::Locked { lock: path, waited: PATIENCE });
        }
        sleep(PAUSE).await;
    }
}

/// Every call opens the file anew: the lock belongs to the open file, so it parts tasks of one process, too.
fn try_acquire(path: PathBuf) -> Result<Option<File>, Error> {
    super::folder::refuse_what_is_no_file(&path)?;
    let opened = OpenOptions::new().create(true).write(true).truncate(false).mode(0o600).open(&path);
    let file = opened.map_err(|source| Error::Io { path: path.clone(), source })?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(source)) => Err(Error::Io { path, source }),
    }
}
