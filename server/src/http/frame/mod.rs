//! The page inside the iframe: pure rendering, its headers and its script.

mod error_page;
mod headers;
mod options;
mod page;
mod script;

pub use error_page::{Failure, error_page};
pub use headers::headers;
pub use options::{FrameOptions, Locale, Theme};
pub use page::page;
pub use script::{SCRIPT_PATH, script};

#[cfg(test)]
mod tests;
