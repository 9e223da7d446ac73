//! Walks with well-known mistakes, made by what stands between the walk and its partners: the histories must find them.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;

use super::hostile::{Hostile, PAGE};
use super::shelf::Shelf;
use crate::domain::{Platform, RunCounters};
use crate::ingestion::walk::timeline::Timeline;
use crate::store::{Committed, Error, Ingest, Lease, PageCommit, PostsFrom, Stream, StreamId, StreamKind};
use crate::x_api::{self, TimelinePage, TimelineRequest};

/// The newest post of each stored page becomes the lower bound of the next run.
pub(super) fn since_by_page(x: Hostile, shelf: Shelf) -> (Arc<dyn Timeline>, Arc<dyn Ingest>) {
    (Arc::new(x), Arc::new(Forgetful { shelf, notebook: None }))
}

/// The next page's token is kept with the page, and a run goes on from it; a refused one ends the walk.
pub(super) fn stored_token(x: Hostile, shelf: Shelf) -> (Arc<dyn Timeline>, Arc<dyn Ingest>) {
    let notebook = Arc::new(Mutex::new(Notebook::default()));
    (Arc::new(ByToken { x, notebook: notebook.clone() }), Arc::new(Forgetful { shelf, notebook: Some(notebook) }))
}

/// A page that is not full is taken for the last one.
pub(super) fn short_is_last(x: Hostile, shelf: Shelf) -> (Arc<dyn Timeline>, Arc<dyn Ingest>) {
    (Arc::new(Hasty { x, is_over: Mutex::new(false) }), Arc::new(shelf))
}

/// Tokens: of the page that was read last, of the page that was stored last, and the one from which this run goes on.
#[derive(Debug, Default)]
struct Notebook {
    read: Option<String>,
    stored: Option<String>,
    resume: Option<String>,
}

/// Stores pages, but of the newest posts' checkpoint only the newest post.
struct Forgetful {
    shelf: Shelf,
    notebook: Option<Arc<Mutex<Notebook>>>,
}

#[async_trait]
impl Ingest for Forgetful {
    async fn stream(&self, lease: &Lease, platform: Platform, kind: StreamKind) -> Result<Stream, Error> {
        self.shelf.stream(lease, platform, kind).await
    }

    async fn streams(&self) -> Result<Vec<Stream>, Error> {
        self.shelf.streams().await
    }

    async fn commit_page(&self, mut page: PageCommit) -> Result<Committed, Error> {
        match &self.notebook {
            None if page.stream == self.posts() => {
                page.checkpoint.high_water = page.checkpoint.top;
                page.checkpoint.gaps.clear();
            }
            None => {}
            Some(notebook) => {
                let mut notebook = notebook.lock().unwrap();
                notebook.stored = notebook.read.take();
            }
        }
        self.shelf.commit_page(page).await
    }

    async fn rehearse_page(&self, page: PageCommit) -> Result<RunCounters, Error> {
        self.shelf.rehearse_page(page).await
    }

    async fn posts_from(&self, asked: PostsFrom) -> Result<u64, Error> {
        self.shelf.posts_from(asked).await
    }

    async fn note_success(&self, stream: StreamId) -> Result<(), Error> {
        self.shelf.note_success(stream).await
    }

    async fn note_failure(&self, stream: StreamId, reason: &str) -> Result<(), Error> {
        self.shelf.note_failure(stream, reason).await
    }
}

impl Forgetful {
    fn posts(&self) -> StreamId {
        self.shelf.kept().streams[&StreamKind::Posts].id
    }
}

/// Goes on from the stored token in place of the bounds.
struct ByToken {
    x: Hostile,
    notebook: Arc<Mutex<Notebook>>,
}

#[async_trait]
impl Timeline for ByToken {
    async fn page(&self, mut request: TimelineRequest) -> Result<TimelinePage, x_api::Error> {
        if request.since.is_none() {
            return self.x.page(request).await;
        }
        {
            let mut notebook = self.notebook.lock().unwrap();
            if request.until.is_none() {
                notebook.resume = notebook.stored.take();
            } else if let Some(token) = notebook.resume.take() {
                request = TimelineRequest { until: None, token: Some(token), ..request };
            }
        }
        let page = match self.x.page(request).await {
            Err(x_api::Error::BadRequest { .. }) => TimelinePage::default(),
            answer => answer?,
        };
        self.notebook.lock().unwrap().read.clone_from(&page.next_token);
        Ok(page)
    }
}

/// Says that nothing is left after a page that is not full.
struct Hasty {
    x: Hostile,
    is_over: Mutex<bool>,
}

#[async_trait]
impl Timeline for Hasty {
    async fn page(&self, request: TimelineRequest) -> Result<TimelinePage, x_api::Error> {
        if std::mem::take(&mut *self.is_over.lock().unwrap()) && request.until.is_some() {
            return Ok(TimelinePage::default());
        }
        let page = self.x.page(request).await?;
        *self.is_over.lock().unwrap() = page.posts.len() < PAGE;
        Ok(TimelinePage { next_token: page.next_token.filter(|_| page.posts.len() == PAGE), ..page })
    }
}
