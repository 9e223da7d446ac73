//! First use, second use, and a store that is down.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

use super::*;
use crate::domain::{AuditEvent, Selector, TokenId};
use crate::store::{self, Consumed, EmbedTokens, Standing};

/// Remembers in memory, or is down.
#[derive(Default)]
struct Used {
    tokens: Mutex<HashSet<(String, TokenId)>>,
    revoked: Mutex<HashSet<Selector>>,
    down: bool,
}

#[async_trait]
impl EmbedTokens for Used {
    async fn consume(&self, claims: &EmbedClaims, _: &AuditEvent) -> Result<Consumed, store::Error> {
        match self.standing(claims).await? {
            Standing::Good => {}
            Standing::Revoked => return Ok(Consumed::Revoked),
            Standing::DashboardDeleted => return Ok(Consumed::DashboardDeleted),
        }
        let key = (claims.issuer.clone(), claims.token_id.clone());
        let is_first = self.tokens.lock().unwrap().insert(key);
        Ok(if is_first { Consumed::First } else { Consumed::Replayed })
    }

    async fn standing(&self, claims: &EmbedClaims) -> Result<Standing, store::Error> {
        if self.down {
            return Err(store::Error::Unavailable { source: "down".into() });
        }
        let revoked = self.revoked.lock().unwrap();
        let is_revoked = Selector::of(claims).iter().any(|selector| revoked.contains(selector));
        Ok(if is_revoked { Standing::Revoked } else { Standing::Good })
    }

    async fn revoke(&self, selector: &Selector, _: Timestamp, _: &AuditEvent) -> Result<(), store::Error> {
        self.revoked.lock().unwrap().insert(selector.clone());
        Ok(())
    }

    async fn purge_expired(&self, _: Timestamp, _: Timestamp) -> Result<u64, store::Error> {
        Ok(0)
    }
}

fn redeemer(clock: &Arc<HandClock>, used: Used) -> (Redeemer, SecretString) {
    let redeemer = Redeemer::new(Arc::new(verifier(clock)), Arc::new(used));
    (redeemer, issuer(clock).issue(request()).unwrap().token)
}

async fn redeem(redeemer: &Redeemer, token: &SecretString, embedder: &str) -> Result<(), Error> {
    let embedder = Embedder::of_origin(Some(embedder));
    Ok(redeemer.redeem(token.expose_secret(), &dashboard(), &embedder, None).await.map(drop)?)
}

#[tokio::test]
async fn a_token_opens_its_dashboard_once() {
    let (redeemer, token) = redeemer(&HandClock::new(), Used::default());
    assert_eq!(redeem(&redeemer, &token, HOST).await, Ok(()));
    assert_eq!(redeem(&redeemer, &token, HOST).await, Err(Error::TokenReplayed));
}

#[tokio::test]
async fn a_refused_token_stays_unused() {
    let (redeemer, token) = redeemer(&HandClock::new(), Used::default());
    assert_eq!(redeem(&redeemer, &token, FOREIGN).await, Err(Error::OriginNotAllowed));
    assert_eq!(redeem(&redeemer, &token, HOST).await, Ok(()));
}

#[tokio::test]
async fn a_used_token_that_expired_is_called_expired() {
    let clock = HandClock::new();
    let (redeemer, token) = redeemer(&clock, Used::default());
    assert_eq!(redeem(&redeemer, &token, HOST).await, Ok(()));
    clock.turn(60);
    assert!(matches!(redeem(&redeemer, &token, HOST).await, Err(Error::TokenExpired { .. })));
}

#[tokio::test]
async fn nothing_is_admitted_while_the_store_is_down() {
    let (redeemer, token) = redeemer(&HandClock::new(), Used { down: true, ..Used::default() });
    let refusal = redeemer.redeem(token.expose_secret(), &dashboard(), &Embedder::of_origin(Some(HOST)), None).await;
    let refusal = refusal.unwrap_err();
    assert_eq!(refusal.error, Error::ReplayStoreUnavailable);
    assert!(refusal.claims.is_some(), "the host may still learn why");
}
