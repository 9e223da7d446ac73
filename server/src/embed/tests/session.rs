//! Sessions: how long they live, what ends them, and how they go on.

use std::time::Duration;

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use super::*;
use crate::domain::{AuditAction, LeaderId, Selector};

/// A server with a session of the right token under way.
struct Scene {
    clock: Arc<HandClock>,
    desk: Arc<Desk>,
    redeemer: Redeemer,
    opened: Opened,
}

impl Scene {
    fn begin() -> Self {
        Self::with(request())
    }

    fn with(asked: IssueRequest) -> Self {
        let (clock, desk) = (HandClock::new(), Desk::new());
        let redeemer = redeemer(&clock, &desk);
        let token = issuer(&clock).issue(asked, &registered()).unwrap().token;
        let embedder = Embedder::of_origin(Some(HOST));
        let opened = wait(redeemer.redeem(token.expose_secret(), "dash-1", &embedder, None)).unwrap();
        Self { clock, desk, redeemer, opened }
    }

    fn read(&self, dashboard: Option<&str>) -> Result<(), Error> {
        Ok(wait(self.redeemer.session(self.opened.text.expose_secret(), dashboard)).map(drop)?)
    }

    fn token(&self, asked: IssueRequest) -> SecretString {
        issuer(&self.clock).issue(asked, &registered()).unwrap().token
    }

    fn renew(&self, token: &SecretString) -> Result<Opened, Error> {
        Ok(wait(self.redeemer.renew(self.opened.text.expose_secret(), token.expose_secret(), None))?)
    }
}

fn at(seconds_from_start: i64) -> Timestamp {
    Timestamp::from_second(HandClock::START + seconds_from_start).unwrap()
}

#[test]
fn a_session_says_what_its_token_said_and_who_frames_it() {
    let scene = Scene::begin();
    let read = wait(scene.redeemer.session(scene.opened.text.expose_secret(), Some("dash-1")));
    assert_eq!(read.as_ref(), Ok(&scene.opened.session));
    let session = read.unwrap();
    assert_eq!((session.origin, session.expires_at), (origin(HOST), at(600)));
    assert_eq!(scene.opened.life, Duration::from_mins(10));
}

#[test]
fn a_session_lives_as_long_as_its_token_allows_and_longer_than_the_token() {
    let scene = Scene::with(IssueRequest { max_session: Some(Duration::from_secs(90)), ..request() });
    scene.clock.turn(89);
    assert_eq!(scene.read(None), Ok(()));
    scene.clock.turn(1);
    assert_eq!(scene.read(None), Err(Error::SessionEnded));
}

#[test]
fn a_session_dies_with_whatever_names_its_token() {
    let claims = Scene::begin().opened.session.claims;
    for selector in Selector::of(&claims) {
        let scene = Scene::begin();
        let selector = match selector {
            Selector::Token(_) => Selector::Token(scene.opened.session.claims.token_id.clone()),
            other => other,
        };
        scene.desk.strike(selector.clone(), at(-1));
        assert_eq!(scene.read(None), Ok(()), "{selector} from before it");
        scene.desk.strike(selector.clone(), at(0));
        assert_eq!(scene.read(None), Err(Error::TokenRevoked), "{selector}");
    }
}

#[test]
fn a_session_dies_with_its_client_its_dashboard_and_its_site() {
    let scene = Scene::begin();
    scene.desk.unknown.lock().unwrap().insert(request().client_id);
    assert_eq!(scene.read(None), Err(Error::TokenRevoked));
    let scene = Scene::begin();
    scene.desk.deleted.lock().unwrap().insert(dashboard());
    assert_eq!(scene.read(None), Err(Error::DashboardNotFound));
    let scene = Scene::begin();
    *scene.desk.registered.lock().unwrap() = Some(vec![origin(OTHER)]);
    assert_eq!(scene.read(None), Err(Error::OriginNotAllowed));
}

#[test]
fn a_session_dies_with_the_key_of_its_token_and_no_other() {
    let scene = Scene::begin();
    let read_with = |keys: &[(&str, &[u8])]| {
        let ring = Arc::new(KeyRing::new(keys.iter().copied()).unwrap());
        let read = Sessions::new(ring, "amber", scene.clock.clone()).read(scene.opened.text.expose_secret());
        read.map(drop).map_err(|refusal| refusal.error)
    };
    assert_eq!(read_with(&[("k1", K1), ("k2", K2)]), Ok(()));
    assert_eq!(read_with(&[("k1", K1)]), Err(Error::SessionEnded));
}

#[test]
fn a_session_reads_its_own_dashboard_only_and_nothing_while_the_database_is_down() {
    let scene = Scene::begin();
    assert_eq!(scene.read(Some("dash-2")), Err(Error::WrongDashboard));
    *scene.desk.is_down.lock().unwrap() = true;
    assert_eq!(scene.read(Some("dash-1")), Err(Error::ReplayStoreUnavailable));
}

#[test]
fn any_other_byte_of_a_session_ends_it() {
    let scene = Scene::begin();
    let sessions = Sessions::new(ring(), "amber", scene.clock.clone());
    let text = scene.opened.text.expose_secret().as_bytes();
    for position in 0..text.len() {
        for byte in [b'A', b'B', b'.', b'=', b'_', b' '].into_iter().filter(|byte| *byte != text[position]) {
            let mut changed = text.to_vec();
            changed[position] = byte;
            let refusal = sessions.read(std::str::from_utf8(&changed).unwrap()).unwrap_err();
            assert_eq!((refusal.error, refusal.claims), (Error::SessionEnded, None), "at {position}");
        }
    }
}

#[test]
fn a_token_is_no_session_and_a_session_is_no_token() {
    let scene = Scene::begin();
    let session = scene.opened.text.expose_secret();
    let token = scene.token(request());
    assert_eq!(wait(scene.redeemer.session(token.expose_secret(), None)).unwrap_err().error, Error::SessionEnded);
    let refusal = wait(scene.redeemer.check(session, None, &Embedder::NotAsked)).unwrap_err();
    assert_eq!(refusal.error, Error::TokenMalformed);
    let as_token = SecretString::from(session.to_owned());
    assert_eq!(scene.renew(&as_token).map(drop), Err(Error::TokenMalformed));
}

#[test]
fn the_longest_token_opens_a_session_that_can_be_read() {
    let leaders = |count: u128| (0..count).map(|n| LeaderId(Uuid::from_u128(n))).collect();
    let issue =
        |count| issuer(&HandClock::new()).issue(IssueRequest { leaders: leaders(count), ..request() }, &registered());
    let most = (1..100).take_while(|count| issue(*count).is_ok()).last().unwrap();
    let scene = Scene::with(IssueRequest { leaders: leaders(most), ..request() });
    assert!(scene.opened.text.expose_secret().len() > crate::auth::jws::MAX_TOKEN);
    assert_eq!(scene.read(None), Ok(()));
}

#[test]
fn a_fresh_token_renews_a_session_once() {
    let scene = Scene::begin();
    scene.clock.turn(300);
    let token = scene.token(request());
    let renewed = scene.renew(&token).unwrap();
    assert_eq!((renewed.session.expires_at, renewed.session.origin), (at(900), origin(HOST)));
    assert_eq!(scene.renew(&token).map(drop), Err(Error::TokenReplayed));
    let actions: Vec<_> = scene.desk.events.lock().unwrap().iter().map(|event| event.action).collect();
    assert_eq!(actions, [AuditAction::Redeemed, AuditAction::Renewed]);
}

#[test]
fn only_a_token_of_the_same_dashboard_client_viewer_and_site_renews_a_session() {
    let scene = Scene::begin();
    let other_dashboard = DashboardId::parse("dash-2").unwrap();
    for (asked, error) in [
        (IssueRequest { dashboard: other_dashboard, ..request() }, Error::WrongDashboard),
        (IssueRequest { client_id: ClientId("key:other".to_owned()), ..request() }, Error::TokenWrongAudience),
        (IssueRequest { subject: Some("somebody".to_owned()), ..request() }, Error::TokenWrongAudience),
        (IssueRequest { origins: vec![origin(OTHER)], ..request() }, Error::OriginNotAllowed),
    ] {
        let token = scene.token(asked);
        assert_eq!(scene.renew(&token).map(drop), Err(error));
    }
    assert_eq!(scene.desk.events.lock().unwrap().len(), 1, "no refused token is used up");
}

#[test]
fn an_ended_or_revoked_session_is_not_renewed() {
    let scene = Scene::begin();
    scene.clock.turn(600);
    let token = scene.token(request());
    assert_eq!(scene.renew(&token).map(drop), Err(Error::SessionEnded));
    let scene = Scene::begin();
    scene.desk.strike(Selector::Token(scene.opened.session.claims.token_id.clone()), at(0));
    let token = scene.token(request());
    assert_eq!(scene.renew(&token).map(drop), Err(Error::TokenRevoked));
}
