//! Secret Manager of Google Cloud, by its REST interface. Who this process is comes from Google's own library.

use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::{StreamExt, TryStreamExt, stream};
use google_cloud_auth::credentials::{AccessTokenCredentials, Builder};
use reqwest::header::{AUTHORIZATION, HeaderValue};
use secrecy::SecretString;
use serde::Deserialize;

use super::Error;
use super::call::{Answer, Caller, Failed, LONGEST_SECRET};
use super::store::Shelf;
use crate::config::SecretsManager;
use crate::domain::Entropy;

const PUBLIC: &str = "https://secretmanager.googleapis.com";

const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";

const CREDENTIALS_REMEDY: &str = "bind its service account by Workload Identity, or set GOOGLE_APPLICATION_CREDENTIALS";

const PERMISSION: &str = "give its service account roles/secretmanager.secretAccessor on all secrets below SECRETS_PREFIX, or name in \
     SECRETS_NAMES those that exist and that it may read";

/// Calls under way at once; each reads one secret.
const AT_ONCE: usize = 4;

/// The secrets of one project.
pub(super) struct Gcp {
    /// Where the secrets are, without a slash at the end.
    base: String,
    credentials: AccessTokenCredentials,
    caller: Caller,
}

impl Gcp {
    pub(super) fn open(manager: &SecretsManager, project: &str, entropy: Arc<dyn Entropy>) -> Result<Self, Error> {
        let caller = Caller::new(manager.store.as_str(), entropy)?;
        let credentials = Builder::default().with_scopes([SCOPE]).build_access_token_credentials();
        let credentials = credentials.map_err(|error| caller.no_credentials(&error.to_string(), CREDENTIALS_REMEDY))?;
        let base = format!("{}/v1/projects/{project}/secrets", manager.endpoint.as_deref().unwrap_or(PUBLIC));
        Ok(Self { base, credentials, caller })
    }

    /// [`projects.secrets.versions.access`](https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets.versions/access)
    /// of the newest version.
    async fn access(&self, name: &str, token: &HeaderValue) -> Result<Shown, Error> {
        let url = format!("{}/{name}/versions/latest:access", self.base);
        let request = || Ok(self.caller.http.get(&url).header(AUTHORIZATION, token.clone()));
        self.caller.call(request, |answer| self.judge(name, answer)).await
    }

    fn judge(&self, name: &str, answer: &Answer) -> Result<Shown, Failed> {
        if answer.status.is_success() {
            return self.secret(name, answer.body.expose()).map(Shown::Secret).map_err(Failed::for_good);
        }
        let Problem { status, message } =
            serde_json::from_slice(answer.body.expose()).map(|Wrapped { error }| error).unwrap_or_default();
        let reason = format!("{} {status} {message}", answer.status.as_u16());
        let reason = reason.trim_end();
        match answer.status.as_u16() {
            404 => Ok(Shown::Nothing),
            401 => Err(Failed::for_good(self.caller.no_credentials(reason, CREDENTIALS_REMEDY))),
            403 => Ok(Shown::Forbidden(reason.to_owned())),
            429 | 500.. => Err(self.caller.unavailable(answer, reason)),
            _ => Err(Failed::for_good(self.caller.refused(name, reason))),
        }
    }

    fn secret(&self, name: &str, body: &[u8]) -> Result<SecretString, Error> {
        #[derive(Deserialize)]
        struct Accessed {
            payload: Payload,
        }
        #[derive(Deserialize)]
        struct Payload {
            data: String,
        }
        let unusable = |problem| self.caller.unusable(name, problem);
        let Accessed { payload } =
            serde_json::from_slice(body).map_err(|_| unusable("the answer is not understood"))?;
        let bytes = STANDARD.decode(payload.data).map_err(|_| unusable("the answer is not understood"))?;
        if bytes.len() > LONGEST_SECRET {
            return Err(unusable("it is longer than 64 KiB"));
        }
        String::from_utf8(bytes).map(Into::into).map_err(|_| unusable("it is binary; store it as text"))
    }

    async fn token(&self) -> Result<HeaderValue, Error> {
        let refused = |reason: &str| self.caller.no_credentials(reason, CREDENTIALS_REMEDY);
        let token = self.credentials.access_token().await.map_err(|error| refused(&error.to_string()))?;
        let header = HeaderValue::from_str(&format!("Bearer {}", token.token));
        let mut header = header.map_err(|_| refused("no header can carry the token"))?;
        header.set_sensitive(true);
        Ok(header)
    }
}

#[async_trait]
impl Shelf for Gcp {
    async fn take(&self, names: &[String]) -> Result<Vec<(String, SecretString)>, Error> {
        let token = &self.token().await?;
        let one = |name: String| async move { Ok((self.access(&name, token).await?, name)) };
        let answers: Vec<(Shown, String)> =
            stream::iter(names.to_vec()).map(one).buffered(AT_ONCE).try_collect().await?;
        let (mut secrets, mut forbidden, mut why) = (Vec::new(), Vec::new(), None);
        for (shown, name) in answers {
            match shown {
                Shown::Secret(secret) => secrets.push((name, secret)),
                Shown::Nothing => {}
                Shown::Forbidden(reason) => {
                    forbidden.push(name);
                    why.get_or_insert(reason);
                }
            }
        }
        // All of them at once, so that the rights can be given at once.
        why.map_or(Ok(secrets), |reason| Err(self.caller.forbidden(&forbidden.join(", "), &reason, PERMISSION)))
    }
}

/// What the store has for one name.
enum Shown {
    Secret(SecretString),
    /// There is no such secret.
    Nothing,
    /// It may not be read, for this reason. Whoever may read single secrets only is told so of one that does not exist as well.
    Forbidden(String),
}

#[derive(Deserialize)]
struct Wrapped {
    error: Problem,
}

/// [The form of errors](https://cloud.google.com/apis/design/errors#http_mapping) of Google Cloud.
#[derive(Default, Deserialize)]
struct Problem {
    #[serde(default)]
    status: String,
    #[serde(default)]
    message: String,
}
