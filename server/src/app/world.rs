//! What is given from outside: the time, randomness and the cryptographic provider.

use std::sync::Arc;

use crate::auth;
use crate::domain::{Clock, Entropy, OsEntropy, SystemClock};

/// Where time and randomness come from.
#[derive(Debug, Clone)]
pub struct World {
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Gives random bytes.
    pub entropy: Arc<dyn Entropy>,
}

impl World {
    /// The clock and the generator of the machine.
    #[must_use]
    pub fn real() -> Self {
        Self { clock: Arc::new(SystemClock), entropy: Arc::new(OsEntropy) }
    }
}

/// Chooses the cryptographic provider of TLS and of tokens for this process. Call it before anything else; it may be
/// called again.
pub fn install_crypto() {
    // An error says that a provider is installed already, which is what is wanted.
    let _ = rustls::crypto::ring::default_provider().install_default();
    auth::install_crypto();
}
