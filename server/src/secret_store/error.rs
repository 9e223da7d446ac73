//! Why secrets could not be read from the store of a cloud. No text holds a secret.

use std::time::Duration;

use thiserror::Error;

/// Why secrets could not be read from the store of a cloud. No text holds a secret.
#[derive(Debug, Error)]
pub enum Error {
    /// The program was built without what talks to this store.
    #[error(
        "this program was built without {store}; build it with `--features {feature}`, or use the image, or set \
         SECRETS_MANAGER_ENABLED=false"
    )]
    NotBuilt {
        /// The store.
        store: &'static str,
        /// The cargo feature.
        feature: &'static str,
    },
    /// The client of the store cannot be made.
    #[error("{store} cannot be asked: {reason}")]
    Setup {
        /// The store.
        store: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// The cloud does not know who this process is.
    #[error("{store} cannot be asked, because this process has no credentials of the cloud ({reason}); {remedy}")]
    Credentials {
        /// The store.
        store: &'static str,
        /// What the search for credentials said.
        reason: String,
        /// What to do.
        remedy: &'static str,
    },
    /// The process may not read a secret.
    #[error("{store} does not let this process read {name} ({reason}); {remedy}")]
    Forbidden {
        /// The store.
        store: &'static str,
        /// The secret, or several of them.
        name: String,
        /// What the store said.
        reason: String,
        /// The permission to give.
        remedy: &'static str,
    },
    /// The store does not understand what it was asked.
    #[error("{store} refused to show {name}: {reason}")]
    Refused {
        /// The store.
        store: &'static str,
        /// The secret, or several of them.
        name: String,
        /// What the store said.
        reason: String,
    },
    /// The store does not work at present, or is not reached.
    #[error("{store} could not be read: {reason}")]
    Unavailable {
        /// The store.
        store: &'static str,
        /// What happened at the last attempt.
        reason: String,
    },
    /// It took too long.
    #[error(
        "{store} did not show the secrets within {} s; look at the network, or raise SECRETS_TIMEOUT_SECONDS",
        limit.as_secs()
    )]
    Timeout {
        /// The store.
        store: &'static str,
        /// How long it was waited for.
        limit: Duration,
    },
    /// An answer or a secret is not of the form that Amber reads.
    #[error("what {store} has for {name} cannot be used: {problem}")]
    Unusable {
        /// The store.
        store: &'static str,
        /// The secret, or several of them.
        name: String,
        /// What is wrong with it.
        problem: &'static str,
    },
}
