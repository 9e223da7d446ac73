//! The page inside the iframe: pure rendering, its headers and its script.

mod charts;
mod document;
mod error_page;
mod headers;
mod numbers;
mod options;
mod page;
mod script;
#[cfg(test)]
pub(crate) mod sample;
mod words;

pub use error_page::{Failure, error_page};
pub use headers::headers;
pub use options::FrameOptions;
pub use page::page;
pub use script::{SCRIPT_PATH, script};

#[cfg(test)]
mod tests;
