//! The commands of `amber`: what they are called, what they say, and with which code they exit.

mod failure;
mod output;
mod signals;
mod environment;
mod fresh_secrets;
mod serve;
mod demo;
mod healthcheck;
mod migrate;
mod config;
mod ingest;
mod import;
mod checkpoint;
mod limits;
mod token;
mod api_key;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use failure::Failure;

/// Follows public figures on X: posts, sentiment, and dashboards that other sites embed.
///
/// One binary speaks gRPC, gRPC-web and HTTP/JSON on one port. Try it without any setting by `amber demo`.
/// Settings come from the environment, which wins over `.env.local`, which wins over `.env`.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "\
Exit codes:
  0    done
  1    failed; the reason is on standard error
  2    the command line cannot be understood
  64   the configuration has mistakes; all of them are on standard error
  69   the database, the port or the secret store is not available
  130  ended by a second signal before the work was over";

// What each one does is said where it is done.
#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Serve),
    Demo(demo::Demo),
    Healthcheck(healthcheck::Healthcheck),
    #[command(subcommand)]
    Migrate(migrate::Migrate),
    #[command(subcommand)]
    Config(config::Config),
    #[command(subcommand)]
    Ingest(ingest::Ingest),
    #[command(subcommand)]
    Import(import::Import),
    #[command(subcommand)]
    Checkpoint(checkpoint::Checkpoint),
    #[command(subcommand)]
    Limits(limits::Limits),
    #[command(subcommand)]
    Token(token::Token),
    #[command(subcommand)]
    ApiKey(api_key::ApiKey),
}

/// Does what the command line asks for; what fails is told on standard error.
pub(crate) async fn run(cli: Cli) -> ExitCode {
    let outcome = match cli.command {
        // Larger than what the stack should carry for all of them.
        Command::Serve(command) => Box::pin(command.run()).await,
        Command::Demo(command) => command.run().await,
        Command::Healthcheck(command) => command.run().await,
        Command::Migrate(command) => command.run().await,
        Command::Config(command) => command.run().await,
        Command::Ingest(command) => command.run().await,
        Command::Import(command) => command.run().await,
        Command::Checkpoint(command) => command.run().await,
        Command::Limits(command) => command.run().await,
        Command::Token(command) => command.run().await,
        Command::ApiKey(command) => command.run().await,
    };
    outcome.unwrap_or_else(Failure::report)
}
