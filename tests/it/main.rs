//! Whole-system tests, through the wire.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod crash;
mod help;
mod ingestion;
mod road;
mod stage;
