//! The walk against timelines that behave as X may, and against a store that forgets nothing.

mod backfill;
mod chance;
mod database;
mod deep;
mod history;
mod hostile;
mod mutants;
mod resume;
mod rules;
mod scripted;
mod shelf;
mod stage;
mod stuck;
