//! A token is used once, with its line in the audit or not at all.

use std::time::Duration;

use amber_server::domain::{AuditAction, Clock, DashboardSpec, Selector};
use amber_server::store::{Consumed, DashboardCatalog, EmbedTokens, Error, Standing};
use tokio::task::JoinSet;

use crate::embedding::{claims, dashboard, event, revoked};
use crate::fresh::Fresh;

on_both_databases!(
    of_fifty_callers_one_is_admitted,
    a_use_and_its_line_are_written_together,
    a_use_that_cannot_be_written_down_does_not_count,
    revocations_and_uses_at_once_end_in_order,
    a_deleted_dashboard_opens_no_more,
    only_expired_tokens_are_forgotten,
    a_database_that_is_gone_admits_nobody,
);

async fn consume(fresh: &Fresh, token: &str) -> Consumed {
    let claims = claims(fresh, token);
    fresh.store.consume(&claims, &event(AuditAction::Redeemed, &claims)).await.unwrap()
}

async fn of_fifty_callers_one_is_admitted(fresh: Fresh) {
    let mut callers = JoinSet::new();
    for _ in 0..50 {
        let (store, claims) = (fresh.store.clone(), claims(&fresh, "token"));
        callers.spawn(async move { store.consume(&claims, &event(AuditAction::Redeemed, &claims)).await.unwrap() });
    }
    let outcomes = callers.join_all().await;
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Consumed::First).count(), 1);
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Consumed::Replayed).count(), 49);
    assert_eq!(fresh.rows("embed_audit").await.len(), 1);

    let mut foreign = claims(&fresh, "token");
    foreign.issuer = "another issuer".into();
    let line = event(AuditAction::Redeemed, &foreign);
    assert_eq!(fresh.store.consume(&foreign, &line).await.unwrap(), Consumed::First);
}

async fn a_use_and_its_line_are_written_together(fresh: Fresh) {
    assert_eq!(consume(&fresh, "token").await, Consumed::First);
    let before = fresh.everything().await;
    assert_eq!((before["embed_tokens_used"].len(), before["embed_audit"].len()), (1, 1));
    assert_eq!(consume(&fresh, "token").await, Consumed::Replayed);
    assert_eq!(fresh.everything().await, before, "who comes second leaves nothing behind");
    assert_eq!(
        fresh.store.standing(&claims(&fresh, "token")).await.unwrap(),
        Standing::Good,
        "a used one is not revoked"
    );
}

async fn a_use_that_cannot_be_written_down_does_not_count(fresh: Fresh) {
    fresh.change("ALTER TABLE embed_audit RENAME TO hidden").await;
    let claims = claims(&fresh, "token");
    let line = event(AuditAction::Redeemed, &claims);
    fresh.store.consume(&claims, &line).await.unwrap_err();
    fresh.store.revoke(&Selector::All, fresh.clock.now(), &line).await.unwrap_err();
    fresh.change("ALTER TABLE hidden RENAME TO embed_audit").await;
    assert_eq!(fresh.rows("embed_tokens_used").await.len() + fresh.rows("embed_revocations").await.len(), 0);
    assert_eq!(fresh.store.consume(&claims, &line).await.unwrap(), Consumed::First);
}

/// Writers and readers of one instant: none fails for another's sake, and nobody is admitted after the last revocation.
async fn revocations_and_uses_at_once_end_in_order(fresh: Fresh) {
    let mut callers = JoinSet::new();
    for n in 0..40 {
        let (store, claims) = (fresh.store.clone(), claims(&fresh, &format!("token{n}")));
        let (now, line) = (fresh.clock.now(), revoked(&fresh, "all"));
        callers.spawn(async move {
            if n % 8 == 0 {
                store.revoke(&Selector::All, now, &line).await.unwrap();
                return None;
            }
            Some(store.consume(&claims, &event(AuditAction::Redeemed, &claims)).await.unwrap())
        });
    }
    let outcomes: Vec<_> = callers.join_all().await.into_iter().flatten().collect();
    let admitted = outcomes.iter().filter(|outcome| **outcome == Consumed::First).count();
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Consumed::First | Consumed::Revoked)), "{outcomes:?}");
    assert_eq!(fresh.rows("embed_tokens_used").await.len(), admitted);
    assert_eq!(fresh.rows("embed_audit").await.len(), admitted + 5);
    assert_eq!(consume(&fresh, "late").await, Consumed::Revoked);
}

async fn a_deleted_dashboard_opens_no_more(fresh: Fresh) {
    assert_eq!(consume(&fresh, "of no dashboard").await, Consumed::First);
    let now = fresh.clock.now();
    fresh.store.add_dashboard(&dashboard("sales"), &DashboardSpec::default(), now).await.unwrap();
    assert_eq!(consume(&fresh, "of a dashboard").await, Consumed::First);
    assert!(fresh.store.delete_dashboard(&dashboard("sales"), now).await.unwrap());
    let before = fresh.everything().await;
    assert_eq!(consume(&fresh, "of a grave").await, Consumed::DashboardDeleted);
    assert_eq!(fresh.everything().await, before);
    let mut token = claims(&fresh, "another");
    assert_eq!(fresh.store.standing(&token).await.unwrap(), Standing::DashboardDeleted);
    token.dashboard_id = dashboard("Sales");
    assert_eq!(fresh.store.standing(&token).await.unwrap(), Standing::Good, "ids are read with their case");

    fresh.store.revoke(&Selector::All, now, &revoked(&fresh, "all")).await.unwrap();
    assert_eq!(consume(&fresh, "of both").await, Consumed::Revoked, "that it is revoked is told first");
}

async fn only_expired_tokens_are_forgotten(fresh: Fresh) {
    let (now, minute) = (fresh.clock.now(), Duration::from_mins(1));
    consume(&fresh, "old").await;
    fresh.clock.advance(Duration::from_secs(1));
    consume(&fresh, "new").await;
    assert_eq!(fresh.store.purge_expired(now + minute, now).await.unwrap(), 1);
    assert_eq!(consume(&fresh, "new").await, Consumed::Replayed);
    assert_eq!(consume(&fresh, "old").await, Consumed::First, "its time is over, so no check would let it come so far");
    assert_eq!(fresh.rows("embed_audit").await.len(), 3, "the audit has its own time");

    for (selector, ago) in
        [(Selector::All, 0), (Selector::Subject("viewer".into()), 60), (Selector::Key("k".into()), 61)]
    {
        let before = fresh.clock.now() - Duration::from_secs(ago);
        fresh.store.revoke(&selector, before, &revoked(&fresh, "x")).await.unwrap();
    }
    let stale = fresh.clock.now() - minute;
    assert_eq!(fresh.store.purge_expired(now, stale).await.unwrap(), 1);
    assert_eq!(fresh.rows("embed_revocations").await.len(), 2);
}

async fn a_database_that_is_gone_admits_nobody(fresh: Fresh) {
    fresh.store.close().await.unwrap();
    let claims = claims(&fresh, "token");
    let line = event(AuditAction::Redeemed, &claims);
    let lost = fresh.store.consume(&claims, &line).await.unwrap_err();
    assert!(matches!(lost, Error::Unavailable { .. }), "{lost:?}");
    assert!(matches!(fresh.store.standing(&claims).await, Err(Error::Unavailable { .. })));
}
