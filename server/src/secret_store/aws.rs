//! AWS: parameters of Systems Manager, and Secrets Manager.
//!
//! Both speak AWS JSON 1.1, so that one signed call serves both. Who this process is comes from AWS's own library; the clients of the
//! two services are left out, because they are twenty megabytes of source for one call each.

mod service;

use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use reqwest::RequestBuilder;
use reqwest::header::HeaderValue;
use secrecy::SecretString;

use service::{CREDENTIALS_REMEDY, PARAMETERS, SECRETS, Service};

use super::Error;
use super::call::Caller;
use super::store::Shelf;
use crate::config::{CloudStore, SecretsManager};
use crate::domain::{Clock, Entropy};

/// How often the next part of one answer is asked for.
const MOST_PAGES: usize = 10;

/// One of the two stores in one region.
pub(super) struct Aws {
    service: Service,
    region: String,
    url: String,
    config: SdkConfig,
    caller: Caller,
    clock: Arc<dyn Clock>,
}

impl Aws {
    pub(super) async fn open(
        manager: &SecretsManager,
        region: &str,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, Error> {
        let is_ssm = matches!(manager.store, CloudStore::AwsSsm { .. });
        let service = if is_ssm { PARAMETERS } else { SECRETS };
        let http =
            aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
        let config = aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new(region.to_owned()))
            .http_client(http)
            .load()
            .await;
        let endpoint = manager.endpoint.as_deref().or_else(|| config.endpoint_url()).map(str::to_owned);
        let url = endpoint.unwrap_or_else(|| public_address(service.name, region));
        let url = format!("{}/", url.trim_end_matches('/'));
        let caller = Caller::new(manager.store.as_str(), entropy)?;
        Ok(Self { service, region: region.to_owned(), url, config, caller, clock })
    }

    /// Who this process is, now: roles change their credentials every hour.
    async fn credentials(&self) -> Result<Credentials, Error> {
        let refused = |reason: &str| self.caller.no_credentials(reason, CREDENTIALS_REMEDY);
        let provider =
            self.config.credentials_provider().ok_or_else(|| refused("there is no place to look for them"))?;
        provider.provide_credentials().await.map_err(|error| refused(&with_sources(&error)))
    }

    fn request(&self, body: &[u8], credentials: &Credentials) -> Result<RequestBuilder, Error> {
        let headers = [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", self.service.target)];
        let identity = credentials.clone().into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(self.service.name)
            .time(SystemTime::from(self.clock.now()))
            .settings(SigningSettings::default())
            .build()
            .expect("everything that a signature needs is given")
            .into();
        let unsigned = |reason: &dyn std::fmt::Display| {
            self.caller.refused("any secret", &format!("the call cannot be signed ({reason})"))
        };
        let signable = SignableRequest::new("POST", &self.url, headers.into_iter(), SignableBody::Bytes(body))
            .map_err(|error| unsigned(&error))?;
        let (instructions, _) = sign(signable, &parameters).map_err(|error| unsigned(&error))?.into_parts();
        let mut request = self.caller.http.post(&self.url).body(body.to_owned());
        for (name, value) in headers {
            request = request.header(name, value);
        }
        for (name, value) in instructions.headers() {
            let mut value = HeaderValue::from_str(value).map_err(|error| unsigned(&error))?;
            value.set_sensitive(true);
            request = request.header(name, value);
        }
        Ok(request)
    }

    /// Reads one batch, in as many parts as it comes.
    async fn batch(&self, names: &[String], credentials: &Credentials) -> Result<Vec<(String, SecretString)>, Error> {
        let listed = names.join(", ");
        let (mut secrets, mut next) = (Vec::new(), None);
        for _ in 0..MOST_PAGES {
            let body = (self.service.ask)(names, next).to_string();
            let request = || self.request(body.as_bytes(), credentials);
            let page = self.caller.call(request, |answer| self.service.judge(&self.caller, &listed, answer)).await?;
            secrets.extend(page.secrets);
            next = page.next;
            if next.is_none() {
                return Ok(secrets);
            }
        }
        Err(self.caller.unusable(&listed, "the answer has more than 10 parts"))
    }
}

#[async_trait]
impl Shelf for Aws {
    async fn take(&self, names: &[String]) -> Result<Vec<(String, SecretString)>, Error> {
        let credentials = self.credentials().await?;
        let mut secrets = Vec::new();
        for batch in names.chunks(self.service.batch) {
            secrets.extend(self.batch(batch, &credentials).await?);
        }
        Ok(secrets)
    }
}

/// Where a service is; the regions of China have a domain of their own.
fn public_address(service: &str, region: &str) -> String {
    let domain = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    format!("https://{service}.{region}.{domain}")
}

/// The error and what is behind it, which alone tells why there are no credentials.
fn with_sources(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text = format!("{text}: {source}");
        next = source.source();
    }
    text
}
