//! Client of Amber for Rust services.
