//! Writes log lines, as JSON for machines or as text for people, and hands spans to the exporter of traces.

use std::io::{self, IsTerminal};

use thiserror::Error;
use tracing_subscriber::filter::{FilterExt, LevelFilter, dynamic_filter_fn};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Registry, fmt};

use super::export::{self, Export};
use super::{panics, spans};
use crate::config::{LogFormat, Telemetry};

/// Why nothing can be written down.
#[derive(Debug, Error)]
pub enum Error {
    /// The filter cannot be understood.
    #[error("the log filter cannot be understood: {0}")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// Traces cannot be exported.
    #[error(transparent)]
    Export(#[from] export::Error),
    /// Somebody else in this process writes the log already.
    #[error("the log of this process is set up already")]
    AlreadySetUp,
}

/// Writes the log of this process, panics included, to its standard error, and exports its traces if that is configured; once per process, in
/// a runtime. Call [`Export::finish`] at the end.
///
/// # Errors
/// [`enum@Error`] when the filter or the collector's address is bad, or a log is set up already.
pub fn init_logging(settings: &Telemetry) -> Result<Export, Error> {
    init_logging_to(settings, io::stderr)
}

/// The same with what `writer` makes for each line, for programs that draw on the terminal too.
///
/// # Errors
/// As [`init_logging`].
pub fn init_logging_to<W: io::Write>(
    settings: &Telemetry,
    writer: impl Fn() -> W + Send + Sync + 'static,
) -> Result<Export, Error> {
    let chosen = EnvFilter::try_new(&settings.log_filter)?;
    // Asked for every line: what a filter of one layer said of the line before counts for a line that it is not asked about,
    // so that one was lost after each question of a library whether a line would be written (`tracing::enabled!`).
    let shown = dynamic_filter_fn(|metadata, _| !metadata.is_span() || spans::is_for_logs(metadata));
    let filter = chosen.and(shown.with_max_level_hint(LevelFilter::TRACE));
    let lines = fmt::layer().with_writer(writer);
    let lines: Box<dyn Layer<Registry> + Send + Sync> = match settings.log_format {
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(true).with_span_list(false).boxed(),
        LogFormat::Text => lines.with_ansi(io::stderr().is_terminal()).boxed(),
    };
    let export = settings.traces.as_ref().map_or_else(|| Ok(Export::nowhere()), Export::to)?;
    let mut layers = vec![lines.with_filter(filter).boxed()];
    layers.extend(export.layer());
    tracing_subscriber::registry().with(layers).try_init().map_err(|_| Error::AlreadySetUp)?;
    panics::log_panics();
    Ok(export)
}
