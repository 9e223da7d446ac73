//! The `amber` command.

mod cli;

use std::process::ExitCode;

use amber_server::app;
use clap::Parser;

#[tokio::main]
async fn main() -> ExitCode {
    app::install_crypto();
    cli::run(cli::Cli::parse()).await
}
