//! A database in memory: what was used, what was revoked, and who registered what.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::Timestamp;

use super::registered;
use crate::auth::Registry;
use crate::domain::{AuditEvent, ClientId, DashboardId, EmbedClaims, Origin, Selector, TokenId};
use crate::store::{self, Consumed, EmbedTokens, Standing};

/// Remembers in memory, or is down.
#[derive(Default)]
pub(super) struct Desk {
    used: Mutex<HashSet<(String, TokenId)>>,
    revoked: Mutex<HashMap<Selector, Timestamp>>,
    pub(super) events: Mutex<Vec<AuditEvent>>,
    pub(super) deleted: Mutex<HashSet<DashboardId>>,
    /// Clients that are not known; every other one has the same sites.
    pub(super) unknown: Mutex<HashSet<ClientId>>,
    /// Sites that every client registered in the place of the usual ones.
    pub(super) registered: Mutex<Option<Vec<Origin>>>,
    pub(super) is_down: Mutex<bool>,
}

impl Desk {
    pub(super) fn new() -> Arc<Self> {
        Arc::default()
    }

    fn answer(&self) -> Result<(), store::Error> {
        if *self.is_down.lock().unwrap() {
            return Err(store::Error::Unavailable { source: "down".into() });
        }
        Ok(())
    }

    /// Revokes without an event.
    pub(super) fn strike(&self, selector: Selector, before: Timestamp) {
        self.revoked.lock().unwrap().insert(selector, before);
    }
}

#[async_trait]
impl EmbedTokens for Desk {
    async fn consume(&self, claims: &EmbedClaims, event: &AuditEvent) -> Result<Consumed, store::Error> {
        self.answer()?;
        let key = (claims.issuer.clone(), claims.token_id.clone());
        if !self.used.lock().unwrap().insert(key) {
            return Ok(Consumed::Replayed);
        }
        self.events.lock().unwrap().push(event.clone());
        Ok(Consumed::First)
    }

    async fn standing(&self, claims: &EmbedClaims) -> Result<Standing, store::Error> {
        self.answer()?;
        let revoked = self.revoked.lock().unwrap();
        let is_revoked = |selector: &Selector| revoked.get(selector).is_some_and(|until| *until >= claims.issued_at);
        if Selector::of(claims).iter().any(is_revoked) {
            return Ok(Standing::Revoked);
        }
        let is_deleted = self.deleted.lock().unwrap().contains(&claims.dashboard_id);
        Ok(if is_deleted { Standing::DashboardDeleted } else { Standing::Good })
    }

    async fn revoke(&self, selector: &Selector, before: Timestamp, event: &AuditEvent) -> Result<(), store::Error> {
        self.answer()?;
        self.strike(selector.clone(), before);
        self.events.lock().unwrap().push(event.clone());
        Ok(())
    }

    async fn purge_expired(&self, _: Timestamp, _: Timestamp) -> Result<u64, store::Error> {
        Ok(0)
    }
}

#[async_trait]
impl Registry for Desk {
    async fn origins(&self, client: &ClientId) -> Result<Option<Arc<[Origin]>>, store::Error> {
        self.answer()?;
        if self.unknown.lock().unwrap().contains(client) {
            return Ok(None);
        }
        let sites = self.registered.lock().unwrap().clone().unwrap_or_else(registered);
        Ok(Some(sites.into()))
    }
}
