//! The HTTP adapter: JSON routes, probes, the iframe page and security headers; and the one stack of layers around both
//! adapters.

pub mod demo_page;
pub mod frame;
mod feed_query;
mod fields;
mod form;
mod json;
mod layers;
mod nonce;
mod paging;
mod path;
pub mod probe;
mod problem;
mod routes;
mod stack;

pub use layers::{Edge, Gate};
pub use nonce::Nonce;
pub use routes::{DemoSite, State};
pub use stack::{Settings, stack};
