//! Remembers used tokens in Redis, so that most replays never reach the database. It may only refuse: the database alone admits.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use deadpool_redis::redis::{self, Cmd, FromRedisValue};
use jiff::Timestamp;
use ring::digest::{Context, SHA256};
use tokio::time::timeout;

use crate::domain::EmbedClaims;
use crate::redis::{Error, Pool};

/// The longest that Redis may take; what it would have said does not matter then.
const LIMIT: Duration = Duration::from_millis(50);

/// Remembers used tokens.
#[derive(Debug, Clone, Default)]
pub struct ReplayCache(Option<Pool>);

impl ReplayCache {
    /// Remembers in Redis; without it, nothing.
    #[must_use]
    pub fn new(redis: Option<Pool>) -> Self {
        Self(redis)
    }

    /// Whether the token was used before, as far as is known here; false when Redis does not say.
    pub(super) async fn knows(&self, claims: &EmbedClaims) -> bool {
        let Some(pool) = &self.0 else { return false };
        ask(pool, redis::cmd("EXISTS").arg(key(claims))).await.unwrap_or_else(|error| {
            tracing::debug!(%error, "Redis does not say whether an embed token was used; the database does.");
            false
        })
    }

    /// Remembers, until it expires, a token that the database has just admitted.
    pub(super) async fn remember(&self, claims: &EmbedClaims, now: Timestamp) {
        let Some(pool) = &self.0 else { return };
        let left = claims.expires_at.duration_since(now).as_secs().max(1);
        if let Err(error) = ask::<()>(pool, redis::cmd("SET").arg(key(claims)).arg(1).arg("EX").arg(left)).await {
            tracing::debug!(%error, "Redis does not remember a used embed token; the database does.");
        }
    }
}

async fn ask<T: FromRedisValue>(pool: &Pool, command: &Cmd) -> Result<T, Error> {
    let answer = async { Ok(command.query_async(&mut pool.get().await?).await?) };
    timeout(LIMIT, answer).await.unwrap_or(Err(Error::Timeout(LIMIT)))
}

/// Not the id itself, so that who reads Redis cannot tell which tokens were used.
fn key(claims: &EmbedClaims) -> String {
    let mut hash = Context::new(&SHA256);
    hash.update(claims.issuer.as_bytes());
    hash.update(b"\n");
    hash.update(claims.token_id.0.as_bytes());
    format!("embed_used:{}", URL_SAFE_NO_PAD.encode(hash.finish()))
}
