//! The page inside the iframe: pure rendering, its headers and its script.

mod charts;
#[cfg(test)]
mod contrast;
mod document;
mod error_page;
mod headers;
mod look;
mod numbers;
mod page;
mod posts;
mod script;
#[cfg(test)]
pub(crate) mod sample;
mod sections;
mod tables;
mod words;

pub use error_page::{Failure, error_page};
pub use headers::{content_headers, headers, spoken_to};
pub use look::{Look, Wish};
pub use page::{Opening, content, page};
pub use script::{SCRIPT_PATH, script};

#[cfg(test)]
mod tests;
