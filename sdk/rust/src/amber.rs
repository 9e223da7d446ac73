//! The connection to a server, and a typed client per service.

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
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;

use crate::{CallMetadata, Credentials, Error, Options, RetryPolicy};

/// What a client of a service calls through: the shared channel, with credential and request id added.
pub type Connection = InterceptedService<Channel, CallMetadata>;

/// A server of Amber. Clones and all clients share one HTTP/2 connection, which is made again when it breaks.
#[derive(Clone, Debug)]
pub struct Amber {
    channel: Channel,
    metadata: CallMetadata,
    retry: RetryPolicy,
}

impl Amber {
    /// Connects to a server and returns once the connection stands.
    ///
    /// # Errors
    /// [`Error`] when the options are wrong or the server is not reached in time.
    pub async fn connect(options: Options) -> Result<Self, Error> {
        let metadata = CallMetadata::new(options.credentials.authorization()?);
        let connected = options.transport()?.connect().await;
        let channel = connected.map_err(|source| Error::Connect { endpoint: options.endpoint, source })?;
        Ok(Self { channel, metadata, retry: options.retry })
    }

    /// Makes a client that connects at its first call, so that a service can start before its server. Must be called
    /// inside a tokio runtime.
    ///
    /// # Errors
    /// [`Error`] when the options are wrong.
    pub fn connect_lazy(options: Options) -> Result<Self, Error> {
        let metadata = CallMetadata::new(options.credentials.authorization()?);
        let channel = options.transport()?.connect_lazy();
        Ok(Self { channel, metadata, retry: options.retry })
    }

    /// The same connection with another credential, for example a renewed admin token.
    ///
    /// # Errors
    /// [`Error::Credential`] when the credential cannot be sent.
    pub fn with_credentials(&self, credentials: &Credentials) -> Result<Self, Error> {
        let metadata = CallMetadata::new(credentials.authorization()?);
        Ok(Self { metadata, ..self.clone() })
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

    pub(crate) fn retry(&self) -> &RetryPolicy {
        &self.retry
    }

    fn connection(&self) -> Connection {
        InterceptedService::new(self.channel.clone(), self.metadata.clone())
    }
}
