//! Where variables come from: the process, files, or a map.

use std::collections::BTreeMap;
use std::env::VarError;
use std::fmt;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// A source of variables.
pub trait Env: Send + Sync {
    /// The value of `name`, when it is set.
    fn get(&self, name: &str) -> Option<String>;

    /// Every name that is set.
    fn names(&self) -> Vec<String>;

    /// Where a variable that is not set was looked for besides the environment, in words; None when nowhere.
    fn looked_for(&self, _name: &str) -> Option<String> {
        None
    }
}

/// The environment of the process.
#[derive(Debug, Clone, Copy, Default)]
pub struct ProcessEnv;

#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment of the process")]
impl Env for ProcessEnv {
    fn get(&self, name: &str) -> Option<String> {
        match std::env::var(name) {
            Ok(value) => Some(value),
            Err(VarError::NotUnicode(value)) => Some(value.to_string_lossy().into_owned()),
            Err(VarError::NotPresent) => None,
        }
    }

    fn names(&self) -> Vec<String> {
        std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()).collect()
    }
}

/// Variables in a map: those of a file, or of a test.
#[derive(Clone, Default)]
pub struct MapEnv(BTreeMap<String, String>);

impl MapEnv {
    /// The same variables and `name`, which takes the place of an older value.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.0.insert(name.into(), value.into());
        self
    }

    /// Reads a file of `NAME=value` lines; a file that does not exist holds no variables.
    ///
    /// # Errors
    /// [`FileError`] when the file cannot be read or a line cannot be understood.
    pub fn from_file(path: &Path) -> Result<Self, FileError> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(source) => return Err(FileError::Unreadable { path: path.to_owned(), source }),
        };
        let malformed = |_| FileError::Malformed { path: path.to_owned() };
        let pairs = dotenvy::from_read_iter(text.as_bytes()).collect::<Result<_, _>>().map_err(malformed)?;
        Ok(Self(pairs))
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for MapEnv {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

impl Env for MapEnv {
    fn get(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned()
    }

    fn names(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }
}

/// Only the names, because a value may be a secret.
impl fmt::Debug for MapEnv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// Sources on top of each other: the first that sets a name wins.
pub struct Layers(Vec<Box<dyn Env>>);

impl Layers {
    /// Puts `layers` on top of each other, the strongest first.
    #[must_use]
    pub fn new(layers: Vec<Box<dyn Env>>) -> Self {
        Self(layers)
    }

    /// The environment of the process over `.env.local` over `.env` of `directory`.
    ///
    /// # Errors
    /// [`FileError`] when a file exists and cannot be used.
    pub fn standard(directory: &Path) -> Result<Self, FileError> {
        let local = MapEnv::from_file(&directory.join(".env.local"))?;
        let shared = MapEnv::from_file(&directory.join(".env"))?;
        Ok(Self::new(vec![Box::new(ProcessEnv), Box::new(local), Box::new(shared)]))
    }
}

impl Env for Layers {
    fn get(&self, name: &str) -> Option<String> {
        self.0.iter().find_map(|layer| layer.get(name))
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<_> = self.0.iter().flat_map(|layer| layer.names()).collect();
        names.sort();
        names.dedup();
        names
    }

    fn looked_for(&self, name: &str) -> Option<String> {
        self.0.iter().find_map(|layer| layer.looked_for(name))
    }
}

/// Why a file of variables cannot be used.
#[derive(Debug, Error)]
pub enum FileError {
    /// The operating system refuses to read it.
    #[error("{} cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: std::io::Error,
    },
    /// A line is not `NAME=value`. The line is not shown, because it may hold a secret.
    #[error("{} holds a line that is not NAME=value; put values with spaces or quotes in single quotes", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_wins_over_the_local_file_which_wins_over_the_shared_one() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join(".env"), "PATH=/nowhere\nAMBER_A=shared\nAMBER_B=shared\n").unwrap();
        std::fs::write(directory.path().join(".env.local"), "export AMBER_A='local $x #1'\n").unwrap();
        let layers = Layers::standard(directory.path()).unwrap();
        assert_eq!(layers.get("PATH"), ProcessEnv.get("PATH"));
        assert_eq!(layers.get("AMBER_A").as_deref(), Some("local $x #1"));
        assert_eq!(layers.get("AMBER_B").as_deref(), Some("shared"));
        assert_eq!(ProcessEnv.get("AMBER_B"), None, "files must not change the environment of the process");
        assert_eq!(layers.names().iter().filter(|name| *name == "AMBER_A").count(), 1);
    }

    #[test]
    fn a_folder_without_files_is_fine() {
        let directory = tempfile::tempdir().unwrap();
        assert!(Layers::standard(directory.path()).is_ok());
    }

    #[test]
    fn a_bad_line_is_refused_without_being_shown() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(".env");
        std::fs::write(&path, "A='hush-hush\n").unwrap();
        let error = MapEnv::from_file(&path).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hush"), "{error:?}");
    }

    #[test]
    fn a_map_shows_its_names_only() {
        let printed = format!("{:?}", MapEnv::default().with("ADMIN_API_KEY", "hush"));
        assert_eq!(printed, "{\"ADMIN_API_KEY\"}");
    }
}
