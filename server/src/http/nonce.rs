//! The one-time word that lets a page's own style and script pass its policy.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::domain::Entropy;

/// A word of 128 random bits for one answer (CSP Level 3, section 7.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nonce(String);

impl Nonce {
    /// A fresh one.
    #[must_use]
    pub fn new(entropy: &dyn Entropy) -> Self {
        let mut bytes = [0; 16];
        entropy.fill(&mut bytes);
        Self(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The word as it stands in the policy and in the page.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
