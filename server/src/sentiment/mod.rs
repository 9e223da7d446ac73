//! Text to sentiment label and score.

mod analyzer;
mod english;
mod language;
mod text;

pub use analyzer::{Analysis, Analyzer, MODEL};
