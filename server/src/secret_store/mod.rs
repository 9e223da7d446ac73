//! Secrets from the stores of clouds: AWS Parameter Store and Secrets Manager, and Secret Manager of Google Cloud.

mod error;
mod wanted;
mod values;
#[cfg(any(feature = "aws", feature = "gcp"))]
mod call;
#[cfg(feature = "aws")]
mod aws;
#[cfg(feature = "gcp")]
mod gcp;
mod store;

pub use error::Error;
pub use store::SecretStore;
pub use values::Values;

#[cfg(test)]
mod tests;
