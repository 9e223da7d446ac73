//! Carries questions to Redis in natural batches: what is asked while calls are under way goes into the next one.
//!
//! There is no timer. A lone question goes at once; under load the calls grow by themselves. Before a call leaves, every task
//! that is ready to run gets its turn: those whom one answer woke ask again in one call, not the first of them alone.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::future::join_all;
use futures::stream::FuturesUnordered;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::yield_now;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::script::{Question, decisions, invocation};
use super::{Decision, Error};
use crate::redis::Line;

/// Questions that may wait; one more is not asked.
const MOST_WAITING: usize = 4_096;
/// Questions in one call.
const MOST_KEYS: usize = 64;
/// Calls under way at once.
const MOST_CALLS: usize = 4;

/// A question and where its answer goes.
struct Job {
    question: Question,
    answer: oneshot::Sender<Result<Vec<Decision>, Error>>,
}

/// Asks questions. A clone asks by the same transport.
#[derive(Debug, Clone)]
pub(super) struct Asker(mpsc::Sender<Job>);

/// Carries the questions; it must be run.
pub struct Transport {
    jobs: mpsc::Receiver<Job>,
    line: Arc<Line>,
    /// The longest that one call may take.
    limit: Duration,
}

/// Makes both ends.
pub(super) fn transport(line: Arc<Line>, limit: Duration) -> (Asker, Transport) {
    let (sender, jobs) = mpsc::channel(MOST_WAITING);
    (Asker(sender), Transport { jobs, line, limit })
}

impl Asker {
    /// Asks, and waits as long as the caller does.
    pub(super) async fn ask(&self, question: Question) -> Result<Vec<Decision>, Error> {
        let (answer, told) = oneshot::channel();
        self.0.try_send(Job { question, answer }).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => Error::QueueFull,
            mpsc::error::TrySendError::Closed(_) => Error::Abandoned,
        })?;
        told.await.unwrap_or(Err(Error::Abandoned))
    }
}

impl Transport {
    /// Works until `stop`. Who still waits then is told so.
    pub async fn run(mut self, stop: CancellationToken) {
        self.run_but_abandon(stop, &Notify::new()).await;
    }

    /// The same. Each time that `abandon` is notified, whoever waits is told not to.
    pub(super) async fn run_but_abandon(&mut self, stop: CancellationToken, abandon: &Notify) {
        let mut calls = FuturesUnordered::new();
        let mut batch = Vec::with_capacity(MOST_KEYS);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = abandon.notified() => {
                    calls.clear();
                    while self.jobs.try_recv().is_ok() {}
                }
                Some(()) = calls.next() => {}
                _ = self.jobs.recv_many(&mut batch, MOST_KEYS), if calls.len() < MOST_CALLS => {
                    if batch.is_empty() {
                        return;
                    }
                    yield_now().await;
                    while batch.len() < MOST_KEYS && let Ok(job) = self.jobs.try_recv() {
                        batch.push(job);
                    }
                    let asked = std::mem::replace(&mut batch, Vec::with_capacity(MOST_KEYS));
                    calls.push(call(&self.line, asked, self.limit));
                }
            }
        }
    }
}

async fn call(line: &Line, mut jobs: Vec<Job>, limit: Duration) {
    // Who has given up has been decided about elsewhere, and must not pay here as well.
    jobs.retain(|job| !job.answer.is_closed());
    if jobs.is_empty() {
        return;
    }
    if line.is_cluster() {
        // One command may not name keys of several nodes.
        join_all(by_key(jobs).map(|jobs| ask_and_tell(line, jobs, limit))).await;
    } else {
        ask_and_tell(line, jobs, limit).await;
    }
}

/// The questions about each caller.
fn by_key(jobs: Vec<Job>) -> impl Iterator<Item = Vec<Job>> {
    let mut asked: HashMap<String, Vec<Job>> = HashMap::new();
    for job in jobs {
        asked.entry(job.question.key.clone()).or_default().push(job);
    }
    asked.into_values()
}

async fn ask_and_tell(line: &Line, jobs: Vec<Job>, limit: Duration) {
    let script = invocation(jobs.iter().map(|job| &job.question));
    let told = match timeout(limit, line.call(&script)).await {
        Ok(Ok(numbers)) => decisions(jobs.iter().map(|job| &job.question), &numbers),
        Ok(Err(error)) => Err(error.into()),
        Err(_) => Err(Error::Timeout(limit)),
    };
    // Who has given up meanwhile does not hear it.
    match told {
        Ok(told) => jobs.into_iter().zip(told).for_each(|(job, told)| drop(job.answer.send(Ok(told)))),
        Err(error) => jobs.into_iter().for_each(|job| drop(job.answer.send(Err(error.clone())))),
    }
}
