//! Holds the contract to its rules: generated code is fresh, every element is explained, nothing released breaks.

mod breaking;
mod buf;
mod comments;
mod generated;
mod sources;
