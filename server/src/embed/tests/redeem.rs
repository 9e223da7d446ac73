//! First use, second use, and a database that is down.

use secrecy::{ExposeSecret, SecretString};

use super::*;
use crate::domain::AuditAction;

fn token(clock: &Arc<HandClock>) -> SecretString {
    issuer(clock).issue(request(), &registered()).unwrap().token
}

async fn redeem(redeemer: &Redeemer, token: &SecretString, embedder: &str) -> Result<(), Error> {
    let embedder = Embedder::of_origin(Some(embedder));
    Ok(redeemer.redeem(token.expose_secret(), "dash-1", &embedder, None).await.map(drop)?)
}

#[tokio::test]
async fn a_token_opens_its_dashboard_once_and_its_use_is_written_down_once() {
    let (clock, desk) = (HandClock::new(), Desk::new());
    let (redeemer, token) = (redeemer(&clock, &desk), token(&clock));
    assert_eq!(redeem(&redeemer, &token, HOST).await, Ok(()));
    assert_eq!(redeem(&redeemer, &token, HOST).await, Err(Error::TokenReplayed));
    let events = desk.events.lock().unwrap();
    assert_eq!(events.len(), 1);
    assert_eq!((events[0].action, &events[0].origin), (AuditAction::Redeemed, &Some(origin(HOST))));
}

#[tokio::test]
async fn a_refused_token_stays_unused() {
    let (clock, desk) = (HandClock::new(), Desk::new());
    let (redeemer, token) = (redeemer(&clock, &desk), token(&clock));
    assert_eq!(redeem(&redeemer, &token, FOREIGN).await, Err(Error::OriginNotAllowed));
    assert_eq!(redeem(&redeemer, &token, HOST).await, Ok(()));
}

#[tokio::test]
async fn a_token_that_is_only_checked_stays_unused() {
    let (clock, desk) = (HandClock::new(), Desk::new());
    let (redeemer, token) = (redeemer(&clock, &desk), token(&clock));
    for _ in 0..2 {
        assert!(redeemer.check(token.expose_secret(), None, &Embedder::NotAsked).await.is_ok());
    }
    let claims = redeemer.check(token.expose_secret(), None, &Embedder::NotAsked).await.unwrap();
    assert!(redeemer.spend(claims, &Embedder::NotAsked, None).await.is_ok());
    assert_eq!(redeem(&redeemer, &token, HOST).await, Err(Error::TokenReplayed));
}

#[tokio::test]
async fn an_admitted_token_is_used_up_only_when_it_is_opened_and_only_once() {
    let (clock, desk) = (HandClock::new(), Desk::new());
    let (redeemer, token) = (redeemer(&clock, &desk), token(&clock));
    let embedder = Embedder::of_origin(Some(HOST));
    let admit = || redeemer.admit(token.expose_secret(), "dash-1", &embedder);
    let (first, second) = (admit().await.unwrap(), admit().await.unwrap());
    assert!(desk.events.lock().unwrap().is_empty());
    assert!(redeemer.open(second, None).await.is_ok());
    assert_eq!(redeemer.open(first, None).await.unwrap_err().error, Error::TokenReplayed);
    assert_eq!(desk.events.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn an_admitted_token_that_expires_before_it_is_opened_opens_nothing() {
    let (clock, desk) = (HandClock::new(), Desk::new());
    let (redeemer, token) = (redeemer(&clock, &desk), token(&clock));
    let embedder = Embedder::of_origin(Some(HOST));
    let admitted = redeemer.admit(token.expose_secret(), "dash-1", &embedder).await.unwrap();
    clock.turn(60);
    let refused = redeemer.open(admitted, None).await.unwrap_err().error;
    assert!(matches!(refused, Error::TokenExpired { .. }), "{refused:?}");
    assert!(desk.events.lock().unwrap().is_empty(), "nothing was used");
}

#[tokio::test]
async fn a_used_token_that_expired_is_called_expired() {
    let (clock, desk) = (HandClock::new(), Desk::new());
    let (redeemer, token) = (redeemer(&clock, &desk), token(&clock));
    assert_eq!(redeem(&redeemer, &token, HOST).await, Ok(()));
    clock.turn(60);
    assert!(matches!(redeem(&redeemer, &token, HOST).await, Err(Error::TokenExpired { .. })));
}

#[tokio::test]
async fn nothing_is_admitted_while_the_database_is_down() {
    let (clock, desk) = (HandClock::new(), Desk::new());
    let (redeemer, token) = (redeemer(&clock, &desk), token(&clock));
    *desk.is_down.lock().unwrap() = true;
    let embedder = Embedder::of_origin(Some(HOST));
    let refusal = redeemer.redeem(token.expose_secret(), "dash-1", &embedder, None).await.unwrap_err();
    assert_eq!(refusal.error, Error::ReplayStoreUnavailable);
    assert!(refusal.claims.is_some(), "the host may still learn why");
}
