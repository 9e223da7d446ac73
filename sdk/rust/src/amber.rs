//! The connection to a server, and a typed client per service.

use std::sync::Arc;

use amber_proto::v1::api_key_service_client::ApiKeyServiceClient;
use amber_proto::v1::auth_service_client::AuthServiceClient;
use amber_proto::v1::dashboard_service_client::DashboardServiceClient;
use amber_proto::v1::embed_token_service_client::EmbedTokenServiceClient;
use amber_proto::v1::feed_service_client::FeedServiceClient;
use amber_proto::v1::health_service_client::HealthServiceClient;
use amber_proto::v1::ingestion_service_client::IngestionServiceClient;
use amber_proto::v1::leader_service_client::LeaderServiceClient;
use amber_proto::v1::metrics_service_client::MetricsServiceClient;
use amber_proto::v1::rate_limit_service_client::RateLimitServiceClient;
use amber_proto::v1::review_service_client::ReviewServiceClient;

use crate::channels::Channels;
use crate::login::RenewingLogin;
use crate::options::Source;
use crate::{Connection, CredentialProvider, Credentials, Error, Options, RetryPolicy};

/// A server of Amber, or several of one installation. Clones and all clients share one HTTP/2 connection per server, which
/// is made again when it breaks.
#[derive(Clone, Debug)]
pub struct Amber {
    connection: Connection,
}

impl Amber {
    /// Connects to a server and returns once the connection stands; of several, to the first that answers.
    ///
    /// # Errors
    /// [`Error`] when the options are wrong or no server is reached in time.
    pub async fn connect(options: Options) -> Result<Self, Error> {
        let endpoints = options.transport()?;
        check(&options)?;
        let channels = Channels::connect(&endpoints).await.map_err(|(at, source)| {
            let endpoint = options.address(at).to_owned();
            Error::Connect { endpoint, source }
        })?;
        Ok(Self::over(channels, options))
    }

    /// Makes a client that connects at its first call, so that a service can start before its server. Must be called
    /// inside a tokio runtime.
    ///
    /// # Errors
    /// [`Error`] when the options are wrong.
    pub fn connect_lazy(options: Options) -> Result<Self, Error> {
        let endpoints = options.transport()?;
        check(&options)?;
        Ok(Self::over(Channels::lazy(&endpoints), options))
    }

    fn over(channels: Channels, options: Options) -> Self {
        let connection = Connection {
            channels: Arc::new(channels),
            credentials: Arc::new(Credentials::None),
            trace: options.trace,
            retry: options.retry,
            request_timeout: options.request_timeout,
        };
        let credentials: Arc<dyn CredentialProvider> = match options.credentials {
            Source::Fixed(credentials) => Arc::new(credentials),
            Source::Login(login) => Arc::new(RenewingLogin::new(login, connection.clone())),
            Source::Provider(provider) => provider,
        };
        Self { connection: Connection { credentials, ..connection } }
    }

    /// The same connection with another credential, for example that of whoever is served at the moment.
    ///
    /// # Errors
    /// [`Error::Credential`] when the credential cannot be sent.
    pub fn with_credentials(&self, credentials: &Credentials) -> Result<Self, Error> {
        credentials.authorization()?;
        let credentials = Arc::new(credentials.clone());
        Ok(Self { connection: Connection { credentials, ..self.connection.clone() } })
    }

    /// The client of `ApiKeyService`.
    #[must_use]
    pub fn api_keys(&self) -> ApiKeyServiceClient<Connection> {
        ApiKeyServiceClient::new(self.connection())
    }

    /// The client of `AuthService`.
    #[must_use]
    pub fn auth(&self) -> AuthServiceClient<Connection> {
        AuthServiceClient::new(self.connection())
    }

    /// The client of `DashboardService`.
    #[must_use]
    pub fn dashboards(&self) -> DashboardServiceClient<Connection> {
        DashboardServiceClient::new(self.connection())
    }

    /// The client of `EmbedTokenService`.
    #[must_use]
    pub fn embed_tokens(&self) -> EmbedTokenServiceClient<Connection> {
        EmbedTokenServiceClient::new(self.connection())
    }

    /// The client of `FeedService`; [`Amber::posts`] walks all its pages.
    #[must_use]
    pub fn feed(&self) -> FeedServiceClient<Connection> {
        FeedServiceClient::new(self.connection())
    }

    /// The client of `HealthService`.
    #[must_use]
    pub fn health(&self) -> HealthServiceClient<Connection> {
        HealthServiceClient::new(self.connection())
    }

    /// The client of `IngestionService`; [`Amber::watch_run`] follows a run, [`Amber::runs`] and its like walk all pages.
    #[must_use]
    pub fn ingestion(&self) -> IngestionServiceClient<Connection> {
        IngestionServiceClient::new(self.connection())
    }

    /// The client of `LeaderService`.
    #[must_use]
    pub fn leaders(&self) -> LeaderServiceClient<Connection> {
        LeaderServiceClient::new(self.connection())
    }

    /// The client of `MetricsService`.
    #[must_use]
    pub fn metrics(&self) -> MetricsServiceClient<Connection> {
        MetricsServiceClient::new(self.connection())
    }

    /// The client of `RateLimitService`.
    #[must_use]
    pub fn rate_limits(&self) -> RateLimitServiceClient<Connection> {
        RateLimitServiceClient::new(self.connection())
    }

    /// The client of `ReviewService`; [`Amber::review_items`] walks all its pages.
    #[must_use]
    pub fn reviews(&self) -> ReviewServiceClient<Connection> {
        ReviewServiceClient::new(self.connection())
    }

    pub(crate) fn retry(&self) -> &RetryPolicy {
        &self.connection.retry
    }

    fn connection(&self) -> Connection {
        self.connection.clone()
    }
}

/// A credential that cannot be sent is told at once.
fn check(options: &Options) -> Result<(), Error> {
    match &options.credentials {
        Source::Fixed(credentials) => credentials.authorization().map(drop),
        Source::Login(_) | Source::Provider(_) => Ok(()),
    }
}
