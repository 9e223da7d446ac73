//! A timeline that gives the answers of a script and remembers what it was asked for.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;

use crate::ingestion::walk::timeline::Timeline;
use crate::x_api::{Error, TimelinePage, TimelineRequest};

type Answer = Result<TimelinePage, Error>;

#[derive(Clone, Default)]
pub(super) struct Scripted {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    asked: Arc<Mutex<Vec<TimelineRequest>>>,
}

impl Scripted {
    pub(super) fn new(answers: impl IntoIterator<Item = Answer>) -> Arc<Self> {
        Arc::new(Self { answers: Arc::new(Mutex::new(answers.into_iter().collect())), ..Self::default() })
    }

    /// `since`, `until` and token of every request so far.
    pub(super) fn asked(&self) -> Vec<(Option<i64>, Option<i64>, Option<String>)> {
        let asked = self.asked.lock().unwrap();
        asked.iter().map(|ask| (ask.since.map(|id| id.0), ask.until.map(|id| id.0), ask.token.clone())).collect()
    }

    /// The number of requests so far.
    pub(super) fn calls(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

#[async_trait]
impl Timeline for Scripted {
    async fn page(&self, request: TimelineRequest) -> Answer {
        self.asked.lock().unwrap().push(request);
        self.answers.lock().unwrap().pop_front().expect("the walk asks for no more than the script tells")
    }
}

/// X does not understand the request.
pub(super) fn refused() -> Answer {
    Err(Error::BadRequest { detail: "no".to_owned() })
}
