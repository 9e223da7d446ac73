//! Tests of API keys over a store in memory that counts and fails on demand.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use jiff::Timestamp;
use secrecy::ExposeSecret;
use tokio::time::Instant;

use super::*;
use crate::auth::tests::HandClock;
use crate::domain::OsEntropy;

/// Keeps clients in memory, counts the looks, and fails while it is told to.
#[derive(Default)]
pub(crate) struct MemoryClients {
    rows: Mutex<BTreeMap<String, StoredClient>>,
    pub(crate) looks: AtomicUsize,
    pub(crate) is_down: AtomicBool,
}

impl MemoryClients {
    fn check(&self) -> Result<(), store::Error> {
        if self.is_down.load(Ordering::SeqCst) {
            return Err(store::Error::Unavailable { source: "down".into() });
        }
        Ok(())
    }
}

#[async_trait]
impl ApiClients for MemoryClients {
    async fn add(&self, client: &StoredClient) -> Result<(), store::Error> {
        self.check()?;
        self.rows.lock().unwrap().insert(client.client.id.0.clone(), client.clone());
        Ok(())
    }

    async fn find(&self, id: &ApiKeyId) -> Result<Option<StoredClient>, store::Error> {
        self.looks.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(5)).await;
        self.check()?;
        Ok(self.rows.lock().unwrap().get(&id.0).cloned())
    }

    async fn find_many(&self, ids: &[ApiKeyId]) -> Result<Vec<StoredClient>, store::Error> {
        self.looks.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(5)).await;
        self.check()?;
        let rows = self.rows.lock().unwrap();
        Ok(ids.iter().filter_map(|id| rows.get(&id.0).cloned()).collect())
    }

    async fn clients(&self, _: Option<&ClientCursor>, _: u32) -> Result<Vec<ApiClient>, store::Error> {
        Ok(self.rows.lock().unwrap().values().map(|stored| stored.client.clone()).collect())
    }

    async fn revoke_client(&self, id: &ApiKeyId, at: Timestamp) -> Result<Option<ApiClient>, store::Error> {
        self.check()?;
        let mut rows = self.rows.lock().unwrap();
        let Some(stored) = rows.get_mut(&id.0) else { return Ok(None) };
        stored.client.revoked_at.get_or_insert(at);
        Ok(Some(stored.client.clone()))
    }

    async fn note_use(&self, ids: &[ApiKeyId], at: Timestamp) -> Result<(), store::Error> {
        self.check()?;
        let mut rows = self.rows.lock().unwrap();
        for id in ids {
            rows.get_mut(&id.0).expect("only known keys are used").client.last_used_at = Some(at);
        }
        Ok(())
    }
}

fn site(text: &str) -> Origin {
    Origin::parse(text).unwrap()
}

/// Clients over `store`, as one replica sees them.
pub(crate) fn replica(store: &Arc<MemoryClients>, clock: &Arc<HandClock>) -> Clients {
    let pepper = Pepper::new(&"pepper-of-the-tests-0123456789abcdef".into()).unwrap();
    let builtin = Builtin { has_key: true, origins: [site("https://builtin.example")].into() };
    Clients::new(Arc::clone(store) as _, pepper, builtin, clock.clone(), Arc::new(OsEntropy))
}

fn new_client() -> NewClient {
    let scopes = vec![Scope::EmbedIssue];
    NewClient { name: "web".to_owned(), scopes, origins: vec![site("https://*.partner.example")] }
}

struct Stage {
    store: Arc<MemoryClients>,
    clock: Arc<HandClock>,
    clients: Clients,
}

fn stage() -> Stage {
    let (store, clock) = (Arc::default(), HandClock::new());
    let clients = replica(&store, &clock);
    Stage { store, clock, clients }
}

#[tokio::test]
async fn a_key_is_its_client_and_no_other_text_is() {
    let Stage { store, clients, .. } = stage();
    let (one, two) = (clients.create(new_client()).await.unwrap(), clients.create(new_client()).await.unwrap());
    let (one_text, two_text) = (one.text.expose_secret(), two.text.expose_secret());
    let principal = Principal::Key { id: one.client.id.0.clone(), scopes: vec![Scope::EmbedIssue] };
    assert_eq!(clients.authenticate(one_text).await.unwrap(), Some(principal));

    // The id of one with the secret of the other, under a right checksum.
    let mixed = format!("{}{}", &one_text[..17], &two_text[17..60]);
    let mixed = format!("{mixed}{}", api_key::checksum(&mixed));
    assert_eq!(clients.authenticate(&mixed).await.unwrap(), None, "another secret");

    let looks = store.looks.load(Ordering::SeqCst);
    let typo = one_text.replace(&one_text[30..31], if &one_text[30..31] == "A" { "B" } else { "A" });
    for text in [typo.as_str(), "", "amb_", &one.client.id.0, &one_text[..60]] {
        assert_eq!(clients.authenticate(text).await.unwrap(), None, "{text}");
    }
    assert_eq!(store.looks.load(Ordering::SeqCst), looks, "what is no key costs no call to the database");
}

#[tokio::test]
async fn what_is_stored_is_not_enough_to_call() {
    let Stage { store, clients, .. } = stage();
    let issued = clients.create(new_client()).await.unwrap();
    let text = issued.text.expose_secret();
    let stored = store.rows.lock().unwrap()[&issued.client.id.0].clone();
    assert_eq!(stored.mac.len(), 32);
    assert_ne!(stored.mac, text.as_bytes()[17..49]);
    let other = Pepper::new(&"another-pepper-0123456789-abcdefghijkl".into()).unwrap();
    let builtin = Builtin { has_key: false, origins: [].into() };
    let elsewhere = Clients::new(store, other, builtin, HandClock::new(), Arc::new(OsEntropy));
    assert_eq!(elsewhere.authenticate(text).await.unwrap(), None, "the pepper is another one");
}

#[tokio::test]
async fn a_revoked_key_is_refused_at_once_here_and_within_a_second_elsewhere() {
    let Stage { store, clock, clients } = stage();
    let other = replica(&store, &clock);
    let issued = clients.create(new_client()).await.unwrap();
    let text = issued.text.expose_secret();
    let name = ClientId(format!("key:{}", issued.client.id));
    assert!(other.authenticate(text).await.unwrap().is_some());
    assert!(clients.authenticate(text).await.unwrap().is_some());
    assert_eq!(other.origins(&name).await.unwrap().unwrap()[..], issued.client.origins[..]);

    let revoked = clients.revoke(&issued.client.id).await.unwrap().unwrap();
    assert_eq!(revoked.revoked_at, Some(clock.now()));
    assert_eq!(clients.authenticate(text).await.unwrap(), None);
    assert_eq!(clients.origins(&name).await.unwrap(), None);
    tokio::time::sleep(Duration::from_millis(900)).await;
    assert_eq!(other.authenticate(text).await.unwrap(), None);
    assert_eq!(other.origins(&name).await.unwrap(), None, "its tokens go with it");

    clock.turn(60);
    assert_eq!(clients.revoke(&issued.client.id).await.unwrap().unwrap().revoked_at, revoked.revoked_at);
    assert_eq!(clients.revoke(&ApiKeyId("nobody".into())).await.unwrap(), None);
}

#[tokio::test]
async fn a_hundred_calls_at_once_look_once() {
    let Stage { store, clients, .. } = stage();
    let issued = clients.create(new_client()).await.unwrap();
    let calls = (0..100).map(|_| clients.authenticate(issued.text.expose_secret()));
    assert!(futures::future::join_all(calls).await.into_iter().all(|found| found.unwrap().is_some()));
    let unknown = ClientId("key:0123456789Ab".into());
    let calls = (0..100).map(|_| clients.origins(&unknown));
    assert!(futures::future::join_all(calls).await.into_iter().all(|found| found.unwrap().is_none()));
    assert_eq!(store.looks.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn invented_keys_cost_few_looks_and_keep_nobody_out() {
    let Stage { store, clients, .. } = stage();
    let (old, new) = (clients.create(new_client()).await.unwrap(), clients.create(new_client()).await.unwrap());
    assert!(clients.authenticate(old.text.expose_secret()).await.unwrap().is_some());
    let (before, began) = (store.looks.load(Ordering::SeqCst), Instant::now());
    for round in 0..3 {
        let invented: Vec<_> = (0..1_000).map(|_| api_key::generate(&OsEntropy).text).collect();
        let flood = futures::future::join_all(invented.iter().map(|text| clients.authenticate(text.expose_secret())));
        let honest = async {
            let (old, new) = (old.text.expose_secret(), new.text.expose_secret());
            tokio::join!(clients.authenticate(old), clients.authenticate(new))
        };
        let (flood, (old, new)) = tokio::join!(flood, honest);
        assert!(flood.into_iter().all(|found| found.unwrap().is_none()), "{round}");
        assert!(old.unwrap().is_some() && new.unwrap().is_some(), "{round}");
    }
    let looks = u128::try_from(store.looks.load(Ordering::SeqCst) - before).unwrap();
    // Twenty a second, and for each of the two keys two a second.
    let most = began.elapsed().as_millis() / 50 + 2 * (began.elapsed().as_millis() / 500 + 1) + 1;
    assert!(looks <= most, "{looks} looks, of {most}");
}

#[tokio::test]
async fn while_the_database_is_down_a_key_is_neither_right_nor_wrong() {
    let Stage { store, clients, .. } = stage();
    let issued = clients.create(new_client()).await.unwrap();
    store.is_down.store(true, Ordering::SeqCst);
    let calls = (0..2).map(|_| clients.authenticate(issued.text.expose_secret()));
    for found in futures::future::join_all(calls).await {
        assert!(matches!(found, Err(store::Error::Unavailable { .. })), "{found:?}");
    }
    assert!(clients.origins(&ClientId("key:admin".into())).await.unwrap().is_some(), "the built-in key needs none");
    store.is_down.store(false, Ordering::SeqCst);
    assert!(clients.authenticate(issued.text.expose_secret()).await.unwrap().is_some(), "a failure is not remembered");
}

#[tokio::test]
async fn clients_without_a_key_in_the_database_have_the_sites_of_the_environment() {
    let Stage { store, clock, clients } = stage();
    for name in ["key:admin", "user:alice", "cli"] {
        let origins = clients.origins(&ClientId(name.into())).await.unwrap();
        assert_eq!(origins.as_deref(), Some([site("https://builtin.example")].as_slice()), "{name}");
    }
    let builtin = Builtin { has_key: false, origins: [site("https://builtin.example")].into() };
    let without = Clients { builtin, ..replica(&store, &clock) };
    assert_eq!(without.origins(&ClientId("key:admin".into())).await.unwrap(), None);
    assert_eq!(store.looks.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn the_last_use_is_written_down_to_a_minute_and_not_on_the_way() {
    let Stage { store, clock, clients } = stage();
    let issued = clients.create(new_client()).await.unwrap();
    let last = || store.rows.lock().unwrap()[&issued.client.id.0].client.last_used_at;
    let minute = |at: Timestamp| Timestamp::from_second(at.as_second().div_euclid(60) * 60).unwrap();
    clients.authenticate(issued.text.expose_secret()).await.unwrap();
    assert_eq!(last(), None);
    let first = minute(clock.now());
    clock.turn(600);
    clients.write_uses().await;
    assert_eq!(last(), Some(first), "the minute of the use, not of the note");

    store.is_down.store(true, Ordering::SeqCst);
    clients.authenticate(issued.text.expose_secret()).await.unwrap();
    clients.write_uses().await;
    store.is_down.store(false, Ordering::SeqCst);
    assert_eq!(last(), Some(first));
    clients.authenticate(issued.text.expose_secret()).await.unwrap();
    clients.write_uses().await;
    assert_eq!(last(), Some(minute(clock.now())));
}
