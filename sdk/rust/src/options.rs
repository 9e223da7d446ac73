//! How to reach a server: address, time limits, keep-alive, credential.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tonic::transport::Endpoint;

use crate::trace::{TraceContext, TraceSource};
use crate::{AdminLogin, CredentialProvider, Credentials, Error, RetryPolicy};

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
    endpoints: Vec<String>,
    pub(crate) credentials: Source,
    pub(crate) trace: Option<TraceSource>,
    pub(crate) retry: RetryPolicy,
    connect_timeout: Duration,
    pub(crate) request_timeout: Duration,
    keep_alive_interval: Duration,
    keep_alive_timeout: Duration,
    ca_certificate: Option<Vec<u8>>,
}

/// Where credentials come from.
#[derive(Clone)]
pub(crate) enum Source {
    Fixed(Credentials),
    Login(AdminLogin),
    Provider(Arc<dyn CredentialProvider>),
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(credentials) => credentials.fmt(f),
            Self::Login(login) => login.fmt(f),
            Self::Provider(_) => f.write_str("CredentialProvider"),
        }
    }
}

impl Options {
    /// Options for a server at `http://host:port` or `https://host:port`, anonymous, with these defaults: 5 s to connect,
    /// 30 s for a request, a keep-alive every 30 s that must be answered within 10 s.
    #[must_use]
    pub fn new(endpoint: impl Into<String>) -> Self {
        Self {
            endpoints: vec![endpoint.into()],
            credentials: Source::Fixed(Credentials::None),
            trace: None,
            retry: RetryPolicy::default(),
            connect_timeout: Duration::from_secs(5),
            request_timeout: Duration::from_secs(30),
            keep_alive_interval: Duration::from_secs(30),
            keep_alive_timeout: Duration::from_secs(10),
            ca_certificate: None,
        }
    }

    /// Another server of the same installation. One is used at a time; when it is away, calls go on to the next one.
    #[must_use]
    pub fn or_endpoint(mut self, endpoint: impl Into<String>) -> Self {
        self.endpoints.push(endpoint.into());
        self
    }

    /// What the caller shows to prove itself.
    #[must_use]
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Source::Fixed(credentials);
        self
    }

    /// Where the credential of each call comes from.
    #[must_use]
    pub fn credential_provider(mut self, provider: impl CredentialProvider) -> Self {
        self.credentials = Source::Provider(Arc::new(provider));
        self
    }

    /// Gets an admin token when the first call needs one, and the next ones before each ends.
    #[must_use]
    pub fn admin_login(mut self, login: AdminLogin) -> Self {
        self.credentials = Source::Login(login);
        self
    }

    /// Tells the trace that a call belongs to: it is asked for each call, in the task that makes it.
    ///
    /// ```
    /// use amber_sdk::{Options, TraceContext};
    ///
    /// tokio::task_local! {
    ///     /// The trace of the request that this task answers.
    ///     static TRACE: TraceContext;
    /// }
    ///
    /// let options = Options::new("http://amber:5000").trace(|| TRACE.try_with(|trace| *trace).ok());
    /// ```
    #[must_use]
    pub fn trace(mut self, current: impl Fn() -> Option<TraceContext> + Send + Sync + 'static) -> Self {
        self.trace = Some(TraceSource::new(current));
        self
    }

    /// How calls that failed for a passing cause are repeated: those that do no more by being made twice, and any others
    /// that certainly did not reach the server.
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

    /// How long a call may take until its answer begins, all repetitions included; the server is told how much is left.
    /// `tonic::Request::set_timeout` says another time for one call.
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

    /// The address at a place.
    pub(crate) fn address(&self, at: usize) -> &str {
        self.endpoints.get(at).map_or("", String::as_str)
    }

    /// The endpoints as the transport wants them; there is at least one.
    pub(crate) fn transport(&self) -> Result<Vec<Endpoint>, Error> {
        self.endpoints.iter().map(|address| self.endpoint(address)).collect()
    }

    fn endpoint(&self, address: &str) -> Result<Endpoint, Error> {
        let invalid = || Error::Endpoint { endpoint: address.to_owned() };
        let endpoint = Endpoint::from_shared(address.to_owned()).map_err(|_malformed| invalid())?;
        let secure = match (endpoint.uri().scheme_str(), endpoint.uri().host()) {
            (Some("http"), Some(_)) => false,
            (Some("https"), Some(_)) => true,
            _ => return Err(invalid()),
        };
        let endpoint = endpoint
            .user_agent(USER_AGENT)
            .expect("the user agent is ASCII")
            .connect_timeout(self.connect_timeout)
            .http2_keep_alive_interval(self.keep_alive_interval)
            .keep_alive_timeout(self.keep_alive_timeout)
            .keep_alive_while_idle(true);
        if secure { self.with_tls(endpoint, address) } else { Ok(endpoint) }
    }

    #[cfg(feature = "tls")]
    fn with_tls(&self, endpoint: Endpoint, address: &str) -> Result<Endpoint, Error> {
        use tonic::transport::{Certificate, ClientTlsConfig};

        let authorities = self.ca_certificate.iter().map(Certificate::from_pem);
        let tls = ClientTlsConfig::new().with_enabled_roots().ca_certificates(authorities);
        endpoint.tls_config(tls).map_err(|source| Error::Tls { endpoint: address.to_owned(), source: Some(source) })
    }

    #[cfg(not(feature = "tls"))]
    #[expect(clippy::unused_self, reason = "with TLS it has more to say")]
    fn with_tls(&self, _endpoint: Endpoint, address: &str) -> Result<Endpoint, Error> {
        Err(Error::Tls { endpoint: address.to_owned(), source: None })
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
        assert_eq!(endpoint[0].get_connect_timeout(), Some(Duration::from_millis(1_234)));
    }

    #[test]
    fn no_credential_is_shown() {
        let options = Options::new("http://amber:5000").credentials(Credentials::api_key("s3cr3t"));
        assert!(!format!("{options:?}").contains("s3cr3t"));
        let options = options.admin_login(AdminLogin::new("asha", "s3cr3t"));
        assert!(!format!("{options:?}").contains("s3cr3t") && format!("{options:?}").contains("asha"));
    }
}
