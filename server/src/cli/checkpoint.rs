//! `amber checkpoint`.

use std::process::ExitCode;
use std::sync::Arc;

use amber_server::app::{self, World};
use amber_server::checkpoints::Places;
use amber_server::config::CheckpointPlaces;
use amber_server::domain::{SavedCheckpoint, StreamKey};
use clap::{Args, Subcommand};

use super::output::{print, table};
use super::{Failure, environment};

/// Look at how far each timeline is read, or begin one anew.
///
/// Of the configuration only `DATABASE_URL`, `DATABASE_MAX_CONNECTIONS`, `CHECKPOINT_STORE` and `CHECKPOINT_DIR` are read.
/// While a server runs, ask it instead: `GET` and `DELETE` of `/api/ingestion/checkpoints`.
#[derive(Debug, Subcommand)]
#[command(after_help = SEE)]
pub(super) enum Checkpoint {
    /// Show every checkpoint.
    #[command(after_help = LIST)]
    List,
    /// Forget how far a timeline is read: the next run reads it as a new one.
    ///
    /// Nothing that is stored is deleted, and a post that is fetched again is not stored twice.
    #[command(after_help = RESET)]
    Reset(Key),
}

/// Which timeline.
#[derive(Debug, Args)]
pub(super) struct Key {
    /// The key, as `amber checkpoint list` shows it.
    #[arg(value_name = "KEY")]
    key: StreamKey,
}

const SEE: &str = "\
Exit codes:
  0   done
  1   there is no such checkpoint, or it cannot be read
  64  the configuration has mistakes
  69  the database is not available, or a server has its file";

const LIST: &str = "\
Example:
  amber checkpoint list | grep backfill";

const RESET: &str = "\
Examples:
  amber checkpoint reset x:ada
  amber checkpoint reset 'x:ada#backfill'";

impl Checkpoint {
    pub(super) async fn run(self) -> Result<ExitCode, Failure> {
        let CheckpointPlaces { database, checkpoints } = CheckpointPlaces::load(&environment::standard().await?)?;
        let store = app::open_store(&database, None, &World::real()).await?;
        let places = Places::open(&checkpoints, Arc::new(store.clone())).await?;
        let text = match self {
            Self::List => table(&all(&places).await?.iter().map(row).collect::<Vec<_>>()),
            Self::Reset(Key { key }) if places.reset(&key).await? => format!("{key} will be read as a new timeline\n"),
            Self::Reset(Key { key }) => return Err(Failure::failed(format!("there is no checkpoint of {key}"))),
        };
        store.close().await?;
        print(&text)?;
        Ok(ExitCode::SUCCESS)
    }
}

async fn all(places: &Places) -> Result<Vec<SavedCheckpoint>, Failure> {
    const PAGE: u32 = 500;
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let (page, last) = places.page(after.as_ref(), PAGE).await?;
        all.extend(page);
        after = last;
        if after.is_none() {
            return Ok(all);
        }
    }
}

fn row(saved: &SavedCheckpoint) -> (String, String) {
    (saved.key.to_string(), saved.checkpoint.as_json().to_string())
}
