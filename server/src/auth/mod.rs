//! Who is calling: API key or admin JWT to a principal.

mod admin_token;
mod authenticator;
mod crypto;
mod error;
pub mod jws;
mod registry;
mod secret_digest;

pub use admin_token::{AdminTokens, IssuedAdminToken};
pub use authenticator::{Authenticator, require_role, require_scope};
pub use crypto::install_crypto;
pub use error::Error;
pub use registry::Registry;
pub use secret_digest::SecretDigest;

#[cfg(test)]
pub(crate) mod tests;
