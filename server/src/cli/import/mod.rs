//! `amber import`.

mod report;

use std::fs::File;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use amber_server::app::{self, World};
use amber_server::config::Database;
use amber_server::import::{Import as Task, Parts};
use amber_server::sentiment::Analyzer;
use amber_server::store::legacy::Legacy;
use clap::{Args, Subcommand};
use secrecy::SecretString;

use super::migrate::check_tables;
use super::output::print;
use super::{Failure, environment};
use report::Teller;

/// Take over the data of another service.
#[derive(Debug, Subcommand)]
pub(super) enum Import {
    /// Take over leaders, posts and review items of the Python service.
    ///
    /// The old database is only read. Ids are kept, and no row is stored twice, so the command can be given again at any time:
    /// after it was cut short, or to fetch what the old service wrote meanwhile. What Amber knows better stays as it is.
    ///
    /// Of the configuration only `DATABASE_URL` and `DATABASE_MAX_CONNECTIONS` are read. A database in a file is open to one
    /// process at a time: stop the server first.
    ///
    /// Standard error shows the progress and every row that is refused, standard output what became of all rows.
    #[command(after_help = LEGACY)]
    Legacy(Options),
}

/// What to take over.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// The old database: the path of its SQLite file, or a URL as `DATABASE_URL` of the old service.
    ///
    /// Other users of this machine can see a password in a URL: leave it out and set PGPASSWORD.
    #[arg(long, value_name = "PATH|URL")]
    from: SecretString,
    /// The checkpoint file of the old service: its streams are kept, and read anew.
    #[arg(long, value_name = "FILE")]
    checkpoints: Option<PathBuf>,
    /// Read and check everything, but store nothing.
    #[arg(long)]
    dry_run: bool,
    /// Write the refused rows into this file, one a line, in place of standard error.
    #[arg(long, value_name = "FILE")]
    refused: Option<PathBuf>,
}

const LEGACY: &str = "\
Examples:
  amber import legacy --from /srv/old/app.db --dry-run
  amber import legacy --from /srv/old/app.db --checkpoints /srv/old/checkpoints.json
  PGPASSWORD=... amber import legacy --from postgresql://old@db/old --refused refused.txt

Exit codes:
  0   every row is stored, known, or refused for the reason that was told
  1   it failed, or rows came or went meanwhile; give the command again
  64  the configuration has mistakes
  69  the database is not available, or a server has its file";

impl Import {
    pub(super) async fn run(self) -> Result<ExitCode, Failure> {
        let Self::Legacy(Options { from, checkpoints, dry_run, refused }) = self;
        let database = Database::load(&environment::attended().await?)?;
        let list =
            match &refused {
                Some(path) => Some(File::create(path).map_err(|error| {
                    Failure::failed(format!("the file {} cannot be written: {error}", path.display()))
                })?),
                None => None,
            };
        let legacy = Legacy::open(&from).await?;
        let world = World::real();
        let store = app::open_store(&database, None, &world).await?;
        check_tables(&store).await?;
        let mut teller = Teller::new(list);
        let parts = Parts {
            legacy: legacy.clone(),
            store: store.clone(),
            analyzer: Arc::new(Analyzer::new()),
            clock: world.clock,
        };
        let report = Task::new(parts, dry_run, &mut teller).run(checkpoints.as_deref()).await?;
        teller.finish()?;
        store.close().await?;
        legacy.close().await?;
        print(&report::of(&report, dry_run))?;
        if !report.balances() {
            return Err(Failure::failed(report::imbalance(&report)));
        }
        Ok(ExitCode::SUCCESS)
    }
}
