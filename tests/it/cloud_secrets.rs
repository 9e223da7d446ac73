//! Secrets from the stores of clouds: the program against moto in place of AWS and a double in place of Google Cloud.

mod amber;

use std::time::Duration;

use amber_tests::{Cloud, STORES};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::StatusCode;
use tokio::time::Instant;

use amber::{Amber, check, is_built};

const JWT_SECRET: &str = "kT9v+Qm2Lr7Zx4Wc8Yb1Nd6Hf3Js5Pg0";
const API_KEY: &str = "amber_Zm4Xn6Cb8Vv1Bg3Nh5Mj7Kl9";
const OTHER_API_KEY: &str = "amber_Qw8Er6Ty4Ui2Op0As1Df3Gh5Jk";
const K1: &str = "Pl0Ok9Ij8Uh7Yg6Tf5Rd4Es3Wa2Qz1Xm";
const K2: &str = "Lk8Jh6Gf4Ds2Az1Sx3Cd5Fv7Gb9Hn0Jm";
const OLD_BEARER: &str = "old-bearer-token-0123456789";
const NEW_BEARER: &str = "new-bearer-token-9876543210";

/// A double that the program was built for, with the one secret that every server needs.
async fn cloud(store: &'static str) -> Option<Cloud> {
    let cloud = Cloud::start(store).await?;
    if !is_built(&cloud).await {
        return None;
    }
    cloud.put("ADMIN_JWT_SECRET", JWT_SECRET).await;
    Some(cloud)
}

/// Keys by name, the signing one first, as `EMBED_SIGNING_KEYS` wants them.
fn ring(keys: &[(&str, &str)]) -> String {
    keys.iter().map(|(id, key)| format!("{id}:{}", STANDARD.encode(key))).collect::<Vec<_>>().join(",")
}

/// A server that embeds and calls an X where nobody answers; both secrets for that are in the store.
const EMBEDDING: [(&str, &str); 5] = [
    ("EMBED_ENABLED", "true"),
    ("EMBED_ALLOWED_ORIGINS", "https://partner.example"),
    ("X_INGEST_ENABLED", "true"),
    ("X_API_BASE_URL", "http://127.0.0.1:9"),
    ("RUST_LOG", "trace"),
];

async fn embedding(store: &'static str) -> Option<Cloud> {
    let cloud = cloud(store).await?;
    cloud.put("ADMIN_API_KEY", API_KEY).await;
    cloud.put("EMBED_SIGNING_KEYS", &ring(&[("k1", K1)])).await;
    cloud.put("X_API_BEARER", OLD_BEARER).await;
    Some(cloud)
}

/// Neither as it is, nor as it is sent.
#[track_caller]
fn assert_shows_no_secret(text: &str) {
    for secret in [JWT_SECRET, API_KEY, K1, K2, OLD_BEARER, NEW_BEARER] {
        for form in [secret.to_owned(), STANDARD.encode(secret)] {
            assert!(!text.contains(&form), "{secret} is shown");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_works_with_the_secrets_of_every_store_and_takes_up_new_ones_at_a_hangup_without_showing_any() {
    for store in STORES {
        let Some(cloud) = embedding(store).await else { continue };
        let amber = Amber::serve(&cloud, &EMBEDDING).await;
        assert!(amber.log().contains("ADMIN_API_KEY, ADMIN_JWT_SECRET, EMBED_SIGNING_KEYS"), "{}", amber.log());
        assert_eq!(amber.issue(API_KEY).await, (StatusCode::OK, "k1".to_owned()), "{store}");

        cloud.put("EMBED_SIGNING_KEYS", &ring(&[("k2", K2), ("k1", K1)])).await;
        cloud.put("X_API_BEARER", NEW_BEARER).await;
        assert_eq!(amber.issue(API_KEY).await, (StatusCode::OK, "k1".to_owned()), "nobody asked yet");
        amber.hang_up();
        amber.says("The bearer token for X was replaced.").await;
        amber.says("they are k2,k1 now").await;
        assert_eq!(amber.issue(API_KEY).await, (StatusCode::OK, "k2".to_owned()), "{store}");
        amber.hang_up();
        amber.says("are the same as before").await;
        assert_shows_no_secret(&amber.log());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poll_takes_up_new_secrets_and_outlives_a_store_that_fails() {
    let Some(cloud) = embedding("gcp-secret-manager").await else { return };
    let polling = [EMBEDDING.as_slice(), &[("SECRETS_POLL_SECONDS", "1"), ("SECRETS_TIMEOUT_SECONDS", "5")]].concat();
    let amber = Amber::serve(&cloud, &polling).await;
    cloud.front.delay(Duration::from_mins(1));
    amber.says("the present ones stay: gcp-secret-manager did not show the secrets within 5 s").await;
    assert_eq!(amber.issue(API_KEY).await, (StatusCode::OK, "k1".to_owned()));
    let metrics = amber.metrics().await;
    let failed = metrics.lines().find_map(|line| line.strip_prefix("amber_secret_reads_total{outcome=\"failed\"} "));
    assert!(failed.is_some_and(|count| count != "0"), "{metrics}");

    cloud.put("EMBED_SIGNING_KEYS", &ring(&[("k2", K2)])).await;
    cloud.front.delay(Duration::ZERO);
    amber.says("they are k2 now").await;
    assert_eq!(amber.issue(API_KEY).await, (StatusCode::OK, "k2".to_owned()));
    assert_shows_no_secret(&amber.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_environment_wins_over_the_store() {
    for store in STORES {
        let Some(cloud) = embedding(store).await else { continue };
        let own = [EMBEDDING.as_slice(), &[("ADMIN_API_KEY", OTHER_API_KEY)]].concat();
        let amber = Amber::serve(&cloud, &own).await;
        assert_eq!(amber.issue(OTHER_API_KEY).await.0, StatusCode::OK, "{store}");
        assert_eq!(amber.issue(API_KEY).await.0, StatusCode::UNAUTHORIZED, "{store}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_secret_is_told_by_its_name_in_the_store() {
    for store in STORES {
        let Some(cloud) = cloud(store).await else { continue };
        cloud.put("EMBED_SIGNING_KEY", K1).await;
        let said = check(&cloud, &[("X_INGEST_ENABLED", "true"), ("RUST_LOG", "trace")]).await;
        assert_eq!(said.code, Some(64), "{}", said.text);
        let missing = format!("X_API_BEARER: is not set ({store} has no {} either)", cloud.name_of("X_API_BEARER"));
        assert!(said.text.contains(&missing), "{}", said.text);
        assert_shows_no_secret(&said.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_may_not_be_read_is_told_with_the_permission_to_give() {
    for (store, permission) in [
        ("aws-ssm", "ssm:GetParameters"),
        ("aws-secrets", "secretsmanager:BatchGetSecretValue"),
        ("gcp-secret-manager", "roles/secretmanager.secretAccessor"),
    ] {
        let Some(cloud) = cloud(store).await else { continue };
        let before = cloud.front.calls();
        cloud.forbid();
        let said = check(&cloud, &[]).await;
        assert_eq!(said.code, Some(69), "{}", said.text);
        for words in [store, permission, "does not let this process read", &cloud.name_of("")] {
            assert!(said.text.contains(words), "{words}: {}", said.text);
        }
        for variable in ["ADMIN_JWT_SECRET", "REDIS_URL"] {
            assert!(said.text.contains(&cloud.name_of(variable)), "{variable} of all is told: {}", said.text);
        }
        let calls = cloud.front.calls() - before;
        assert!(calls <= 13, "{store} was asked {calls} times for 13 secrets, though it says no for good");
    }
}

/// To whoever may read single secrets only, Google Cloud refuses those that do not exist.
#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_may_read_single_secrets_is_enough_when_these_are_named() {
    let Some(cloud) = embedding("gcp-secret-manager").await else { return };
    cloud.grant_one_by_one();
    let said = check(&cloud, &EMBEDDING).await;
    assert_eq!(said.code, Some(69), "{}", said.text);
    assert!(said.text.contains("name in SECRETS_NAMES those that exist"), "{}", said.text);
    for (variable, is_forbidden) in [("REDIS_URL", true), ("EMBED_SIGNING_KEY", true), ("ADMIN_API_KEY", false)] {
        assert_eq!(said.text.contains(&format!("{},", cloud.name_of(variable))), is_forbidden, "{}", said.text);
    }
    let named = ("SECRETS_NAMES", "ADMIN_JWT_SECRET,ADMIN_API_KEY,EMBED_SIGNING_KEYS,X_API_BEARER");
    let amber = Amber::serve(&cloud, &[EMBEDDING.as_slice(), &[named]].concat()).await;
    assert_eq!(amber.issue(API_KEY).await, (StatusCode::OK, "k1".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_wants_fewer_calls_is_asked_again() {
    for store in STORES {
        let Some(cloud) = cloud(store).await else { continue };
        let before = cloud.front.calls();
        cloud.throttle(2);
        let said = check(&cloud, &[]).await;
        assert_eq!(said.code, Some(0), "{}", said.text);
        assert!(said.text.contains(store), "the summary names the store: {}", said.text);
        assert!(cloud.front.calls() >= before + 3, "{store}");

        cloud.throttle(usize::MAX);
        let said = check(&cloud, &[("SECRETS_TIMEOUT_SECONDS", "60")]).await;
        assert_eq!(said.code, Some(69), "the retries are spent: {}", said.text);
        assert!(said.text.contains(&format!("{store} could not be read")), "{}", said.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_store_is_waited_for_no_longer_than_the_limit() {
    for store in STORES {
        let Some(cloud) = cloud(store).await else { continue };
        cloud.front.delay(Duration::from_mins(1));
        let begin = Instant::now();
        let said = check(&cloud, &[("SECRETS_TIMEOUT_SECONDS", "1")]).await;
        assert_eq!(said.code, Some(69), "{}", said.text);
        assert!(said.text.contains(&format!("{store} did not show the secrets within 1 s")), "{}", said.text);
        assert!(begin.elapsed() < Duration::from_secs(40), "{:?}", begin.elapsed());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pod_on_aws_is_known_by_the_role_of_its_service_account() {
    let Some(cloud) = cloud("aws-ssm").await else { return };
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    std::fs::write(&token, "token-of-the-service-account").unwrap();
    let role = [
        ("AWS_ACCESS_KEY_ID", ""),
        ("AWS_SECRET_ACCESS_KEY", ""),
        ("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/amber"),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", token.to_str().unwrap()),
    ];
    let said = check(&cloud, &role).await;
    assert_eq!(said.code, Some(0), "{}", said.text);
    assert!(cloud.front.calls() >= 2, "the role is asked for as well");

    std::fs::remove_file(&token).unwrap();
    let said = check(&cloud, &role).await;
    assert_eq!(said.code, Some(69), "{}", said.text);
    assert!(said.text.contains("no credentials of the cloud"), "{}", said.text);
}
