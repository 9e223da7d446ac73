//! A token is used once.

use std::time::Duration;

use amber_server::domain::{Clock, TokenId};
use amber_server::store::EmbedTokens;
use tokio::task::JoinSet;

use crate::fresh::Fresh;

on_both_databases!(of_fifty_callers_one_is_admitted, only_expired_tokens_are_forgotten);

async fn of_fifty_callers_one_is_admitted(fresh: Fresh) {
    let expires_at = fresh.clock.now();
    let mut callers = JoinSet::new();
    for _ in 0..50 {
        let store = fresh.store.clone();
        callers.spawn(async move { store.consume("amber", &TokenId("token".into()), expires_at).await.unwrap() });
    }
    assert_eq!(callers.join_all().await.into_iter().filter(|admitted| *admitted).count(), 1);
    assert!(fresh.store.consume("another issuer", &TokenId("token".into()), expires_at).await.unwrap());
}

async fn only_expired_tokens_are_forgotten(fresh: Fresh) {
    let now = fresh.clock.now();
    let later = now + Duration::from_secs(1);
    fresh.store.consume("amber", &TokenId("old".into()), now).await.unwrap();
    fresh.store.consume("amber", &TokenId("new".into()), later).await.unwrap();
    assert_eq!(fresh.store.purge_expired(now).await.unwrap(), 1);
    assert!(!fresh.store.consume("amber", &TokenId("new".into()), later).await.unwrap());
}
