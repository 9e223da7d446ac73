//! Writes down what happens to tokens: many lines in one statement, so that whoever waits for its line waits for one commit.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use thiserror::Error;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{sleep, timeout};

use crate::domain::{AuditAction, AuditEvent, EmbedClaims, Network, Origin};
use crate::store::EmbedAudit;
use crate::telemetry::Metrics;

/// The most lines that wait.
const QUEUE: usize = 1_024;
/// The places of the queue that are kept for lines that somebody waits for.
const RESERVED: usize = QUEUE / 2;
/// How long a statement waits for more lines while many callers come at a time: a commit costs more than all of its lines.
const GATHER: Duration = Duration::from_millis(2);
/// The longest that one statement may take.
const WRITE_LIMIT: Duration = Duration::from_secs(2);
/// The longest that somebody waits for a line: for the statement before it, and for its own.
const WAIT_LIMIT: Duration = Duration::from_secs(4);

/// The line could not be written down in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the audit cannot be written now")]
pub struct NotWritten;

/// Takes the lines. Clones share one queue.
#[derive(Debug, Clone)]
pub struct AuditLog {
    queue: mpsc::Sender<Line>,
    metrics: Metrics,
}

/// Writes the lines; it must be run.
pub struct AuditWriter {
    queue: mpsc::Receiver<Line>,
    store: Arc<dyn EmbedAudit>,
    metrics: Metrics,
}

/// How many lines wait. It keeps no log alive.
#[derive(Debug, Clone)]
pub struct Backlog(mpsc::WeakSender<Line>);

impl Backlog {
    /// So many lines wait now.
    #[must_use]
    pub fn lines(&self) -> usize {
        self.0.upgrade().map_or(0, |queue| queue.max_capacity() - queue.capacity())
    }
}

#[derive(Debug)]
struct Line {
    event: AuditEvent,
    /// Whoever waits for the line.
    written: Option<oneshot::Sender<Result<(), NotWritten>>>,
}

impl Line {
    /// Whether somebody gave up on it: what the line is about did not happen then.
    fn is_abandoned(&self) -> bool {
        self.written.as_ref().is_some_and(oneshot::Sender::is_closed)
    }
}

impl AuditLog {
    /// A log that writes to `store`, and its writer.
    #[must_use]
    pub fn new(store: Arc<dyn EmbedAudit>, metrics: Metrics) -> (Self, AuditWriter) {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let writer = AuditWriter { queue: receiver, store, metrics: metrics.clone() };
        (Self { queue: sender, metrics }, writer)
    }

    /// What waits in it.
    #[must_use]
    pub fn backlog(&self) -> Backlog {
        Backlog(self.queue.downgrade())
    }

    /// Writes a line down and returns when it is committed.
    ///
    /// # Errors
    /// [`NotWritten`].
    pub async fn record(&self, event: AuditEvent) -> Result<(), NotWritten> {
        let (written, answer) = oneshot::channel();
        let line = Line { event, written: Some(written) };
        let work = async {
            self.queue.send(line).await.map_err(|_| NotWritten)?;
            answer.await.unwrap_or(Err(NotWritten))
        };
        timeout(WAIT_LIMIT, work).await.unwrap_or(Err(NotWritten))
    }

    /// Has a line written down soon, without waiting; when too many lines wait it is lost, and counted as such.
    pub fn note(&self, event: AuditEvent) {
        if self.queue.capacity() <= RESERVED || self.queue.try_send(Line { event, written: None }).is_err() {
            self.metrics.audit_lost(1);
        }
    }
}

impl AuditWriter {
    /// Writes until every [`AuditLog`] is gone and nothing waits any more. After a panic it may be called again; whoever waited for a
    /// line that was being written is told that it was not.
    pub async fn run(&mut self) {
        let mut lines = Vec::with_capacity(QUEUE);
        let mut is_busy = false;
        while self.queue.recv_many(&mut lines, QUEUE).await > 0 {
            if is_busy {
                self.gather(&mut lines).await;
            }
            is_busy = lines.len() > 1;
            lines.retain(|line| !line.is_abandoned());
            if !lines.is_empty() {
                self.write(&mut lines).await;
            }
        }
    }

    /// Waits a moment for what else comes. A caller who is alone never waits for others.
    async fn gather(&mut self, lines: &mut Vec<Line>) {
        sleep(GATHER).await;
        while lines.len() < QUEUE
            && let Ok(line) = self.queue.try_recv()
        {
            lines.push(line);
        }
    }

    async fn write(&self, lines: &mut Vec<Line>) {
        let (events, waiting): (Vec<_>, Vec<_>) = lines.drain(..).map(|line| (line.event, line.written)).unzip();
        let outcome = match timeout(WRITE_LIMIT, self.store.append(&events)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => {
                tracing::error!(%error, lines = events.len(), "Lines of the embed audit could not be written.");
                Err(NotWritten)
            }
            Err(_) => {
                tracing::error!(lines = events.len(), "The database took too long to write lines of the embed audit.");
                Err(NotWritten)
            }
        };
        let mut lost = 0;
        for written in waiting {
            match written {
                // Whoever does not wait any more needs no answer.
                Some(written) => drop(written.send(outcome)),
                None => lost += u64::from(outcome.is_err()),
            }
        }
        if lost > 0 {
            self.metrics.audit_lost(lost);
        }
    }
}

/// A line about a token.
#[must_use]
pub fn event(
    at: Timestamp,
    action: AuditAction,
    claims: &EmbedClaims,
    site: Option<&Origin>,
    network: Option<Network>,
) -> AuditEvent {
    AuditEvent {
        at,
        action,
        token_id: Some(claims.token_id.clone()),
        client_id: Some(claims.client_id.clone()),
        subject: Some(claims.subject.clone()),
        dashboard_id: Some(claims.dashboard_id.clone()),
        origin: site.cloned(),
        reason: None,
        network: network.map(|network| network.to_string()),
        detail: None,
    }
}
