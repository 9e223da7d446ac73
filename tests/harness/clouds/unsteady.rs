//! Stands before an HTTP server and makes it slow or unwilling when a test says so.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tokio::time::sleep;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

/// The largest body that is passed on.
const LARGEST: usize = 16 * 1024 * 1024;

/// A server before another one. It ends when it is dropped.
pub struct Unsteady {
    url: String,
    moods: Arc<Mutex<Moods>>,
    _end: DropGuard,
}

#[derive(Default)]
struct Moods {
    delay: Duration,
    refusals: usize,
    refusal: (u16, &'static str),
    calls: usize,
}

#[derive(Clone)]
struct Passing {
    upstream: String,
    http: reqwest::Client,
    moods: Arc<Mutex<Moods>>,
}

impl Unsteady {
    /// Stands before `upstream`, in a good mood.
    ///
    /// # Panics
    /// When this machine has no free port.
    pub async fn before(upstream: String) -> Self {
        let moods = Arc::<Mutex<Moods>>::default();
        let passing = Passing { upstream, http: crate::http_client(), moods: Arc::clone(&moods) };
        let (url, end) = serve(Router::new().fallback(pass).with_state(passing)).await;
        Self { url, moods, _end: end }
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// Answers the next calls by itself, with this status and body.
    pub fn refuse(&self, times: usize, status: u16, body: &'static str) {
        let mut moods = self.moods.lock().unwrap_or_else(PoisonError::into_inner);
        (moods.refusals, moods.refusal) = (times, (status, body));
    }

    /// Waits so long before each answer.
    pub fn delay(&self, delay: Duration) {
        self.moods.lock().unwrap_or_else(PoisonError::into_inner).delay = delay;
    }

    /// How often it was called.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.moods.lock().unwrap_or_else(PoisonError::into_inner).calls
    }
}

/// Serves on a free port until the guard is dropped.
pub(super) async fn serve(router: Router) -> (String, DropGuard) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("a bound port has an address"));
    let end = CancellationToken::new();
    let ended = end.clone().cancelled_owned();
    TaskTracker::new().spawn(async move { axum::serve(listener, router).with_graceful_shutdown(ended).await });
    (url, end.drop_guard())
}

async fn pass(State(passing): State<Passing>, request: Request) -> Response {
    let (delay, refusal) = {
        let mut moods = passing.moods.lock().unwrap_or_else(PoisonError::into_inner);
        moods.calls += 1;
        let is_refused = moods.refusals > 0;
        moods.refusals = moods.refusals.saturating_sub(1);
        (moods.delay, is_refused.then_some(moods.refusal))
    };
    sleep(delay).await;
    if let Some((status, body)) = refusal {
        return (StatusCode::from_u16(status).expect("a status"), body).into_response();
    }
    let (mut head, body) = request.into_parts();
    let url = format!("{}{}", passing.upstream, head.uri);
    head.headers.remove(header::HOST);
    let body = to_bytes(body, LARGEST).await.expect("a whole request");
    let sent = passing.http.request(head.method, url).headers(head.headers).body(body).send().await;
    let answer = sent.expect("the server behind answers");
    let (status, mut headers) = (answer.status(), answer.headers().clone());
    headers.remove(header::TRANSFER_ENCODING);
    (status, headers, Body::from(answer.bytes().await.expect("a whole answer"))).into_response()
}
