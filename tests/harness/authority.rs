//! A certificate authority of the tests, and the certificates of this machine that it vouches for.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::tools::find_program;

const KEY: &str = "req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:prime256v1";

/// An authority with a folder of its own.
#[derive(Debug)]
pub struct Authority {
    openssl: PathBuf,
    folder: TempDir,
}

/// A certificate and its key, as PEM.
#[derive(Debug, Clone)]
pub struct Certified {
    /// The file of the certificate.
    pub certificate: PathBuf,
    /// The file of the key.
    pub key: PathBuf,
}

impl Authority {
    /// Makes an authority; `None` where `openssl` is not installed.
    ///
    /// # Panics
    /// When the folder for temporary files cannot be written.
    #[must_use]
    pub fn new() -> Option<Self> {
        let openssl = find_program("openssl", "install the package `openssl`")?;
        let folder = TempDir::new().expect("the folder for temporary files can be written");
        let authority = Self { openssl, folder };
        authority.run("-days 2 -keyout ca.key -out ca.crt -subj /CN=authority -addext keyUsage=keyCertSign");
        Some(authority)
    }

    /// Makes a certificate of `localhost` and 127.0.0.1 that is good for so many days, in files of this name.
    ///
    /// # Panics
    /// When `openssl` fails.
    #[must_use]
    pub fn certify(&self, name: &str, days: u32) -> Certified {
        let leaf = "-addext basicConstraints=critical,CA:FALSE -addext subjectAltName=DNS:localhost,IP:127.0.0.1";
        let files = format!("-keyout {name}.key -out {name}.crt -subj /CN={name}");
        self.run(&format!("-days {days} -CA ca.crt -CAkey ca.key {files} {leaf}"));
        Certified { certificate: self.path(&format!("{name}.crt")), key: self.path(&format!("{name}.key")) }
    }

    /// The certificate of the authority, as PEM.
    ///
    /// # Panics
    /// When it was removed meanwhile.
    #[must_use]
    pub fn pem(&self) -> String {
        std::fs::read_to_string(self.file()).expect("the file was made at the start")
    }

    /// The file of that certificate.
    #[must_use]
    pub fn file(&self) -> PathBuf {
        self.path("ca.crt")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, arguments: &str) {
        run(&self.openssl, &format!("{KEY} {arguments}"), self.folder.path());
    }
}

fn run(openssl: &Path, arguments: &str, folder: &Path) {
    let made = Command::new(openssl).args(arguments.split(' ')).current_dir(folder).output();
    let made = made.expect("openssl can be run");
    assert!(made.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&made.stderr));
}
