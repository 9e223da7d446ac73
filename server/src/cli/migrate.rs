//! `amber migrate`.

use std::process::ExitCode;

use amber_server::app::{self, World};
use amber_server::config::Database;
use amber_server::store::{Migration, Store};
use clap::{Args, Subcommand};

use super::output::{print, table};
use super::{Failure, environment};

/// Bring the tables of the database up to date, or take them back.
///
/// Of the configuration only `DATABASE_URL` and `DATABASE_MAX_CONNECTIONS` are read. `amber serve` brings the tables up to
/// date by itself; these commands are for rollouts that do it before, and for rollbacks.
#[derive(Debug, Subcommand)]
#[command(after_help = SEE)]
pub(super) enum Migrate {
    /// Apply every step that the database does not have yet.
    #[command(after_help = UP)]
    Up,
    /// Take back the newest step, or several, with the data they hold.
    ///
    /// Data that only these steps know of is lost. Stop every server first.
    #[command(after_help = DOWN)]
    Down(Down),
    /// Show which steps the database has.
    #[command(after_help = STATUS)]
    Status,
}

/// How far down.
#[derive(Debug, Args)]
pub(super) struct Down {
    /// How many steps are taken back.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    steps: u32,
    /// Take back every step: the database is empty then.
    #[arg(long, conflicts_with = "steps")]
    all: bool,
}

const SEE: &str = "\
Exit codes:
  0   done
  1   the database refused a step; what the step did is undone
  64  the configuration has mistakes
  69  the database is not available";

const UP: &str = "\
Example:
  DATABASE_URL=postgres://amber@db/amber amber migrate up";

const DOWN: &str = "\
Examples:
  amber migrate down
  amber migrate down --steps 2
  amber migrate down --all";

const STATUS: &str = "\
Example:
  amber migrate status | grep pending";

impl Migrate {
    pub(super) async fn run(self) -> Result<ExitCode, Failure> {
        let database = Database::load(&environment::standard().await?)?;
        let store = app::open_store(&database, None, &World::real()).await?;
        let before = store.migrations().await?;
        let text = match self {
            Self::Status => table(&before.iter().map(|step| (state(step), &step.name)).collect::<Vec<_>>()),
            Self::Up => {
                store.migrate().await?;
                changes("applied", "the database is up to date already", &before, &store).await?
            }
            Self::Down(Down { steps, all }) => {
                store.roll_back((!all).then_some(steps)).await?;
                changes("took back", "the database has no step to take back", &before, &store).await?
            }
        };
        store.close().await?;
        print(&text)?;
        Ok(ExitCode::SUCCESS)
    }
}

fn state(step: &Migration) -> &'static str {
    if step.applied { "applied" } else { "pending" }
}

/// A line for each step that is not as it was before.
async fn changes(verb: &str, otherwise: &str, before: &[Migration], store: &Store) -> Result<String, Failure> {
    let after = store.migrations().await?;
    let changed = after.iter().filter(|step| !before.contains(step));
    let lines: Vec<_> = changed.map(|step| format!("{verb} {}\n", step.name)).collect();
    Ok(if lines.is_empty() { format!("{otherwise}\n") } else { lines.concat() })
}

/// Commands that change data change no tables: these are brought up to date when nobody is surprised by it.
pub(super) async fn check_tables(store: &Store) -> Result<(), Failure> {
    if store.migrations().await?.iter().all(|step| step.applied) {
        return Ok(());
    }
    Err(Failure::failed("the tables of the database are not up to date; run `amber migrate up`"))
}
