//! A call that its caller named is answered once, whoever repeats it.

use std::time::Duration;

use amber_server::domain::{ClientId, Clock, TokenId};
use amber_server::store::{EmbedRequests, Remembered};
use tokio::task::JoinSet;

use crate::fresh::Fresh;

on_both_databases!(
    callers_at_once_all_get_the_first_answer,
    clients_and_ids_are_told_apart,
    a_name_is_free_again_when_its_time_is_over,
);

const KEPT: Duration = Duration::from_mins(1);

fn call(fresh: &Fresh, token: &str) -> Remembered {
    Remembered { fingerprint: vec![7; 32], token_id: TokenId(token.into()), issued_at: fresh.clock.now() }
}

async fn remember(fresh: &Fresh, client: &str, request: &str, call: Remembered) -> Remembered {
    let forget_at = call.issued_at + KEPT;
    fresh.store.remember(&ClientId(client.into()), request, call, forget_at).await.unwrap()
}

async fn callers_at_once_all_get_the_first_answer(fresh: Fresh) {
    for round in 0..5 {
        let mut callers = JoinSet::new();
        for n in 0..20 {
            let (store, call) = (fresh.store.clone(), call(&fresh, &format!("token{n}")));
            let forget_at = call.issued_at + KEPT;
            callers.spawn(async move {
                store.remember(&ClientId("key:web".into()), "checkout", call, forget_at).await.unwrap()
            });
        }
        let answers = callers.join_all().await;
        assert!(answers.iter().all(|answer| *answer == answers[0]), "round {round}: {answers:?}");
        assert_eq!(fresh.rows("embed_requests").await.len(), 1);
        // The next round finds the old answer expired, and all race to take its place.
        fresh.clock.advance(KEPT);
    }
}

async fn clients_and_ids_are_told_apart(fresh: Fresh) {
    let first = call(&fresh, "first");
    assert_eq!(remember(&fresh, "key:web", "id", first.clone()).await, first);
    let mut other = call(&fresh, "second");
    other.fingerprint = vec![8; 32];
    assert_eq!(remember(&fresh, "key:web", "id", other.clone()).await, first, "what was asked first is told");
    assert_eq!(remember(&fresh, "key:app", "id", other.clone()).await, other);
    assert_eq!(remember(&fresh, "key:web", "ID", other.clone()).await, other);
    assert_eq!(fresh.rows("embed_requests").await.len(), 3);
}

async fn a_name_is_free_again_when_its_time_is_over(fresh: Fresh) {
    let first = call(&fresh, "first");
    remember(&fresh, "key:web", "id", first.clone()).await;
    fresh.clock.advance(KEPT.saturating_sub(Duration::from_micros(1)));
    assert_eq!(fresh.store.purge_requests(fresh.clock.now()).await.unwrap(), 0);
    assert_eq!(remember(&fresh, "key:web", "id", call(&fresh, "second")).await, first);
    fresh.clock.advance(Duration::from_micros(1));
    let third = call(&fresh, "third");
    assert_eq!(remember(&fresh, "key:web", "id", third.clone()).await, third, "also before anybody tidies up");
    assert_eq!(remember(&fresh, "key:web", "id", call(&fresh, "fourth")).await, third);
    fresh.clock.advance(KEPT);
    assert_eq!(fresh.store.purge_requests(fresh.clock.now()).await.unwrap(), 1);
    assert_eq!(fresh.rows("embed_requests").await, Vec::<String>::new());
}
