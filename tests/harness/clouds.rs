//! The secret stores of clouds as the tests want them: moto in place of AWS, a double in place of Google Cloud, and in front of
//! either somebody who makes it slow or unwilling.

mod google;
mod moto;
mod unsteady;

pub use unsteady::Unsteady;

use google::Google;
use moto::Moto;

/// A kind of secret store, by the name that `SECRETS_MANAGER_PROVIDER` gives it.
pub const STORES: [&str; 3] = ["aws-ssm", "aws-secrets", "gcp-secret-manager"];

/// A secret store with nothing in it, reached through [`Unsteady`].
pub struct Cloud {
    /// What makes it slow or unwilling.
    pub front: Unsteady,
    store: Store,
}

enum Store {
    Aws(Moto, &'static str),
    Google(Google),
}

impl Cloud {
    /// Starts the double of the store of this name; `None` where moto is not installed.
    ///
    /// # Panics
    /// When it does not start, or when moto is missing where `AMBER_REQUIRE_TOOLS` is 1.
    pub async fn start(store: &'static str) -> Option<Self> {
        let store = match store {
            "gcp-secret-manager" => Store::Google(Google::start().await),
            store => Store::Aws(Moto::start()?, store),
        };
        let upstream = match &store {
            Store::Aws(moto, _) => moto.url(),
            Store::Google(google) => google.url(),
        };
        Some(Self { front: Unsteady::before(upstream).await, store })
    }

    /// The variables by which Amber finds the store and is let in.
    #[must_use]
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        let mut variables = vec![("SECRETS_MANAGER_ENABLED", "true".to_owned())];
        variables.extend(match &self.store {
            Store::Aws(_, store) => vec![
                ("SECRETS_MANAGER_PROVIDER", (*store).to_owned()),
                ("AWS_REGION", "eu-west-1".to_owned()),
                ("AWS_ENDPOINT_URL", self.front.url()),
                ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE".to_owned()),
                ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned()),
            ],
            Store::Google(google) => vec![
                ("SECRETS_MANAGER_PROVIDER", "gcp-secret-manager".to_owned()),
                ("GOOGLE_CLOUD_PROJECT", Google::PROJECT.to_owned()),
                ("SECRETS_ENDPOINT_URL", self.front.url()),
                ("GCE_METADATA_HOST", google.host()),
            ],
        });
        variables
    }

    /// What the store calls a variable below the prefix `/amber/prod/`.
    #[must_use]
    pub fn name_of(&self, variable: &str) -> String {
        match &self.store {
            Store::Aws(..) => format!("/amber/prod/{variable}"),
            Store::Google(_) => format!("amber-prod-{variable}"),
        }
    }

    /// Puts a secret into the store, in place of an older one.
    ///
    /// # Panics
    /// When the store does not take it.
    pub async fn put(&self, variable: &str, value: &str) {
        let name = self.name_of(variable);
        match &self.store {
            Store::Aws(moto, "aws-ssm") => moto.put_parameter(&name, value).await,
            Store::Aws(moto, _) => moto.put_secret(&name, value).await,
            Store::Google(google) => google.put(&name, value),
        }
    }

    /// Lets the store refuse calls as it does when there are too many of them.
    pub fn throttle(&self, times: usize) {
        let (status, body) = match &self.store {
            Store::Aws(..) => (400, r#"{"__type":"ThrottlingException","message":"Rate exceeded"}"#),
            Store::Google(_) => {
                (429, r#"{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","message":"Quota exceeded"}}"#)
            }
        };
        self.front.refuse(times, status, body);
    }

    /// Lets the store refuse all calls as it does to whoever has no right to the secrets.
    pub fn forbid(&self) {
        let (status, body) = match &self.store {
            Store::Aws(..) => (400, r#"{"__type":"AccessDeniedException","Message":"is not authorized to perform"}"#),
            Store::Google(_) => {
                (403, r#"{"error":{"code":403,"status":"PERMISSION_DENIED","message":"Permission denied"}}"#)
            }
        };
        self.front.refuse(usize::MAX, status, body);
    }

    /// Gives the pod rights to each secret that there is, in place of one to all, where the store tells the two apart.
    pub fn grant_one_by_one(&self) {
        if let Store::Google(google) = &self.store {
            google.grant_one_by_one();
        }
    }
}
