//! Starts a disposable PostgreSQL, prints its address, and stops it when standard input ends.
//!
//! `tests/run` keeps one for a whole run; by hand it gives `amber serve` a database to try things on.

use std::io::{Read, Write};
use std::process::ExitCode;

use amber_tests::Postgres;

fn main() -> std::io::Result<ExitCode> {
    let Some(postgres) = Postgres::start() else { return Ok(ExitCode::FAILURE) };
    writeln!(std::io::stdout(), "{}", postgres.url())?;
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(ExitCode::SUCCESS)
}
