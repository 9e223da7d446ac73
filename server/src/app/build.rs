//! Builds every part from the configuration.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{Error, World};
use crate::auth::{AdminTokens, Authenticator, Builtin, Clients, Pepper, Registry};
use crate::checkpoints::{self, CheckpointStore, DatabaseCheckpoints, Mirror, Places};
use crate::config::{self, Config};
use crate::domain::Origin;
use crate::embed::{
    Admission, AuditLog, AuditWriter, Backlog, Graves, Issuer, KeyRing, Redeemer, ReplayCache, Sessions, Verifier,
};
use crate::health::Health;
use crate::http::{Edge, Gate};
use crate::ingestion::{Deps, Ingestion, SharedGovernor, Worker, XObserver};
use crate::rate_limit::{self, FailOpen, Limits, LocalLimiter, Policies, SharedLimiter, TrustedProxies};
use crate::redis::{Place, Pool};
use crate::resilience::{BreakerSettings, RetryPolicy};
use crate::sentiment::Analyzer;
use crate::store::{self, Store};
use crate::telemetry::Metrics;
use crate::usecase::{
    Accounts, ApiKeys, Checkpoints, DashboardParts, Dashboards, Editing, EditingParts, EmbedParts, EmbedTokens, Feed,
    FeedParts, Leaders, Operations, Parts, Quarantine, RateLimits, Reviews, Runs, UseCases,
};
use crate::x_api::{self, Client};

/// The issuer named in tokens.
const ISSUER: &str = "amber";

/// Everything but the port.
pub struct Core {
    /// What Amber remembers.
    pub store: Store,
    /// Counts.
    pub metrics: Metrics,
    /// The front desk of ingestion.
    pub ingestion: Ingestion,
    /// Executes the runs; it must be run.
    pub worker: Worker,
    /// Everything that a caller may ask.
    pub use_cases: UseCases,
    /// Probes.
    pub health: Arc<Health>,
    /// Tells callers apart and bounds them.
    pub gate: Arc<Gate>,
    /// Bounds addresses; None when limiting is switched off.
    pub edge: Option<Edge>,
    /// Writes the audit of embed tokens; it must be run. None when embedding is switched off.
    pub audit: Option<AuditWriter>,
    /// The keys of embed tokens; None when embedding is switched off.
    pub key_ring: Option<Arc<KeyRing>>,
    /// What waits for that writer.
    pub backlog: Option<Backlog>,
    /// Asks Redis about calls; it must be run. None when limits are not shared.
    pub limits_worker: Option<rate_limit::Worker>,
    /// Tells every part that the process ends.
    pub stop: CancellationToken,
}

impl Core {
    /// Connects the database, brings its tables up to date, and builds the rest.
    ///
    /// # Errors
    /// When a part of the configuration cannot be used.
    pub async fn build(config: &Config, world: &World) -> Result<Self, Error> {
        let store = open_store(&config.database, Some(config.ingestion.lease_ttl), world).await?;
        store.migrate().await?;
        let metrics = Metrics::new(&config.build, Arc::clone(&world.clock));
        metrics.ingestion_enabled(config.ingestion.enabled);
        let files = open_files(&config.checkpoints).await?;
        let parts = (&config.ingestion, &config.x_api);
        let (ingestion, worker) = self::ingestion(parts, (store.clone(), files.clone()), metrics.clone(), world)?;
        let place = config.redis.as_ref().map(Place::new).transpose()?;
        let redis = place.clone().map(Pool::new);
        let health = Arc::new(Health::new(
            Arc::new(store.clone()),
            redis.clone(),
            ingestion.clone(),
            metrics.clone(),
            Arc::clone(&world.clock),
            config.build.clone(),
        ));
        let clients = Arc::new(clients(&config.admin, &config.embed.allowed_origins, &store, world)?);
        let authenticator = Arc::new(authenticator(&config.admin, &clients, world)?);
        let (limits, limits_worker) = limits(config, place, &metrics, world).unzip();
        let limits_worker = limits_worker.flatten();
        let proxies = TrustedProxies::new(&config.server.trusted_proxies);
        let edge = limits.is_some().then(|| Edge::new(proxies.clone()));
        let places = Places::new(files, Arc::new(store.clone()));
        let parts =
            Shared { config, world, store: &store, metrics: &metrics, ingestion: &ingestion, clients: &clients };
        let (embed, audit) = embed_parts(&parts, redis)?.unzip();
        let key_ring = embed.as_ref().map(|embed| Arc::clone(&embed.ring));
        let backlog = embed.as_ref().map(|embed| embed.audit.backlog());
        let stop = CancellationToken::new();
        let use_cases = use_cases(&parts, embed, places, &health, &authenticator, limits.clone(), &stop);
        let (clock, entropy) = (Arc::clone(&world.clock), Arc::clone(&world.entropy));
        let gate = Arc::new(Gate { authenticator, limits, proxies, clock, entropy, metrics: metrics.clone() });
        Ok(Self {
            store,
            metrics,
            ingestion,
            worker,
            use_cases,
            health,
            gate,
            edge,
            audit,
            key_ring,
            backlog,
            limits_worker,
            stop,
        })
    }
}

/// Connects the database; its tables are left as they are. `lease_ttl` is for a process that works off tasks.
///
/// # Errors
/// When the database cannot be reached.
pub async fn open_store(
    database: &config::Database,
    lease_ttl: Option<Duration>,
    world: &World,
) -> Result<Store, Error> {
    let settings = store::Settings {
        url: database.url.clone(),
        max_connections: database.max_connections,
        acquire_timeout: database.acquire_timeout,
        lease_ttl,
    };
    Ok(Store::connect(&settings, Arc::clone(&world.clock), Arc::clone(&world.entropy)).await?)
}

/// Opens the files that mirror the checkpoints of the database; None when there are to be none.
///
/// # Errors
/// When their folder cannot be used.
pub async fn open_files(place: &config::Checkpoints) -> Result<Option<Arc<dyn CheckpointStore>>, Error> {
    Ok(checkpoints::files(place).await?)
}

/// Builds ingestion alone; without a bearer token for X it refuses every run.
///
/// # Errors
/// When the client of X cannot be made.
pub fn ingestion(
    (settings, x_api): (&config::Ingestion, &config::XApi),
    (store, files): (Store, Option<Arc<dyn CheckpointStore>>),
    metrics: Metrics,
    world: &World,
) -> Result<(Ingestion, Worker), Error> {
    let breaker = BreakerSettings::default();
    let client = |bearer: &secrecy::SecretString| {
        let mut access = x_api::Settings::new(x_api.base_url.as_str(), bearer.clone());
        access.request_timeout = x_api.timeout;
        let (clock, entropy) = (Arc::clone(&world.clock), Arc::clone(&world.entropy));
        let observer = Arc::new(XObserver::new(metrics.clone()));
        let (shared, budget) = (Arc::new(store.clone()), x_api.monthly_post_budget);
        let governor = Arc::new(SharedGovernor::new(shared, Arc::clone(&clock), breaker, budget));
        Client::new(access, RetryPolicy::default(), governor, clock, entropy, observer)
    };
    let x = x_api.bearer.as_ref().map(client).transpose()?.map(Arc::new);
    let store = Arc::new(store);
    Ok(Ingestion::new(Deps {
        leaders: Arc::clone(&store) as _,
        ingest: Arc::clone(&store) as _,
        runs: Arc::clone(&store) as _,
        work: Arc::clone(&store) as _,
        schedules: Arc::clone(&store) as _,
        mirror: files.map(|files| Mirror::new(Arc::new(DatabaseCheckpoints::new(store)), files)),
        x,
        analyzer: Arc::new(Analyzer::new()),
        clock: Arc::clone(&world.clock),
        entropy: Arc::clone(&world.entropy),
        metrics,
        settings: settings.clone(),
    }))
}

/// Builds the issuer of embed tokens alone.
///
/// # Errors
/// When the key ring cannot be used.
pub fn issuer(embed: &config::Embed, world: &World) -> Result<Issuer, Error> {
    Ok(issuer_of(embed, Arc::new(key_ring(embed)?), world))
}

fn issuer_of(embed: &config::Embed, ring: Arc<KeyRing>, world: &World) -> Issuer {
    let (clock, entropy) = (Arc::clone(&world.clock), Arc::clone(&world.entropy));
    Issuer::new(ring, ISSUER, embed.token_ttl, clock, entropy)
}

fn key_ring(embed: &config::Embed) -> Result<KeyRing, Error> {
    Ok(KeyRing::new(embed.keys.iter().map(|(id, secret)| (id.as_str(), secret.expose())))?)
}

/// Everything that embedding works with, and the writer of its audit; None when it is switched off.
fn embed_parts(shared: &Shared<'_>, redis: Option<Pool>) -> Result<Option<(EmbedParts, AuditWriter)>, Error> {
    let (embed, store, clock) = (&shared.config.embed, Arc::new(shared.store.clone()), &shared.world.clock);
    if !embed.enabled {
        return Ok(None);
    }
    let ring = Arc::new(key_ring(embed)?);
    let registry: Arc<dyn Registry> = Arc::clone(shared.clients) as _;
    let redeemer = Redeemer::new(
        Verifier::new(Arc::clone(&ring), ISSUER, Arc::clone(clock)),
        Sessions::new(Arc::clone(&ring), ISSUER, Arc::clone(clock)),
        Admission::new(Arc::clone(&store) as _, Arc::clone(&registry)),
        Arc::clone(&store) as _,
        ReplayCache::new(redis),
        Arc::clone(clock),
    );
    let (audit, writer) = AuditLog::new(Arc::clone(&store) as _, shared.metrics.clone());
    let parts = EmbedParts {
        issuer: issuer_of(embed, Arc::clone(&ring), shared.world),
        redeemer,
        registry,
        graves: Graves::new(Arc::clone(&store) as _),
        requests: Arc::clone(&store) as _,
        tokens: store,
        audit,
        ring,
        registered: embed.allowed_origins.clone(),
    };
    Ok(Some((parts, writer)))
}

/// Builds what makes, lists and revokes API keys alone.
///
/// # Errors
/// When the secret that hides the keys cannot be used.
pub fn api_keys(admin: &config::Admin, store: &Store, world: &World) -> Result<ApiKeys, Error> {
    Ok(ApiKeys::new(Arc::new(clients(admin, &[], store, world)?)))
}

fn clients(admin: &config::Admin, sites: &[Origin], store: &Store, world: &World) -> Result<Clients, Error> {
    let config::Admin { api_key, api_key_pepper, jwt_secret, .. } = admin;
    let pepper = api_key_pepper.as_ref().map_or_else(|| Pepper::derived_from(jwt_secret), Pepper::new)?;
    let builtin = Builtin { has_key: api_key.is_some(), origins: sites.into() };
    let (clock, entropy) = (Arc::clone(&world.clock), Arc::clone(&world.entropy));
    Ok(Clients::new(Arc::new(store.clone()), pepper, builtin, clock, entropy))
}

fn feed(store: &Arc<Store>, world: &World, stop: &CancellationToken) -> FeedParts {
    FeedParts {
        posts: Arc::clone(store) as _,
        arrivals: Arc::clone(store) as _,
        counts: Arc::clone(store) as _,
        leaders: Arc::clone(store) as _,
        analyzer: Arc::new(Analyzer::new()),
        clock: Arc::clone(&world.clock),
        closing: stop.clone(),
    }
}

fn dashboards(store: &Arc<Store>, config: &Config, world: &World) -> DashboardParts {
    DashboardParts {
        counts: Arc::clone(store) as _,
        catalog: Arc::clone(store) as _,
        leaders: Arc::clone(store) as _,
        posts: Arc::clone(store) as _,
        clock: Arc::clone(&world.clock),
        entropy: Arc::clone(&world.entropy),
        show_posts: config.embed.show_posts,
    }
}

fn authenticator(admin: &config::Admin, clients: &Arc<Clients>, world: &World) -> Result<Authenticator, Error> {
    let (clock, entropy) = (Arc::clone(&world.clock), Arc::clone(&world.entropy));
    let tokens = AdminTokens::new(&admin.jwt_secret, admin.jwt_ttl, clock, entropy)?;
    let clients = Arc::clone(clients);
    let authenticator = Authenticator::new(tokens, admin.api_key.as_ref(), admin.bootstrap_secret.as_ref(), clients);
    Ok(authenticator.with_scraper(admin.metrics_token.as_ref()))
}

/// The limits and what works for them; None when limiting is switched off.
type LimitParts = (Arc<Limits>, Option<rate_limit::Worker>);

fn limits(config: &Config, redis: Option<Place>, metrics: &Metrics, world: &World) -> Option<LimitParts> {
    if !config.rate_limit.enabled {
        return None;
    }
    let sources: &[&str] = if redis.is_some() { &["redis", "local"] } else { &["local"] };
    metrics.limits_begin(sources);
    let (limiter, worker) = match redis {
        None => (FailOpen::local(LocalLimiter::default(), metrics.clone()), None),
        Some(place) => {
            let settings = rate_limit::Settings { place, budget: config.rate_limit.redis_timeout };
            let (shared, entropy) = (SharedLimiter::new(settings), Arc::clone(&world.entropy));
            let (limiter, worker) = FailOpen::new(shared, LocalLimiter::default(), metrics.clone(), entropy);
            (limiter, Some(worker))
        }
    };
    let policies = Policies::new(&config.rate_limit, config.embed.rate);
    Some((Arc::new(Limits::new(policies, limiter, metrics.clone())), worker))
}

/// What several use cases work with.
struct Shared<'a> {
    config: &'a Config,
    world: &'a World,
    store: &'a Store,
    metrics: &'a Metrics,
    ingestion: &'a Ingestion,
    clients: &'a Arc<Clients>,
}

fn use_cases(
    shared: &Shared<'_>,
    embed: Option<EmbedParts>,
    places: Places,
    health: &Arc<Health>,
    authenticator: &Arc<Authenticator>,
    limits: Option<Arc<Limits>>,
    stop: &CancellationToken,
) -> UseCases {
    let Shared { config, world, store, metrics, ingestion, clients } = *shared;
    let store = Arc::new(store.clone());
    let records = ingestion.replaying(Arc::clone(&store) as _);
    let parts = Parts {
        leaders: Leaders::new(Arc::clone(&store) as _, Arc::clone(&store) as _, ingestion.clone()),
        feed: Feed::new(feed(&store, world, stop)),
        editing: Editing::new(EditingParts {
            store: Arc::clone(&store) as _,
            posts: Arc::clone(&store) as _,
            analyzer: Arc::clone(&records.analyzer),
            clock: Arc::clone(&world.clock),
        }),
        reviews: Reviews::new(Arc::clone(&store) as _, records.clone()),
        runs: Runs::new(ingestion.clone()),
        checkpoints: Checkpoints::new(places),
        quarantine: Quarantine::new(records),
        embed_tokens: EmbedTokens::new(
            embed,
            Arc::clone(&store) as _,
            metrics.clone(),
            Arc::clone(&world.clock),
            config.server.public_url.clone(),
        ),
        dashboards: Dashboards::new(dashboards(&store, config, world)),
        api_keys: ApiKeys::new(Arc::clone(clients)),
        accounts: Accounts::new(Arc::clone(authenticator)),
        rate_limits: RateLimits::new(limits),
        operations: Operations::new(
            Arc::clone(health),
            metrics.clone(),
            config.server.metrics_require_auth,
            stop.clone(),
        ),
    };
    parts.into()
}
