//! A whole server in this process, on a free port, reached through the wire.

use std::net::SocketAddr;
use std::sync::Arc;

use amber_sdk::{Amber, Credentials, Options};
use amber_server::app::{self, Core, Server, World};
use amber_server::config::{Config, Env, MapEnv};
use amber_server::domain::{Entropy, OsEntropy};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::port::Port;
use crate::{FakeXApi, Hasty, Postgres, TestClock};

/// Which database a server stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// A file in a temporary folder.
    Sqlite,
    /// A database of the test cluster.
    Postgres,
}

/// The secrets of every test server.
const API_KEY: &str = "test-api-key-9f8e7d6c5b4a3210zyxw";
const BOOTSTRAP: &str = "test-bootstrap-mnbvcxz-0987654321";
const JWT_SECRET: &str = "test-jwt-secret-qwertyuiop-asdfghjkl-1";
const SIGNING_KEY: &str = "test-signing-key-poiuytrewq-lkjhgfdsa-2";

/// A server to be started.
pub struct Builder {
    env: MapEnv,
    clock: TestClock,
    entropy: Arc<dyn Entropy>,
    folder: Option<TempDir>,
    port: Arc<Port>,
}

/// A whole server in this process. It goes with the test; [`TestServer::stop`] ends it in an orderly way.
pub struct TestServer {
    server: Option<Server>,
    port: Arc<Port>,
    env: MapEnv,
    entropy: Arc<dyn Entropy>,
    /// The clock of the server.
    pub clock: TestClock,
    /// Speaks HTTP; it follows no redirect.
    pub http: reqwest::Client,
    folder: Option<TempDir>,
}

/// A token of this role from the server at `url`, bought with its bootstrap secret as a person would.
///
/// # Panics
/// When the server refuses.
pub async fn admin_token(url: &str, secret: &str, role: &str) -> String {
    let body = json!({ "adminId": format!("{role}-1"), "secret": secret, "role": role });
    let answer = http_client().post(format!("{url}/api/admin/token")).json(&body).send().await.expect("an answer");
    let answer: Value = answer.json().await.expect("JSON");
    answer["token"].as_str().expect("a token").to_owned()
}

impl TestServer {
    /// A server on SQLite with every feature but ingestion switched on, and limits that no test meets by chance.
    ///
    /// # Panics
    /// When it cannot start.
    pub async fn start() -> Self {
        let builder = Self::on(Backend::Sqlite).await.expect("SQLite is always there");
        builder.start().await
    }

    /// A server to be started on `backend`; None when there is no PostgreSQL, which is said on stderr.
    ///
    /// # Panics
    /// When the temporary folder cannot be made.
    pub async fn on(backend: Backend) -> Option<Builder> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let url = match backend {
            Backend::Sqlite => format!("sqlite://{}?mode=rwc", folder.path().join("amber.db").display()),
            Backend::Postgres => Postgres::shared()?.database().await,
        };
        let env = MapEnv::default()
            .with("DATABASE_URL", url)
            .with("DATABASE_MAX_CONNECTIONS", "5")
            .with("ADMIN_JWT_SECRET", JWT_SECRET)
            .with("ADMIN_API_KEY", API_KEY)
            .with("ADMIN_BOOTSTRAP_SECRET", BOOTSTRAP)
            .with("EMBED_ENABLED", "true")
            .with("EMBED_SIGNING_KEY", SIGNING_KEY)
            .with("EMBED_ALLOWED_ORIGINS", "https://partner.example,https://other.example")
            .with("EMBED_RATE_LIMIT_REQUESTS", "100000")
            .with("REQUESTS_PER_MINUTE", "100000")
            .with("RATE_LIMIT_TOKEN_REDEEM", "100000/60")
            .with("RATE_LIMIT_LEADER_REFRESH", "100000/60")
            .with("RATE_LIMIT_INGESTION_TRIGGER", "100000/60");
        Some(Builder {
            env,
            clock: TestClock::new(),
            entropy: Arc::new(OsEntropy),
            folder: Some(folder),
            port: Arc::new(Port::claim()),
        })
    }

    /// The address of the port.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.port.address()
    }

    /// An address below the server, from a path that begins with `/`.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address())
    }

    /// The database of the server, for a look past it.
    ///
    /// # Panics
    /// Never: every server has one.
    #[must_use]
    pub fn database(&self) -> String {
        self.env.get("DATABASE_URL").expect("every server has a database")
    }

    /// The API key of the server.
    #[must_use]
    pub fn api_key(&self) -> &'static str {
        API_KEY
    }

    /// The secret that buys admin tokens.
    #[must_use]
    pub fn bootstrap_secret(&self) -> &'static str {
        BOOTSTRAP
    }

    /// A token of this role, bought as a person would.
    ///
    /// # Panics
    /// When the server refuses.
    pub async fn token(&self, role: &str) -> String {
        admin_token(&self.url(""), BOOTSTRAP, role).await
    }

    /// The SDK without a credential.
    ///
    /// # Panics
    /// When the server does not listen.
    pub async fn sdk(&self) -> Amber {
        self.sdk_as(Credentials::None).await
    }

    /// The SDK as an admin.
    ///
    /// # Panics
    /// When the server does not listen or refuses.
    pub async fn sdk_as_admin(&self) -> Amber {
        self.sdk_as(Credentials::admin_jwt(self.token("admin").await)).await
    }

    /// The SDK with a credential; it never retries, so that tests see every answer.
    ///
    /// # Panics
    /// When the server does not listen.
    pub async fn sdk_as(&self, credentials: Credentials) -> Amber {
        let options = Options::new(self.url("")).credentials(credentials).retry(amber_sdk::RetryPolicy::never());
        Amber::connect(options).await.expect("the server listens")
    }

    /// A server of the same settings, clock and database: the next process on it, or a second replica.
    #[must_use]
    pub fn twin(&self) -> Builder {
        let (env, clock, entropy) = (self.env.clone(), self.clock.clone(), Arc::clone(&self.entropy));
        Builder { env, clock, entropy, folder: None, port: Arc::new(Port::claim()) }
    }

    /// Ends the server in an orderly way and hands back what it leaves: start again on the same data with it.
    pub async fn stop(mut self) -> Option<TempDir> {
        if let Some(server) = self.server.take() {
            server.stop().await;
        }
        self.folder.take()
    }
}

impl Builder {
    /// Sets a variable of the environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.env = self.env.with(name, value);
        self
    }

    /// Reads posts from `x`; runs start by request only, unless `X_INGEST_ENABLED` is set as well.
    #[must_use]
    pub fn x(self, x: &FakeXApi) -> Self {
        // The clock of a test moves by leaps; a delay by chance would make it miss what is due.
        let on_time = self.env("X_INGEST_JITTER_SECONDS", "0");
        on_time.env("X_API_BASE_URL", x.url()).env("X_API_BEARER", FakeXApi::bearer())
    }

    /// Lets `clock` tell the time.
    #[must_use]
    pub fn clock(mut self, clock: TestClock) -> Self {
        self.clock = clock;
        self
    }

    /// Makes every wait between two attempts as short as chance allows: none.
    #[must_use]
    pub fn hasty(self) -> Self {
        self.entropy(Hasty)
    }

    /// Lets `entropy` decide what is left to chance.
    #[must_use]
    pub fn entropy(mut self, entropy: impl Entropy + 'static) -> Self {
        self.entropy = Arc::new(entropy);
        self
    }

    /// Listens at the address of another server, which has stopped by then.
    #[must_use]
    pub fn in_place_of(mut self, server: &TestServer) -> Self {
        self.port = Arc::clone(&server.port);
        self
    }

    /// Starts the server.
    ///
    /// # Panics
    /// When another server listens at its address, when the configuration has a mistake or the server cannot start.
    pub async fn start(self) -> TestServer {
        app::install_crypto();
        let address = self.port.address();
        let listener = TcpListener::bind(address).await.expect("nobody else listens here");
        let env = self.env.clone().with("LISTEN_ADDR", address.to_string());
        let config = Config::load(&env).expect("a valid configuration").config;
        let world = World { clock: Arc::new(self.clock.clone()), entropy: Arc::clone(&self.entropy) };
        let core = Box::pin(Core::build(&config, &world)).await.expect("every part");
        let server = Box::pin(Server::start(&config, &world, core, listener, None)).await.expect("a server");
        let http = http_client();
        let Self { clock, entropy, folder, port, .. } = self;
        TestServer { server: Some(server), port, env, entropy, clock, http, folder }
    }
}

/// A client that follows no redirect and uses no proxy.
///
/// # Panics
/// Never: the provider of TLS is installed here.
#[must_use]
pub fn http_client() -> reqwest::Client {
    app::install_crypto();
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build();
    client.expect("a provider of TLS is installed")
}
