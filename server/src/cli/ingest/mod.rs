//! `amber ingest`.

mod progress;
mod summary;

use std::pin::pin;
use std::process::ExitCode;
use std::time::Duration;

use amber_server::app::{self, World};
use amber_server::config::IngestRun;
use amber_server::domain::{LeaderId, Run, RunStatus, RunTrigger};
use amber_server::ingestion::{Ingestion, RunRequest};
use amber_server::telemetry::{self, Metrics};
use clap::{Args, Subcommand};
use futures::TryStreamExt;
use tokio::time::interval;
use tokio_util::sync::CancellationToken;

use super::failure::INTERRUPTED;
use super::migrate::check_tables;
use super::output::print;
use super::{Failure, environment, signals};
use progress::Progress;

/// Fetch posts by hand.
#[derive(Debug, Subcommand)]
pub(super) enum Ingest {
    /// Fetch new posts once, in this process, and show how it goes.
    ///
    /// It needs `DATABASE_URL` and `X_API_BEARER`, and runs whether `X_INGEST_ENABLED` is on or off. A database in a file is
    /// open to one process at a time: stop the server first, or ask it by `POST /api/ingestion/trigger`.
    ///
    /// Ctrl-C cancels the run after the page under way; the next one goes on from there, without loss and without
    /// duplicates.
    /// Standard error shows the progress, standard output holds the counts.
    #[command(after_help = RUN)]
    Run(Options),
}

/// What to fetch.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// Only this leader, by its id; can be repeated.
    #[arg(long = "leader", value_name = "ID")]
    leaders: Vec<LeaderId>,
    /// Fetch older posts as well, `X_BACKFILL_COUNT` for each leader.
    #[arg(long)]
    backfill: bool,
    /// Fetch and check, but store nothing.
    #[arg(long)]
    dry_run: bool,
}

const RUN: &str = "\
Examples:
  amber ingest run
  amber ingest run --backfill --leader 0193b3c8-7a4e-7c1d-9a55-2f6f0b1f4a10
  amber ingest run --dry-run

Exit codes:
  0    every leader was read
  1    no leader could be read; the reason is on standard error
  2    some leaders could not be read (or the command line cannot be understood)
  64   the configuration has mistakes
  69   the database is not available, or a server has its file
  130  stopped by Ctrl-C or SIGTERM";

impl Ingest {
    pub(super) async fn run(self) -> Result<ExitCode, Failure> {
        let Self::Run(Options { leaders, backfill, dry_run }) = self;
        let settings = IngestRun::load(&environment::attended().await?)?;
        let progress = Progress::new();
        let traces = telemetry::init_logging_to(&settings.telemetry, progress.writer())?;
        let stop = signals::stop()?;
        let world = World::real();
        let store = app::open_store(&settings.database, Some(settings.ingestion.lease_ttl), &world).await?;
        check_tables(&store).await?;
        let files = app::open_files(&settings.checkpoints).await?;
        let metrics = Metrics::new(&settings.build, world.clock.clone());
        let (ingestion, mut worker) =
            app::ingestion((&settings.ingestion, &settings.x_api), (store.clone(), files), metrics, &world)?;
        let request = RunRequest { trigger: RunTrigger::Manual, backfill, dry_run, leaders };
        // Not a child of `stop`: a run that is cancelled has a page under way to finish.
        let over = CancellationToken::new();
        let (run, ()) = tokio::join!(follow(&ingestion, request, progress, &stop, &over), worker.run(over.clone()));
        traces.finish().await;
        let run = run?;
        store.close().await?;
        if let Some(reason) = &run.error {
            eprintln!("amber: {reason}");
        }
        print(&summary::of(&run))?;
        Ok(exit_code(&run))
    }
}

/// How often it is looked whether X makes the run wait.
const LOOK: Duration = Duration::from_secs(1);

/// Asks for the run, shows it until its end, and lets the worker go home. Once `stop` is cancelled, so is the run.
async fn follow(
    ingestion: &Ingestion,
    request: RunRequest,
    mut progress: Progress,
    stop: &CancellationToken,
    over: &CancellationToken,
) -> Result<Run, Failure> {
    let _worker_may_end = over.drop_guard_ref();
    let mut run = ingestion.trigger(request).await?;
    let id = run.id;
    let mut states = pin!(ingestion.watch(id, 0)?);
    // Beside the rest: what is not polled may keep the connection to the database that the call needs.
    let mut cancelled = pin!(async {
        stop.cancelled().await;
        ingestion.cancel(id).await
    });
    let mut look = interval(LOOK);
    let (mut is_told, mut is_asked) = (false, false);
    loop {
        tokio::select! {
            state = states.try_next() => match state? {
                Some(state) => run = state,
                None => return Ok(progress.finish(run)),
            },
            _ = look.tick() => {}
            () = stop.cancelled(), if !is_told => {
                is_told = true;
                progress.say("stopping after the page under way; press Ctrl-C again to end at once");
            }
            asked = &mut cancelled, if !is_asked => {
                is_asked = true;
                asked?;
            }
        }
        progress.show(&run, ingestion.vitals().rate_limited_until);
    }
}

fn exit_code(run: &Run) -> ExitCode {
    match run.status {
        RunStatus::Succeeded => ExitCode::SUCCESS,
        RunStatus::Partial => ExitCode::from(2),
        RunStatus::Cancelled => ExitCode::from(INTERRUPTED),
        RunStatus::Failed | RunStatus::Queued | RunStatus::Running => ExitCode::FAILURE,
    }
}
