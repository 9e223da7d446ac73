//! The services with API keys.

use std::time::Duration;

use amber_server::domain::{ApiClient, ApiKeyId, Clock, Origin, Scope};
use amber_server::store::{ApiClients, ClientCursor, Error, StoredClient};
use tokio::task::JoinSet;

use crate::fresh::Fresh;

on_both_databases!(
    a_client_comes_back_as_it_was_stored,
    the_newest_client_comes_first_on_every_page,
    a_key_is_revoked_once_and_for_good,
    a_use_is_noted_and_never_taken_back,
);

fn client(fresh: &Fresh, id: &str) -> StoredClient {
    let origins = ["https://partner.example", "https://*.partner.example:8443"];
    let client = ApiClient {
        id: ApiKeyId(id.into()),
        name: "वेब टीम".into(),
        scopes: Scope::ALL.to_vec(),
        origins: origins.iter().map(|text| Origin::parse(text).unwrap()).collect(),
        created_at: fresh.clock.now(),
        last_used_at: None,
        revoked_at: None,
    };
    StoredClient { client, mac: (0..32).collect() }
}

fn id(text: &str) -> ApiKeyId {
    ApiKeyId(text.into())
}

async fn a_client_comes_back_as_it_was_stored(fresh: Fresh) {
    let new = client(&fresh, "0123456789Ab");
    fresh.store.add(&new).await.unwrap();
    let found = fresh.store.find(&new.client.id).await.unwrap().unwrap();
    assert_eq!((found.client, found.mac), (new.client.clone(), new.mac.clone()));
    for nobody in ["0123456789aB", "", "' OR ''='"] {
        assert!(fresh.store.find(&id(nobody)).await.unwrap().is_none(), "{nobody}");
    }
    let among = fresh.store.find_many(&[id("' OR ''='"), id("0123456789Ab"), id("0123456789aB")]).await.unwrap();
    assert_eq!(
        among.into_iter().map(|one| (one.client, one.mac)).collect::<Vec<_>>(),
        [(new.client.clone(), new.mac.clone())]
    );
    assert!(fresh.store.find_many(&[]).await.unwrap().is_empty());

    let mut same = client(&fresh, "0123456789Ab");
    same.client.name = "thief".into();
    let before = fresh.everything().await;
    assert!(matches!(fresh.store.add(&same).await, Err(Error::Conflict { .. })));
    assert_eq!(fresh.everything().await, before);

    fresh.change("UPDATE api_clients SET scopes = '[\"everything\"]'").await;
    assert!(
        matches!(fresh.store.find(&new.client.id).await, Err(Error::Corrupt { .. })),
        "no unknown scope is passed over"
    );
}

async fn the_newest_client_comes_first_on_every_page(fresh: Fresh) {
    let mut expected = Vec::new();
    for n in 0..7 {
        let stored = client(&fresh, &format!("client{n}"));
        fresh.store.add(&stored).await.unwrap();
        expected.push(stored.client);
        // Some are of one instant.
        fresh.clock.advance(Duration::from_micros(n % 2));
    }
    fresh.store.revoke_client(&id("client3"), fresh.clock.now()).await.unwrap();
    expected[3].revoked_at = Some(fresh.clock.now());
    expected.sort_by(|one, other| (other.created_at, &other.id).cmp(&(one.created_at, &one.id)));
    assert_eq!(fresh.store.clients(None, 100).await.unwrap(), expected);
    let (mut listed, mut after) = (Vec::new(), None);
    loop {
        let page = fresh.store.clients(after.as_ref(), 2).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(ClientCursor { created_at: last.created_at, id: last.id.clone() });
        listed.extend(page);
    }
    assert_eq!(listed, expected);
}

async fn a_key_is_revoked_once_and_for_good(fresh: Fresh) {
    for name in ["gone", "stays"] {
        fresh.store.add(&client(&fresh, name)).await.unwrap();
    }
    let at = fresh.clock.now();
    let mut callers = JoinSet::new();
    for n in 0..20 {
        let (store, at) = (fresh.store.clone(), at + Duration::from_secs(n));
        callers
            .spawn(async move { store.revoke_client(&ApiKeyId("gone".into()), at).await.unwrap().unwrap().revoked_at });
    }
    let told = callers.join_all().await;
    assert!(told[0].is_some() && told.iter().all(|at| *at == told[0]), "{told:?}");
    assert_eq!(fresh.store.find(&id("gone")).await.unwrap().unwrap().client.revoked_at, told[0]);
    assert_eq!(fresh.store.find(&id("stays")).await.unwrap().unwrap().client.revoked_at, None);
    assert_eq!(fresh.store.revoke_client(&id("nobody"), at).await.unwrap(), None);
    assert_eq!(fresh.rows("api_clients").await.len(), 2);
}

async fn a_use_is_noted_and_never_taken_back(fresh: Fresh) {
    for name in ["one", "two", "idle"] {
        fresh.store.add(&client(&fresh, name)).await.unwrap();
    }
    let (now, minute) = (fresh.clock.now(), Duration::from_mins(1));
    fresh.store.note_use(&[id("one"), id("two"), id("nobody")], now).await.unwrap();
    fresh.store.note_use(&[id("two")], now - minute).await.unwrap();
    fresh.store.note_use(&[id("one")], now + minute).await.unwrap();
    fresh.store.note_use(&[], now + minute).await.unwrap();
    for (name, used) in [("one", Some(now + minute)), ("two", Some(now)), ("idle", None)] {
        assert_eq!(fresh.store.find(&id(name)).await.unwrap().unwrap().client.last_used_at, used, "{name}");
    }
}
