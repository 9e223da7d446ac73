//! The folder of checkpoints: each file is read whole, and replaced whole.
//!
//! Everything here blocks. What changes the folder needs the lock; reading needs none, because a rename replaces a
//! file in one step (rename(2)).

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, File};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use super::format::{self, Fault};
use super::name;
use crate::checkpoints::Error;
use crate::domain::{SavedCheckpoint, StreamKey};

/// How the names of unfinished files begin.
const UNFINISHED: &str = ".tmp-";

#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
}

impl Folder {
    pub(super) fn open(path: PathBuf) -> Result<Self, Error> {
        DirBuilder::new().recursive(true).mode(0o700).create(&path).map_err(at(&path))?;
        Ok(Self { path })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn lock_file(&self) -> PathBuf {
        self.path.join(".lock")
    }

    /// Removes what processes left that were killed while they wrote. Whoever holds the lock is the only writer.
    pub(super) fn sweep(&self) -> Result<(), Error> {
        for entry in fs::read_dir(&self.path).map_err(at(&self.path))? {
            let entry = entry.map_err(at(&self.path))?;
            if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
                remove(&entry.path())?;
            }
        }
        Ok(())
    }

    pub(super) fn get(&self, key: &StreamKey) -> Result<Option<SavedCheckpoint>, Error> {
        let file = self.file(key);
        let Some(bytes) = read(&file)? else { return Ok(None) };
        let saved = format::decode(key, &bytes).map_err(|fault| match fault {
            Fault::Foreign(format) => Error::Foreign { file: file.clone(), format },
            Fault::Damaged(reason) => {
                let backup = beside(&file, "bak");
                let is_good = matches!(read(&backup), Ok(Some(bytes)) if format::decode(key, &bytes).is_ok());
                Error::Damaged { file: file.clone(), reason, backup: is_good.then_some(backup) }
            }
        })?;
        Ok(Some(saved))
    }

    /// Keeps a checkpoint in place of the one before, which must have been read as good.
    pub(super) fn replace(&self, saved: &SavedCheckpoint) -> Result<(), Error> {
        let file = self.file(&saved.key);
        if let Some(before) = read(&file)? {
            self.write(&beside(&file, "bak"), &before)?;
        }
        self.write(&file, &format::encode(saved))?;
        self.sync()
    }

    /// See [`super::FileCheckpoints::restore`].
    pub(super) fn restore(&self, key: &StreamKey) -> Result<SavedCheckpoint, Error> {
        match self.get(key) {
            Ok(Some(good)) => return Ok(good),
            Ok(None) | Err(Error::Damaged { .. }) => {}
            Err(other) => return Err(other),
        }
        let file = self.file(key);
        let copy = read(&beside(&file, "bak"))?.ok_or_else(|| Error::NoBackup { key: key.clone() })?;
        let saved = format::decode(key, &copy).map_err(|_| Error::NoBackup { key: key.clone() })?;
        if let Some(damaged) = read(&file)? {
            self.write(&beside(&file, "damaged"), &damaged)?;
        }
        self.write(&file, &copy)?;
        self.sync()?;
        Ok(saved)
    }

    /// The least `limit` keys after `after`; of a folder of any size no more are held in memory.
    pub(super) fn keys(&self, after: Option<&StreamKey>, limit: u32) -> Result<Vec<StreamKey>, Error> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut least = BTreeSet::new();
        for entry in fs::read_dir(&self.path).map_err(at(&self.path))? {
            let entry = entry.map_err(at(&self.path))?;
            let key = entry.file_name().to_str().and_then(name::key);
            let Some(key) = key.filter(|key| after.is_none_or(|after| after < key)) else { continue };
            least.insert(key);
            if least.len() > limit {
                least.pop_last();
            }
        }
        Ok(least.into_iter().collect())
    }

    /// Removes a checkpoint with all its copies; false when there was none.
    pub(super) fn remove(&self, key: &StreamKey) -> Result<bool, Error> {
        let file = self.file(key);
        // The copies go first, so that nobody who is interrupted here comes back to an older version.
        for copy in ["bak", "damaged"] {
            remove(&beside(&file, copy))?;
        }
        let was_there = remove(&file)?;
        self.sync()?;
        Ok(was_there)
    }

    fn file(&self, key: &StreamKey) -> PathBuf {
        self.path.join(name::of(key))
    }

    /// Writes a whole file (mode 0600) and puts it in its place only when the disk has it.
    fn write(&self, file: &Path, bytes: &[u8]) -> Result<(), Error> {
        refuse_what_is_no_file(file)?;
        let unfinished = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(&self.path);
        let mut unfinished = unfinished.map_err(at(&self.path))?;
        unfinished.write_all(bytes).map_err(at(file))?;
        unfinished.as_file().sync_all().map_err(at(file))?;
        unfinished.persist(file).map_err(|failed| at(file)(failed.error))?;
        Ok(())
    }

    /// Makes renames and removals last (fsync(2) of the folder).
    fn sync(&self) -> Result<(), Error> {
        File::open(&self.path).and_then(|folder| folder.sync_all()).map_err(at(&self.path))
    }
}

/// Refuses symbolic links and everything else that is neither a file nor absent.
pub(super) fn refuse_what_is_no_file(path: &Path) -> Result<(), Error> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_file() => Ok(()),
        Ok(_) => Err(Error::NotAFile { file: path.to_owned() }),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(at(path)(error)),
    }
}

/// A whole file; None when it is absent. Of one that is too long for a checkpoint just enough to be seen as damaged.
fn read(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    refuse_what_is_no_file(path)?;
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(at(path)(error)),
    };
    let mut bytes = Vec::new();
    file.take(format::LONGEST + 1).read_to_end(&mut bytes).map_err(at(path))?;
    Ok(Some(bytes))
}

/// Removes a file or a symbolic link, never what it leads to; false when there was none.
fn remove(path: &Path) -> Result<bool, Error> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(at(path)(error)),
    }
}

/// The file with one more ending.
fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Io { path, source }
}
