//! The HTTP adapter: JSON routes, probes, the iframe page and security headers.

pub mod demo_page;
pub mod frame;
mod nonce;

pub use nonce::Nonce;
