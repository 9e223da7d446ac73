//! Why Amber cannot start or go on.

use std::io;
use std::net::SocketAddr;

use super::tls;
use crate::domain::Background;
use crate::{auth, checkpoints, config, embed, ingestion, redis, sandbox, store, x_api};

/// Why Amber cannot start or go on. The texts are for operators and hold no secrets.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}; choose a free port with PORT or --port")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The certificate cannot be used.
    #[error("TLS cannot be spoken; check TLS_CERT_PATH and TLS_KEY_PATH")]
    Tls(#[from] tls::Error),
    /// The store cannot be used.
    #[error("the database cannot be used; check DATABASE_URL and that the database is up")]
    Store(#[from] store::Error),
    /// The checkpoints cannot be used.
    #[error("the checkpoints cannot be used; check CHECKPOINT_DIR")]
    Checkpoints(#[from] checkpoints::Error),
    /// The Redis URL cannot be used.
    #[error("Redis cannot be used; check REDIS_URL")]
    Redis(#[from] redis::Error),
    /// The key ring cannot be used.
    #[error("the signing keys cannot be used; check EMBED_SIGNING_KEYS")]
    KeyRing(#[from] embed::KeyRingError),
    /// The admin secret cannot be used.
    #[error("the admin secret cannot be used; check ADMIN_JWT_SECRET")]
    Auth(#[from] auth::Error),
    /// The X client cannot be made.
    #[error("the client of X cannot be made; check X_API_BASE_URL")]
    X(#[from] x_api::Error),
    /// The schedule cannot be used.
    #[error("the schedule cannot be used; check X_INGEST_CRON")]
    Schedule(#[from] ingestion::CronError),
    /// A task panicked without which the process is of no use.
    #[error("the task {} panicked; its log tells more", task.as_str())]
    Panicked {
        /// Which task.
        task: Background,
    },
    /// The configuration of the demo has a mistake, which is a defect.
    #[error("the configuration of the demo has a mistake")]
    DemoConfig(#[from] config::Errors),
    /// The demo's folder cannot be made.
    #[error("the temporary folder of the demo cannot be made; check that the disk has room")]
    Folder(#[source] io::Error),
    /// The demo's X cannot be served.
    #[error("the sandbox of X cannot be served")]
    Sandbox(#[source] io::Error),
    /// The demo's leaders cannot be read.
    #[error("the demo cannot fill itself")]
    Fill(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<sandbox::Error> for Error {
    fn from(error: sandbox::Error) -> Self {
        Self::Fill(Box::new(error))
    }
}
