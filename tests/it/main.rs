//! Whole-system tests, through the wire.

mod crash;
mod help;
mod ingestion;
mod road;
mod stage;
