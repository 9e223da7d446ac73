//! A Redis that speaks TLS alone, with a certificate of an authority of its own.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::Redis;
use crate::tools::find_program;

/// A Redis behind TLS. Dropping it ends it.
#[derive(Debug)]
pub struct EncryptedRedis {
    redis: Redis,
    folder: TempDir,
}

impl EncryptedRedis {
    /// Starts it; `None` where Redis or `openssl` is not installed.
    ///
    /// # Panics
    /// When it is installed but does not start.
    #[must_use]
    pub fn start() -> Option<Self> {
        let openssl = find_program("openssl", "install the package `openssl`")?;
        let folder = TempDir::new().expect("the folder for temporary files can be written");
        make_certificates(&openssl, folder.path());
        let file = |name: &str| folder.path().join(name).display().to_string();
        let redis = Redis::start_with(|port| {
            let port = port.to_string();
            let (certificate, key, authority) = (file("redis.crt"), file("redis.key"), file("ca.crt"));
            let arguments = [
                ["--port", "0"],
                ["--tls-port", &port],
                ["--tls-cert-file", &certificate],
                ["--tls-key-file", &key],
                ["--tls-ca-cert-file", &authority],
                ["--tls-auth-clients", "no"],
            ];
            arguments.concat().into_iter().map(str::to_owned).collect()
        })?;
        Some(Self { redis, folder })
    }

    /// The address as `rediss://`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("rediss://localhost:{}", self.redis.port)
    }

    /// The certificate of the authority that vouches for it, as PEM.
    ///
    /// # Panics
    /// When it was removed meanwhile.
    #[must_use]
    pub fn authority(&self) -> String {
        std::fs::read_to_string(self.authority_file()).expect("the file was made at the start")
    }

    /// The file of that certificate.
    #[must_use]
    pub fn authority_file(&self) -> PathBuf {
        self.folder.path().join("ca.crt")
    }
}

/// An authority, and a certificate for this machine that it vouches for.
fn make_certificates(openssl: &Path, folder: &Path) {
    let run = |arguments: &str| {
        let made = Command::new(openssl).args(arguments.split(' ')).current_dir(folder).output();
        let made = made.expect("openssl can be run");
        assert!(made.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&made.stderr));
    };
    let key = "req -x509 -days 2 -nodes -newkey ec -pkeyopt ec_paramgen_curve:prime256v1";
    run(&format!("{key} -keyout ca.key -out ca.crt -subj /CN=authority -addext keyUsage=keyCertSign"));
    let leaf = "-addext basicConstraints=critical,CA:FALSE -addext subjectAltName=DNS:localhost,IP:127.0.0.1";
    run(&format!("{key} -CA ca.crt -CAkey ca.key -keyout redis.key -out redis.crt -subj /CN=redis {leaf}"));
}
