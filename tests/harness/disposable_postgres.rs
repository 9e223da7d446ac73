//! Starts a disposable PostgreSQL, prints its address, and stops it when standard input ends.
//!
//! `tests/run` keeps one for a whole run; by hand it gives `amber serve` a database to try things on. It stays small: the
//! databases of tests that are over are dropped every few seconds, and little of the log of changes is kept.

use std::io::{Read, Write, stderr, stdin, stdout};
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use amber_tests::Postgres;
use tokio::runtime::Builder;
use tokio::time::sleep;

/// Between two looks for databases that nobody needs any more.
const SWEEP_EVERY: Duration = Duration::from_secs(5);

/// A fresh database writes about 8 MB of it.
const SMALL_LOG: &[&str] = &["max_wal_size=128MB", "min_wal_size=32MB"];

fn main() -> std::io::Result<ExitCode> {
    let Some(postgres) = Postgres::start_with(SMALL_LOG) else { return Ok(ExitCode::FAILURE) };
    writeln!(stdout(), "{}", postgres.url())?;
    let postgres = Arc::new(postgres);
    let swept = Arc::clone(&postgres);
    thread::spawn(move || sweep(&swept));
    stdin().read_to_end(&mut Vec::new())?;
    Ok(ExitCode::SUCCESS)
}

fn sweep(postgres: &Postgres) -> std::io::Result<()> {
    Builder::new_current_thread().enable_all().build()?.block_on(async {
        loop {
            sleep(SWEEP_EVERY).await;
            if let Err(error) = postgres.sweep().await {
                writeln!(stderr(), "databases that are left over stay for now: {error}")?;
            }
        }
    })
}
