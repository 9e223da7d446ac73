//! Writes log lines, as JSON for machines or as text for people.

use std::io::{self, IsTerminal};

use thiserror::Error;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::{LogFormat, Telemetry};

/// Why no log can be written.
#[derive(Debug, Error)]
pub enum Error {
    /// The filter cannot be understood.
    #[error("the log filter cannot be understood: {0}")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// Somebody else in this process writes the log already.
    #[error("the log of this process is set up already")]
    AlreadySetUp,
}

/// Writes the log of this process to its standard error; once per process.
///
/// # Errors
/// [`enum@Error`] when the filter is bad, or a log is set up already.
pub fn init_logging(settings: &Telemetry) -> Result<(), Error> {
    init_logging_to(settings, io::stderr)
}

/// Writes the log of this process to what `writer` makes for each line, for programs that draw on the terminal too; once
/// per process.
///
/// # Errors
/// [`enum@Error`] when the filter is bad, or a log is set up already.
pub fn init_logging_to<W: io::Write>(
    settings: &Telemetry,
    writer: impl Fn() -> W + Send + Sync + 'static,
) -> Result<(), Error> {
    let filter = EnvFilter::try_new(&settings.log_filter)?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer);
    let done = match settings.log_format {
        LogFormat::Json => {
            lines.json().flatten_event(true).with_current_span(true).with_span_list(false).finish().try_init()
        }
        LogFormat::Text => lines.with_ansi(io::stderr().is_terminal()).finish().try_init(),
    };
    done.map_err(|_| Error::AlreadySetUp)
}
