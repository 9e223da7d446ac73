//! Whole-system tests, through the wire.
