//! Whole-system tests, through the wire.

mod help;
