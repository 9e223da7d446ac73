//! TLS on the port of Amber, with a certificate that may be replaced while it serves.

mod expiry;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::net::TcpStream;
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::config;
use crate::telemetry::Metrics;

/// How HTTP/2 is called in the handshake (RFC 7301).
pub(super) const HTTP2: &[u8] = b"h2";
const HTTP1: &[u8] = b"http/1.1";
/// How often the files are looked at. Kubernetes replaces the links to mounted secrets, of which a file watch sees little.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Why a certificate and its key cannot be used. No text holds anything of the key.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be read.
    #[error("{path} cannot be read: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file does not hold what it should.
    #[error("{path} holds no {what} as PEM")]
    NoPem {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        what: &'static str,
    },
    /// The key is not that of the certificate, or of a kind that is not known.
    #[error("the key and the certificate cannot be used together: {0}")]
    Unfit(#[from] rustls::Error),
}

/// Speaks TLS. Clones share the certificate.
#[derive(Clone)]
pub(super) struct Tls {
    acceptor: TlsAcceptor,
    shown: Arc<Shown>,
}

/// What the files hold.
#[derive(PartialEq, Eq)]
struct Pair {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl Tls {
    /// Reads certificate and key.
    pub(super) async fn load(files: &config::Tls) -> Result<(Self, Renewal), Error> {
        let pair = Pair::read(files).await?;
        let certified = pair.certified(files)?;
        let shown = Arc::new(Shown(RwLock::new(Arc::new(certified))));
        let provider = Arc::new(ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&shown) as _);
        config.alpn_protocols = vec![HTTP2.to_vec(), HTTP1.to_vec()];
        let tls = Self { acceptor: TlsAcceptor::from(Arc::new(config)), shown };
        let renewal = Renewal { files: files.clone(), tls: tls.clone(), seen: pair };
        Ok((tls, renewal))
    }

    /// Shakes hands.
    pub(super) async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        self.acceptor.accept(stream).await
    }
}

/// The certificate that the next handshake shows.
#[derive(Debug)]
struct Shown(RwLock<Arc<CertifiedKey>>);

impl Shown {
    fn current(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn replace(&self, certified: CertifiedKey) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(certified);
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current())
    }
}

impl Pair {
    async fn read(files: &config::Tls) -> Result<Self, Error> {
        let read = async |path: &Path| {
            let unreadable = |source| Error::Unreadable { path: path.to_owned(), source };
            tokio::fs::read(path).await.map_err(unreadable)
        };
        Ok(Self { certificate: read(&files.certificate).await?, key: read(&files.key).await? })
    }

    fn certified(&self, files: &config::Tls) -> Result<CertifiedKey, Error> {
        let missing = |path: &Path, what| Error::NoPem { path: path.to_owned(), what };
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&self.certificate).collect();
        let chain = chain.ok().filter(|chain| !chain.is_empty());
        let chain = chain.ok_or_else(|| missing(&files.certificate, "certificate"))?;
        let key = PrivateKeyDer::from_pem_slice(&self.key).map_err(|_| missing(&files.key, "private key"))?;
        Ok(CertifiedKey::from_der(chain, key, &ring::default_provider())?)
    }
}

/// Looks at the files now and then, and shows what they hold from then on.
pub(super) struct Renewal {
    files: config::Tls,
    tls: Tls,
    seen: Pair,
}

impl Renewal {
    /// Works until `stop`. After a panic it may be called again.
    pub(super) async fn run(&mut self, metrics: Metrics, stop: CancellationToken) {
        metrics.tls_expiry(self.tls.shown.current().cert.first().and_then(|first| expiry::of(first)));
        let mut told = None;
        while stop.run_until_cancelled(sleep(LOOK_EVERY)).await.is_some() {
            let problem = match self.look().await {
                Ok(None) => None,
                Ok(Some(until)) => {
                    metrics.tls_expiry(until);
                    info!("A new TLS certificate is shown from now on.");
                    None
                }
                Err(error) => Some(error.to_string()),
            };
            if let Some(problem) = problem.as_ref().filter(|_| problem != told) {
                warn!("The files of TLS cannot be used, and the certificate from before stays: {problem}.");
            }
            told = problem;
        }
    }

    /// The end of a new certificate; None when the files are as they were.
    async fn look(&mut self) -> Result<Option<Option<i64>>, Error> {
        let pair = Pair::read(&self.files).await?;
        if pair == self.seen {
            return Ok(None);
        }
        // A pair of which only one half is there yet is looked at again.
        let certified = pair.certified(&self.files)?;
        let until = certified.cert.first().and_then(|first| expiry::of(first));
        self.tls.shown.replace(certified);
        self.seen = pair;
        Ok(Some(until))
    }
}
