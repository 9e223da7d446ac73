//! What every request goes through: the log, the bearer token, faults, the rate limits, the endpoint, the post.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use secrecy::ExposeSecret;

use super::delivery::Letter;
use super::fault::Visit;
use super::query::Invalid;
use super::routes::{Endpoint, Said, Scene};
use super::timeline::{Rules, Shrink};
use super::{Exchange, Fault, Inner, LimitHeader, Seen};

/// What is settled before the answer is made.
struct Turn {
    visit: Visit,
    number: u64,
    faults: Vec<Fault>,
    gzip: bool,
}

/// Answers a request.
pub(super) async fn answer(State(inner): State<Arc<Inner>>, request: Request) -> Response {
    let (request, _) = request.into_parts();
    let endpoint = match Endpoint::of(&request.method, request.uri.path()) {
        Ok(endpoint) => endpoint,
        Err(status) => return inner.tell(&request, Letter::plain(status), true).send(&[], false),
    };
    if !is_authorized(&inner, &request.headers) {
        inner.enter(&request);
        return inner.tell(&request, Letter::plain(StatusCode::UNAUTHORIZED), true).send(&[], false);
    }
    let turn = inner.turn(endpoint, &request);
    let letter = match turn.faults.iter().find_map(Letter::instead) {
        Some(letter) => letter,
        None => inner.truth(&request, &turn).await,
    };
    let letter = inner.tell(&request, letter, turn.faults.is_empty());
    letter.send(&turn.faults, turn.gzip && accepts_gzip(&request.headers))
}

fn is_authorized(inner: &Inner, headers: &HeaderMap) -> bool {
    let sent = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    sent.and_then(|value| value.strip_prefix("Bearer ")) == Some(inner.options.bearer.expose_secret())
}

fn accepts_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accepted.split(',').any(|coding| coding.trim() == "gzip")
}

/// The token of a request, when a fault says that it is no longer good.
fn expired_token<'a>(query: &'a str, faults: &[Fault]) -> Option<&'a str> {
    let token = query.split('&').find_map(|pair| pair.strip_prefix("pagination_token="))?;
    faults.contains(&Fault::TokenExpired).then_some(token)
}

impl Inner {
    fn enter(&self, request: &Parts) -> u64 {
        let (path, query) = (request.uri.path().to_owned(), request.uri.query().unwrap_or_default().to_owned());
        let seen = Seen { path, query, at: self.now() };
        self.state().log.enter(seen)
    }

    fn turn(&self, endpoint: Endpoint, request: &Parts) -> Turn {
        let (path, query) = (request.uri.path(), request.uri.query().unwrap_or_default());
        let visit = Visit { endpoint, has_token: query.contains("pagination_token=") };
        let number = self.enter(request);
        let mut state = self.state();
        let faults = match state.faults.take(visit) {
            Some(planned) => vec![planned],
            None => state.torture.faults_of(path, number, visit),
        };
        Turn { visit, number, faults, gzip: state.torture.gzip }
    }

    /// The true answer, as far as it can be heard through the faults of this turn.
    async fn truth(&self, request: &Parts, turn: &Turn) -> Letter {
        let grant = self.take_request(turn.visit.endpoint);
        let (path, query) = (request.uri.path(), request.uri.query().unwrap_or_default());
        let mut letter = if !grant.is_allowed {
            Letter::plain(StatusCode::TOO_MANY_REQUESTS)
        } else if let Some(token) = expired_token(query, &turn.faults) {
            Letter::json(StatusCode::BAD_REQUEST, &Invalid::value("pagination_token", token, "is not valid").body())
        } else {
            for fault in &turn.faults {
                if let Fault::Slow(time) = fault {
                    tokio::time::sleep(*time).await;
                }
            }
            let Said { status, mut body } = self.say(path, query, turn);
            Letter::twist(&mut body, &turn.faults);
            Letter::json(status, &body)
        };
        grant.write(&mut letter.headers);
        for fault in &turn.faults {
            if let Fault::Told(told) = fault {
                LimitHeader::write_all(told, &mut letter.headers);
            }
        }
        letter
    }

    fn say(&self, path: &str, query: &str, turn: &Turn) -> Said {
        let now_ms = self.now().as_millisecond();
        let mut state = self.state();
        let state = &mut *state;
        state.world.advance(now_ms);
        let shrink = turn.faults.iter().find_map(Shrink::of);
        let (reach, cap) = (self.options.reach, self.options.page_cap);
        let rules = Rules { reach, cap, torture: &state.torture, shrink };
        let mut scene = Scene { world: &mut state.world, now_ms, turn: turn.number, rules };
        turn.visit.endpoint.answer(path, query, &mut scene)
    }

    fn tell(&self, request: &Parts, mut letter: Letter, is_true: bool) -> Letter {
        letter.date(self.now());
        if let Some(tap) = &self.options.tap {
            tap(&Exchange {
                method: request.method.to_string(),
                path: request.uri.path().to_owned(),
                query: request.uri.query().unwrap_or_default().to_owned(),
                status: letter.status.as_u16(),
                body: letter.body.clone(),
                is_true,
            });
        }
        letter
    }
}
