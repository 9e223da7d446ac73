//! A Redis that speaks TLS alone, with a certificate of an authority of its own.

use std::path::PathBuf;

use super::Redis;
use crate::Authority;

/// A Redis behind TLS. Dropping it ends it.
#[derive(Debug)]
pub struct EncryptedRedis {
    redis: Redis,
    authority: Authority,
}

impl EncryptedRedis {
    /// Starts it; `None` where Redis or `openssl` is not installed.
    ///
    /// # Panics
    /// When it is installed but does not start.
    #[must_use]
    pub fn start() -> Option<Self> {
        let authority = Authority::new()?;
        let own = authority.certify("redis", 2);
        let redis = Redis::start_with(|port| {
            let port = port.to_string();
            let file = |path: PathBuf| path.display().to_string();
            let (certificate, key, authority) =
                (file(own.certificate.clone()), file(own.key.clone()), file(authority.file()));
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
        Some(Self { redis, authority })
    }

    /// The address as `rediss://`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("rediss://localhost:{}", self.redis.port())
    }

    /// The certificate of the authority that vouches for it, as PEM.
    #[must_use]
    pub fn authority(&self) -> String {
        self.authority.pem()
    }

    /// The file of that certificate.
    #[must_use]
    pub fn authority_file(&self) -> PathBuf {
        self.authority.file()
    }
}
