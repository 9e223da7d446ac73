//! The composition root: builds everything from the configuration, listens, drains and stops.

mod banner;
mod build;
mod demo;
mod error;
mod gauges;
mod listener;
mod rotation;
mod server;
mod supervisor;
mod tls;
mod upkeep;
mod world;

pub use build::{Core, api_keys, ingestion, issuer, open_files, open_store};
pub use demo::demo;
pub use error::Error;
pub use rotation::{Fresh, Occasion, Read, Rotated, Rotation, Secrets};
pub use server::{Server, serve};
pub use tls::Error as TlsError;
pub use world::{World, install_crypto};
