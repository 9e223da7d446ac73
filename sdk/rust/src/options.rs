//! How to reach a server: address, time limits, keep-alive, credential.

use std::time::Duration;

use tonic::transport::Endpoint;

use crate::{Credentials, Error, RetryPolicy};

const USER_AGENT: &str = concat!("amber-sdk-rust/", env!("CARGO_PKG_VERSION"));

/// How to reach a server.
///
/// ```
/// use std::time::Duration;
/// use amber_sdk::{Credentials, Options};
///
/// let options = Options::new("https://amber.example.com")
///     .connect_timeout(Duration::from_secs(2))
///     .request_timeout(Duration::from_secs(10))
///     .credentials(Credentials::api_key("the key, from a secret store"));
/// ```
#[derive(Clone, Debug)]
pub struct Options {
    pub(crate) endpoint: String,
    pub(crate) credentials: Credentials,
    pub(crate) retry: RetryPolicy,
    connect_timeout: Duration,
    request_timeout: Duration,
    keep_alive_interval: Duration,
    keep_alive_timeout: Duration,
    ca_certificate: Option<Vec<u8>>,
}

impl Options {
    /// Options for a server at `http://host:port` or `https://host:port`, anonymous, with these defaults: 5 s to connect,
    /// 30 s for a request, a keep-alive every 30 s that must be answered within 10 s.
    #[must_use]
    pub fn new(endpoint: impl Into<String>) -> Self {
        Self {
            endpoint: endpoint.into(),
            credentials: Credentials::None,
            retry: RetryPolicy::default(),
            connect_timeout: Duration::from_secs(5),
            request_timeout: Duration::from_secs(30),
            keep_alive_interval: Duration::from_secs(30),
            keep_alive_timeout: Duration::from_secs(10),
            ca_certificate: None,
        }
    }

    /// What the caller shows to prove itself.
    #[must_use]
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = credentials;
        self
    }

    /// How streams, such as [`Amber::posts`](crate::Amber::posts), repeat a call that failed for a passing cause.
    #[must_use]
    pub fn retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }

    /// How long a connection attempt may take.
    #[must_use]
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = limit;
        self
    }

    /// How long a call may take until its answer begins; the server is told too.
    #[must_use]
    pub fn request_timeout(mut self, limit: Duration) -> Self {
        self.request_timeout = limit;
        self
    }

    /// How often an HTTP/2 ping is sent, also on an idle connection, and how long its answer may take.
    #[must_use]
    pub fn keep_alive(mut self, interval: Duration, timeout: Duration) -> Self {
        self.keep_alive_interval = interval;
        self.keep_alive_timeout = timeout;
        self
    }

    /// A certificate authority in PEM form to trust beside the public ones, for `https://` endpoints.
    #[must_use]
    pub fn ca_certificate(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.ca_certificate = Some(pem.into());
        self
    }

    /// The endpoint as the transport wants it.
    pub(crate) fn transport(&self) -> Result<Endpoint, Error> {
        let invalid = || Error::Endpoint { endpoint: self.endpoint.clone() };
        let endpoint = Endpoint::from_shared(self.endpoint.clone()).map_err(|_malformed| invalid())?;
        let secure = match (endpoint.uri().scheme_str(), endpoint.uri().host()) {
            (Some("http"), Some(_)) => false,
            (Some("https"), Some(_)) => true,
            _ => return Err(invalid()),
        };
        let endpoint = endpoint
            .user_agent(USER_AGENT)
            .expect("the user agent is ASCII")
            .connect_timeout(self.connect_timeout)
            .timeout(self.request_timeout)
            .http2_keep_alive_interval(self.keep_alive_interval)
            .keep_alive_timeout(self.keep_alive_timeout)
            .keep_alive_while_idle(true);
        if secure { self.with_tls(endpoint) } else { Ok(endpoint) }
    }

    #[cfg(feature = "tls")]
    fn with_tls(&self, endpoint: Endpoint) -> Result<Endpoint, Error> {
        use tonic::transport::{Certificate, ClientTlsConfig};

        let authorities = self.ca_certificate.iter().map(Certificate::from_pem);
        let tls = ClientTlsConfig::new().with_enabled_roots().ca_certificates(authorities);
        endpoint.tls_config(tls).map_err(|source| Error::Tls { endpoint: self.endpoint.clone(), source: Some(source) })
    }

    #[cfg(not(feature = "tls"))]
    fn with_tls(&self, _endpoint: Endpoint) -> Result<Endpoint, Error> {
        Err(Error::Tls { endpoint: self.endpoint.clone(), source: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_that_is_no_web_address_is_refused() {
        for bad in ["", "amber", "amber:5000", "ftp://amber", "/path", "http://"] {
            let error = Options::new(bad).transport().expect_err(bad);
            assert!(matches!(&error, Error::Endpoint { endpoint } if endpoint == bad), "{bad}: {error:?}");
        }
        assert!(Options::new("http://127.0.0.1:5000").transport().is_ok());
    }

    #[cfg(feature = "tls")]
    #[test]
    fn an_endpoint_with_tls_is_accepted() {
        Options::new("https://amber.example.com").transport().expect("TLS is compiled in");
    }

    #[test]
    fn the_limits_reach_the_transport() {
        let options = Options::new("http://amber:5000").connect_timeout(Duration::from_millis(1_234));
        let endpoint = options.transport().expect("the endpoint is good");
        assert_eq!(endpoint.get_connect_timeout(), Some(Duration::from_millis(1_234)));
    }

    #[test]
    fn no_credential_is_shown() {
        let options = Options::new("http://amber:5000").credentials(Credentials::api_key("s3cr3t"));
        assert!(!format!("{options:?}").contains("s3cr3t"));
    }
}
