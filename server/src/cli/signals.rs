//! Signals: the first asks to stop, the second ends the process; SIGHUP asks to read anew.

use std::io;
use std::sync::Arc;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::info;

use super::Failure;
use super::failure::INTERRUPTED;

/// A token that SIGTERM or Ctrl-C cancels, so that what is under way can end. A second one ends the process at once.
pub(super) fn stop() -> Result<CancellationToken, Failure> {
    let mut signals =
        Signals::listen().map_err(|error| Failure::failed(format!("no signals can be heard: {error}")))?;
    let stop = CancellationToken::new();
    let asked = stop.clone();
    #[expect(clippy::disallowed_methods, reason = "it listens as long as the process lives, and nothing waits for it")]
    tokio::spawn(async move {
        let name = signals.next().await;
        info!(
            signal = name,
            "{name} asks to stop; what is under way is finished, and a second signal ends it at once."
        );
        asked.cancel();
        signals.next().await;
        std::process::exit(INTERRUPTED.into());
    });
    Ok(stop)
}

/// Notified at each SIGHUP, which otherwise would end the process.
pub(super) fn hangup() -> Result<Arc<Notify>, Failure> {
    let mut signals =
        signal(SignalKind::hangup()).map_err(|error| Failure::failed(format!("no signals can be heard: {error}")))?;
    let asked = Arc::new(Notify::new());
    let heard = Arc::clone(&asked);
    #[expect(clippy::disallowed_methods, reason = "it listens as long as the process lives, and nothing waits for it")]
    tokio::spawn(async move {
        while signals.recv().await.is_some() {
            heard.notify_one();
        }
    });
    Ok(asked)
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}
