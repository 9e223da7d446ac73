//! Who is calling: API key or admin JWT to a principal.

mod admin_token;
mod api_key;
mod authenticator;
mod clients;
mod crypto;
mod error;
mod first_looks;
pub mod jws;
mod pepper;
mod registry;
mod secret_digest;
mod uses;

pub use admin_token::{AdminTokens, IssuedAdminToken};
pub use authenticator::{Authenticator, require_role, require_scope};
pub use clients::{Builtin, Clients, IssuedKey, NewClient};
pub use crypto::install_crypto;
pub use error::Error;
pub use pepper::Pepper;
pub use registry::Registry;
pub use secret_digest::SecretDigest;

#[cfg(test)]
pub(crate) mod tests;
