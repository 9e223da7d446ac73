//! Why a command failed: a text for people and an exit code for scripts (sysexits.h where it has a name for it).

use std::error::Error;
use std::process::ExitCode;

use amber_server::store::legacy;
use amber_server::{
    app, checkpoints, config, embed, import, ingestion, rate_limit, secret_store, store, telemetry, usecase,
};

/// It did not work.
const FAILED: u8 = 1;

/// `EX_USAGE`: the configuration has mistakes.
const MISCONFIGURED: u8 = 64;

/// `EX_UNAVAILABLE`: something that Amber stands on is not there.
const UNAVAILABLE: u8 = 69;

/// Ended by a signal before the work was over: 128 and the number of SIGINT, as shells say it.
pub(super) const INTERRUPTED: u8 = 130;

/// Why a command failed.
#[derive(Debug)]
pub(super) struct Failure {
    code: u8,
    text: String,
}

impl Failure {
    /// A failure that has no code of its own.
    pub(super) fn failed(text: impl Into<String>) -> Self {
        Self { code: FAILED, text: text.into() }
    }

    /// A configuration that cannot be used.
    pub(super) fn misconfigured(text: impl Into<String>) -> Self {
        Self { code: MISCONFIGURED, text: text.into() }
    }

    fn of(code: u8, error: &dyn Error) -> Self {
        Self { code, text: with_sources(error) }
    }

    /// Tells the reason on standard error.
    pub(super) fn report(self) -> ExitCode {
        eprintln!("amber: {}", self.text);
        ExitCode::from(self.code)
    }
}

/// The error and what is behind it. A source that the text before it repeats is left out.
fn with_sources(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        let reason = source.to_string();
        if !text.contains(&reason) {
            text = format!("{text}: {reason}");
        }
        next = source.source();
    }
    text
}

impl From<config::Errors> for Failure {
    fn from(errors: config::Errors) -> Self {
        Self::of(MISCONFIGURED, &errors)
    }
}

impl From<config::FileError> for Failure {
    fn from(error: config::FileError) -> Self {
        Self::of(MISCONFIGURED, &error)
    }
}

impl From<secret_store::Error> for Failure {
    fn from(error: secret_store::Error) -> Self {
        let code = match &error {
            secret_store::Error::NotBuilt { .. }
            | secret_store::Error::Setup { .. }
            | secret_store::Error::Refused { .. }
            | secret_store::Error::Unusable { .. } => MISCONFIGURED,
            secret_store::Error::Credentials { .. }
            | secret_store::Error::Forbidden { .. }
            | secret_store::Error::Unavailable { .. }
            | secret_store::Error::Timeout { .. } => UNAVAILABLE,
        };
        Self::of(code, &error)
    }
}

impl From<app::Error> for Failure {
    fn from(error: app::Error) -> Self {
        let code = match &error {
            app::Error::Store(cause) => code_of_store(cause),
            app::Error::Checkpoints(cause) => code_of_checkpoints(cause),
            app::Error::Listen { .. } => UNAVAILABLE,
            app::Error::Tls(_)
            | app::Error::Redis(_)
            | app::Error::KeyRing(_)
            | app::Error::Auth(_)
            | app::Error::X(_)
            | app::Error::Schedule(_) => MISCONFIGURED,
            app::Error::Panicked { .. }
            | app::Error::DemoConfig(_)
            | app::Error::Folder(_)
            | app::Error::Sandbox(_)
            | app::Error::Fill(_) => FAILED,
        };
        Self::of(code, &error)
    }
}

impl From<telemetry::Error> for Failure {
    fn from(error: telemetry::Error) -> Self {
        Self::of(FAILED, &error)
    }
}

impl From<rate_limit::Error> for Failure {
    fn from(error: rate_limit::Error) -> Self {
        Self::of(UNAVAILABLE, &error)
    }
}

impl From<embed::Error> for Failure {
    fn from(error: embed::Error) -> Self {
        Self::of(FAILED, &error)
    }
}

impl From<usecase::Error> for Failure {
    fn from(error: usecase::Error) -> Self {
        let code = if let usecase::Error::Store(cause) = &error { code_of_store(cause) } else { FAILED };
        Self::of(code, &error)
    }
}

impl From<store::Error> for Failure {
    fn from(error: store::Error) -> Self {
        Self::of(code_of_store(&error), &error)
    }
}

impl From<legacy::Error> for Failure {
    fn from(error: legacy::Error) -> Self {
        Self::of(FAILED, &error)
    }
}

impl From<import::Error> for Failure {
    fn from(error: import::Error) -> Self {
        let code = if let import::Error::Store(cause) = &error { code_of_store(cause) } else { FAILED };
        Self::of(code, &error)
    }
}

impl From<checkpoints::Error> for Failure {
    fn from(error: checkpoints::Error) -> Self {
        Self::of(code_of_checkpoints(&error), &error)
    }
}

impl From<ingestion::Error> for Failure {
    fn from(error: ingestion::Error) -> Self {
        match &error {
            ingestion::Error::Store(cause) => Self::of(code_of_store(cause), &error),
            ingestion::Error::Disabled
            | ingestion::Error::Busy { .. }
            | ingestion::Error::RateLimited { .. }
            | ingestion::Error::TooManyWatchers { .. }
            | ingestion::Error::Stopping
            | ingestion::Error::RunNotFound(_)
            | ingestion::Error::LeaderNotFound(_)
            | ingestion::Error::NoHandle(_) => Self::of(FAILED, &error),
        }
    }
}

fn code_of_checkpoints(error: &checkpoints::Error) -> u8 {
    match error {
        checkpoints::Error::Store(cause) => code_of_store(cause),
        checkpoints::Error::Locked { .. } => UNAVAILABLE,
        checkpoints::Error::Io { .. }
        | checkpoints::Error::Stale { .. }
        | checkpoints::Error::Moved { .. }
        | checkpoints::Error::BadVersion { .. }
        | checkpoints::Error::Damaged { .. }
        | checkpoints::Error::Foreign { .. }
        | checkpoints::Error::NotAFile { .. }
        | checkpoints::Error::NoBackup { .. } => FAILED,
    }
}

fn code_of_store(error: &store::Error) -> u8 {
    match error {
        store::Error::Unavailable { .. } | store::Error::InUse { .. } => UNAVAILABLE,
        store::Error::BadUrl { .. } => MISCONFIGURED,
        store::Error::Fenced { .. }
        | store::Error::LeaseLost { .. }
        | store::Error::Conflict { .. }
        | store::Error::Unbalanced { .. }
        | store::Error::Corrupt { .. }
        | store::Error::Internal { .. } => FAILED,
    }
}
