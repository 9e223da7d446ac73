//! Kills, freezes and outages at random while X goes on posting; afterwards nothing may be lost, doubled or miscounted.
//!
//! The program runs as processes of its own: three on one PostgreSQL, or one on SQLite. The test process plays X and
//! swings the hammer. `cargo test` runs a minute of it, `just chaos` the long form. The environment sets more:
//! `AMBER_CHAOS_BLOWS`, the kills and freezes on each database, and `AMBER_CHAOS_SEED`, which chooses all of them.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod calm;
mod cast;
mod dice;
mod fleet;
mod form;
mod hammer;
mod history;
mod storm;
mod tally;
mod verdict;

use amber_tests::Backend;

use form::Form;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_processes_on_postgres_lose_nothing_in_a_storm() {
    storm::endure(Backend::Postgres, &Form::of(Backend::Postgres)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_process_on_sqlite_loses_nothing_in_a_storm() {
    storm::endure(Backend::Sqlite, &Form::of(Backend::Sqlite)).await;
}
