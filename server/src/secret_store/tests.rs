//! What is made of a store's answers, on a store of the test's own.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;

use super::store::Shelf;
use super::{Error, SecretStore};
use crate::config::{CloudStore, Config, Env, Layers, MapEnv, SecretsManager};

const JWT_SECRET: &str = "kT9v+Qm2Lr7Zx4Wc8Yb1Nd6Hf3Js5Pg0";

/// Holds secrets by name, answers after a while, and remembers what it was asked.
#[derive(Default)]
struct Fake {
    secrets: Vec<(&'static str, &'static str)>,
    after: Duration,
    asked: Mutex<Vec<String>>,
}

#[async_trait]
impl Shelf for Fake {
    async fn take(&self, names: &[String]) -> Result<Vec<(String, SecretString)>, Error> {
        tokio::time::sleep(self.after).await;
        self.asked.lock().unwrap().extend(names.to_vec());
        let held = self.secrets.iter().filter(|(name, _)| names.iter().any(|asked| asked == name));
        Ok(held.map(|(name, value)| ((*name).to_owned(), (*value).into())).collect())
    }
}

fn store_of(fake: Fake) -> (Arc<Fake>, SecretStore) {
    let fake = Arc::new(fake);
    let manager = SecretsManager {
        store: CloudStore::AwsSsm { region: "eu-west-1".to_owned() },
        prefix: "/amber/test/".to_owned(),
        names: None,
        endpoint: None,
        timeout: Duration::from_secs(15),
        poll: None,
    };
    (Arc::clone(&fake), SecretStore::of(fake, manager))
}

fn layers(env: MapEnv) -> Layers {
    Layers::new(vec![Box::new(env)])
}

#[tokio::test]
async fn the_environment_wins_and_is_not_asked_about() {
    let secrets = vec![("/amber/test/ADMIN_JWT_SECRET", JWT_SECRET), ("/amber/test/REDIS_URL", "redis://store\r\n")];
    let (fake, store) = store_of(Fake { secrets, ..Fake::default() });
    let env = MapEnv::default().with("DATABASE_URL", "sqlite://own.db").with("REDIS_URL", "");
    let values = store.read(&env).await.unwrap();
    assert_eq!(values.names().collect::<Vec<_>>(), ["ADMIN_JWT_SECRET", "REDIS_URL"]);
    assert!(!fake.asked.lock().unwrap().contains(&"/amber/test/DATABASE_URL".to_owned()));
    assert!(!format!("{values:?}{store:?}").contains(JWT_SECRET));

    let below = values.below(layers(env.clone()));
    assert_eq!(
        below.get("REDIS_URL").as_deref(),
        Some("redis://store"),
        "an empty variable is open; no line end is kept"
    );
    assert_eq!(below.get("DATABASE_URL").as_deref(), Some("sqlite://own.db"));
    assert!(Config::load(&below).is_ok());
    let later = values.below(layers(env.with("REDIS_URL", "redis://own")));
    assert_eq!(later.get("REDIS_URL").as_deref(), Some("redis://own"), "also what is set after the store was read");
}

#[tokio::test]
async fn what_is_not_said_to_be_there_is_not_asked_for() {
    let secrets = vec![("/amber/test/ADMIN_JWT_SECRET", JWT_SECRET), ("/amber/test/REDIS_URL", "redis://store")];
    let fake = Arc::new(Fake { secrets, ..Fake::default() });
    let (_, other) = store_of(Fake::default());
    let names = Some(vec!["ADMIN_JWT_SECRET", "DATABASE_URL"]);
    let store = SecretStore::of(Arc::clone(&fake) as _, SecretsManager { names, ..other.manager().clone() });
    let values = store.read(&MapEnv::default().with("DATABASE_URL", "sqlite://own.db")).await.unwrap();
    assert_eq!(values.names().collect::<Vec<_>>(), ["ADMIN_JWT_SECRET"]);
    assert_eq!(
        *fake.asked.lock().unwrap(),
        ["/amber/test/ADMIN_JWT_SECRET"],
        "what is set elsewhere is not asked for either"
    );
}

#[tokio::test]
async fn what_is_set_nowhere_is_told_by_the_name_that_the_store_would_have_it_by() {
    let (_, store) = store_of(Fake::default());
    let below = store.read(&MapEnv::default()).await.unwrap().below(layers(MapEnv::default()));
    let errors = Config::load(&below).unwrap_err().to_string();
    let expected = "ADMIN_JWT_SECRET: is not set (aws-ssm has no /amber/test/ADMIN_JWT_SECRET either), but it signs";
    assert!(errors.contains(expected), "{errors}");
}

#[tokio::test(start_paused = true)]
async fn all_secrets_together_are_waited_for_no_longer_than_the_limit() {
    let (_, store) = store_of(Fake { after: Duration::from_secs(16), ..Fake::default() });
    let error = store.read(&MapEnv::default()).await.unwrap_err();
    assert!(matches!(error, Error::Timeout { store: "aws-ssm", .. }), "{error}");
    assert!(error.to_string().contains("within 15 s"), "{error}");
}

#[cfg(not(all(feature = "aws", feature = "gcp")))]
#[tokio::test]
async fn a_program_without_a_store_names_the_feature_that_it_lacks() {
    use crate::domain::{OsEntropy, SystemClock};

    for (store, feature) in [
        (CloudStore::AwsSsm { region: "eu-west-1".to_owned() }, "aws"),
        (CloudStore::AwsSecrets { region: "eu-west-1".to_owned() }, "aws"),
        (CloudStore::GcpSecretManager { project: "amber".to_owned() }, "gcp"),
    ] {
        if cfg!(feature = "aws") && feature == "aws" || cfg!(feature = "gcp") && feature == "gcp" {
            continue;
        }
        let (_, known) = store_of(Fake::default());
        let manager = SecretsManager { store, ..known.manager().clone() };
        let error = SecretStore::open(manager, Arc::new(SystemClock), Arc::new(OsEntropy)).await.unwrap_err();
        assert!(error.to_string().contains(&format!("--features {feature}")), "{error}");
    }
}
