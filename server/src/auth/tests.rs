//! Tests of credentials.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::clients::tests::{MemoryClients, replica};
use super::jws::MacKey;
use super::*;
use crate::domain::{Clock, OsEntropy, Principal, Role, Scope};

/// A clock that stands still until a test turns it, in seconds since 1970.
#[derive(Debug)]
pub(crate) struct HandClock(AtomicI64);

impl HandClock {
    /// The time at which the tests begin.
    pub(crate) const START: i64 = 1_795_300_000;

    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(Self::START)))
    }

    pub(crate) fn turn(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

const SECRET: &str = "admin-secret-of-the-tests-0123456789";
const API_KEY: &str = "ak_tests_0123456789abcdef0123456789";
const BOOTSTRAP: &str = "bootstrap-of-the-tests-0123456789";

fn admin_tokens(clock: &Arc<HandClock>) -> AdminTokens {
    AdminTokens::new(&SECRET.into(), Duration::from_hours(1), clock.clone(), Arc::new(OsEntropy)).unwrap()
}

fn authenticator(clock: &Arc<HandClock>) -> Authenticator {
    let clients = Arc::new(replica(&Arc::default(), clock));
    Authenticator::new(admin_tokens(clock), Some(&API_KEY.into()), Some(&BOOTSTRAP.into()), clients)
}

fn key_principal() -> Principal {
    Principal::Key { id: "admin".to_owned(), scopes: Scope::ALL.to_vec() }
}

fn claims() -> Value {
    let now = HandClock::START;
    json!({"iss": "amber", "aud": "amber-admin", "sub": "alice", "jti": "x", "iat": now, "nbf": now, "exp": now + 3_600,
           "role": "admin"})
}

fn signed(claims: &Value) -> SecretString {
    MacKey::new(SECRET.as_bytes()).unwrap().sign("amber-admin+jwt", None, claims)
}

#[test]
fn a_token_names_its_person_and_role_until_its_last_second() {
    let clock = HandClock::new();
    let tokens = admin_tokens(&clock);
    for role in [Role::Viewer, Role::Reviewer, Role::Admin] {
        let issued = tokens.issue("alice", role, tokens.ttl()).unwrap();
        let alice = Principal::User { id: "alice".to_owned(), role, expires_at: Some(issued.expires_at) };
        assert_eq!(tokens.verify(issued.token.expose_secret()), Ok(alice));
        assert_eq!(issued.expires_at.as_second(), clock.now().as_second() + 3_600);
    }
    let token = tokens.issue("alice", Role::Admin, tokens.ttl()).unwrap().token;
    clock.turn(3_599);
    assert!(tokens.verify(token.expose_secret()).is_ok());
    clock.turn(1);
    assert_eq!(tokens.verify(token.expose_secret()), Err(Error::CredentialExpired));
}

#[test]
fn every_claim_of_an_admin_token_counts() {
    let tokens = admin_tokens(&HandClock::new());
    assert!(tokens.verify(signed(&claims()).expose_secret()).is_ok());
    let now = HandClock::START;
    for (name, value) in [
        ("iss", json!("other")),
        ("aud", json!("amber-embed")),
        ("aud", json!(["amber-admin"])),
        ("sub", json!("")),
        ("sub", json!("a\nb")),
        ("role", json!("root")),
        ("exp", json!(now + 3_601)),
        ("exp", json!(i64::MAX)),
        ("exp", json!(1.5e9)),
        ("exp", json!(now.to_string())),
        ("iat", json!(i64::MIN)),
        ("iat", json!(now + 3)),
        ("nbf", json!(now + 3)),
        ("extra", json!(1)),
    ] {
        let mut claims = claims();
        claims[name] = value.clone();
        let verdict = tokens.verify(signed(&claims).expose_secret());
        assert_eq!(verdict, Err(Error::CredentialInvalid), "{name}: {value}");
    }
    for name in ["iss", "aud", "sub", "jti", "iat", "nbf", "exp", "role"] {
        let mut claims = claims();
        claims.as_object_mut().unwrap().remove(name);
        assert_eq!(tokens.verify(signed(&claims).expose_secret()), Err(Error::CredentialInvalid), "without {name}");
    }
}

#[test]
fn another_kind_of_token_is_no_admin_token() {
    let tokens = admin_tokens(&HandClock::new());
    let key = MacKey::new(SECRET.as_bytes()).unwrap();
    for (typ, key_id) in [("amber-embed+jwt", None), ("JWT", None), ("amber-admin+jwt", Some("k1"))] {
        let token = key.sign(typ, key_id, &claims());
        assert_eq!(tokens.verify(token.expose_secret()), Err(Error::CredentialInvalid), "{typ}");
    }
}

#[tokio::test]
async fn the_headers_tell_who_is_calling() {
    let clock = HandClock::new();
    let authenticator = authenticator(&clock);
    let issued = authenticator.issue_admin_token("alice", Role::Reviewer, &BOOTSTRAP.into(), Duration::MAX).unwrap();
    let (token, expires_at) = (issued.token, Some(issued.expires_at));
    let alice = Principal::User { id: "alice".to_owned(), role: Role::Reviewer, expires_at };
    let bearer = |scheme: &str, credential: &str| format!("{scheme} {credential}");
    let token = token.expose_secret();
    for (authorization, x_api_key, expected) in [
        (None, None, Ok(Principal::Anonymous)),
        (Some(bearer("Bearer", token)), None, Ok(alice.clone())),
        (Some(bearer("bearer ", token)), None, Ok(alice)),
        (Some(bearer("Bearer", API_KEY)), None, Ok(key_principal())),
        (None, Some(API_KEY), Ok(key_principal())),
        (None, Some(token), Err(Error::CredentialInvalid)),
        (None, Some(""), Err(Error::CredentialInvalid)),
        (None, Some(&API_KEY[1..]), Err(Error::CredentialInvalid)),
        (Some(bearer("Bearer", BOOTSTRAP)), None, Err(Error::CredentialInvalid)),
        (Some(bearer("Bearer", SECRET)), None, Err(Error::CredentialInvalid)),
        (Some(bearer("Bearer", "")), None, Err(Error::CredentialInvalid)),
        (Some(bearer("Basic", "YTpi")), None, Err(Error::CredentialInvalid)),
        (Some(token.to_owned()), None, Err(Error::CredentialInvalid)),
        (Some(String::new()), None, Err(Error::CredentialInvalid)),
        (Some(bearer("Bearer", token)), Some(API_KEY), Err(Error::CredentialAmbiguous)),
    ] {
        let verdict = authenticator.authenticate(authorization.as_deref(), x_api_key).await;
        assert_eq!(verdict, expected, "{authorization:?} {x_api_key:?}");
    }
    clock.turn(3_600);
    let old = authenticator.authenticate(Some(&bearer("Bearer", token)), None).await;
    assert_eq!(old, Err(Error::CredentialExpired));
}

#[tokio::test]
async fn no_key_matches_where_none_is_set() {
    let clock = HandClock::new();
    let authenticator =
        Authenticator::new(admin_tokens(&clock), None, None, Arc::new(replica(&Arc::default(), &clock)));
    assert_eq!(authenticator.authenticate(None, Some("")).await, Err(Error::CredentialInvalid));
    assert_eq!(authenticator.authenticate(Some("Bearer x"), None).await, Err(Error::CredentialInvalid));
    assert_eq!(authenticator.check_bootstrap(&"".into()), Err(Error::BootstrapDisabled));
}

#[test]
fn admin_tokens_are_issued_for_the_bootstrap_secret_alone() {
    let authenticator = authenticator(&HandClock::new());
    let ask = |id: &str, secret: &str| {
        authenticator.issue_admin_token(id, Role::Admin, &secret.into(), Duration::MAX).map(drop)
    };
    assert_eq!(ask("alice", BOOTSTRAP), Ok(()));
    assert_eq!(ask("alice", API_KEY), Err(Error::CredentialInvalid));
    assert_eq!(ask("alice", ""), Err(Error::CredentialInvalid));
    assert_eq!(ask("", BOOTSTRAP), Err(Error::AdminIdInvalid));
    assert_eq!(ask("", "wrong"), Err(Error::CredentialInvalid));
    assert_eq!(ask(&"a".repeat(129), BOOTSTRAP), Err(Error::AdminIdInvalid));
}

#[tokio::test]
async fn a_key_of_the_database_goes_in_either_header_and_waits_for_the_database() {
    let (clock, store) = (HandClock::new(), Arc::<MemoryClients>::default());
    let clients = Arc::new(replica(&store, &clock));
    let authenticator = Authenticator::new(admin_tokens(&clock), Some(&API_KEY.into()), None, Arc::clone(&clients));
    let new = NewClient { name: "web".into(), scopes: vec![Scope::DashboardRead], origins: Vec::new() };
    let issued = clients.create(new).await.unwrap();
    let key = issued.text.expose_secret();
    let web = Principal::Key { id: issued.client.id.0.clone(), scopes: vec![Scope::DashboardRead] };
    assert_eq!(authenticator.authenticate(None, Some(key)).await, Ok(web.clone()));
    assert_eq!(authenticator.authenticate(Some(&format!("Bearer {key}")), None).await, Ok(web));

    clients.revoke(&issued.client.id).await.unwrap();
    assert_eq!(authenticator.authenticate(None, Some(key)).await, Err(Error::CredentialInvalid));
    store.is_down.store(true, Ordering::SeqCst);
    let other = Arc::new(replica(&store, &clock));
    let authenticator = Authenticator::new(admin_tokens(&clock), Some(&API_KEY.into()), None, other);
    for (authorization, x_api_key) in [(None, Some(key)), (Some(format!("Bearer {key}")), None)] {
        let verdict = authenticator.authenticate(authorization.as_deref(), x_api_key).await;
        assert_eq!(verdict, Err(Error::DatabaseUnavailable), "never a wrong credential");
    }
    assert_eq!(authenticator.authenticate(None, Some(API_KEY)).await, Ok(key_principal()), "it needs no database");
    assert_eq!(authenticator.authenticate(None, Some(&key[1..])).await, Err(Error::CredentialInvalid));
}

#[test]
fn roles_and_scopes_open_what_they_name() {
    let user = |role| Principal::User { id: "u".to_owned(), role, expires_at: None };
    let key = Principal::Key { id: "k".to_owned(), scopes: vec![Scope::DashboardRead] };
    let role = Role::Reviewer;
    assert_eq!(require_role(&Principal::Anonymous, role), Err(Error::CredentialMissing));
    assert_eq!(require_role(&user(Role::Viewer), role), Err(Error::RoleMissing { needed: role }));
    assert_eq!(require_role(&user(Role::Reviewer), role), Ok(()));
    assert_eq!(require_role(&user(Role::Admin), role), Ok(()));
    assert_eq!(require_role(&key, role), Err(Error::RoleMissing { needed: role }));
    let scope = Scope::EmbedIssue;
    assert_eq!(require_scope(&Principal::Anonymous, scope), Err(Error::CredentialMissing));
    assert_eq!(require_scope(&key, scope), Err(Error::ScopeMissing { needed: scope }));
    assert_eq!(require_scope(&key, Scope::DashboardRead), Ok(()));
    assert_eq!(require_scope(&user(Role::Reviewer), scope), Err(Error::ScopeMissing { needed: scope }));
    assert_eq!(require_scope(&user(Role::Admin), scope), Ok(()));
}

#[test]
fn secrets_stay_out_of_debug_texts() {
    let text = format!("{:?}", authenticator(&HandClock::new()));
    for secret in [SECRET, API_KEY, BOOTSTRAP] {
        assert!(!text.contains(secret));
    }
    assert!(text.contains("REDACTED"));
}

#[test]
fn a_short_secret_signs_no_admin_tokens() {
    let tokens = AdminTokens::new(&"short".into(), Duration::from_mins(1), HandClock::new(), Arc::new(OsEntropy));
    assert_eq!(tokens.map(drop), Err(Error::SecretTooShort));
}
