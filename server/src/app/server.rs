//! One running server: its port, its tasks, and its end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::gauges::Gauges;
use super::listener::Slots;
use super::supervisor::Supervisor;
use super::tls::Tls;
use super::upkeep::Upkeep;
use super::{Core, Error, Rotated, Rotation, World, listener};
use crate::config::Config;
use crate::domain::Background;
use crate::grpc::{self, Serving};
use crate::health::Health;
use crate::http::{self, DemoSite, State};
use crate::ingestion::{Ingestion, Recheck, Scheduler};
use crate::rate_limit::TrustedProxies;
use crate::store::{Store, Work};

/// A server that listens.
pub struct Server {
    address: SocketAddr,
    store: Store,
    health: Arc<Health>,
    serving: Serving,
    supervisor: Supervisor,
    leaving: CancellationToken,
    stop: CancellationToken,
    abort: CancellationToken,
    drain: Duration,
    grace: Duration,
}

/// Serves on the configured address until `stop`, then finishes what is under way; `rotation` brings new secrets.
///
/// # Errors
/// When a part cannot be built or the address cannot be listened on.
pub async fn serve(config: Config, world: World, rotation: Rotation, stop: CancellationToken) -> Result<(), Error> {
    let listener = bind(config.server.listen).await?;
    let core = Core::build(&config, &world).await?;
    let rotated = Rotated::of(&config, &world, &core);
    let server = Server::start(&config, &world, core, listener, None).await?;
    server.rotate(rotation, rotated);
    server.serve_until(&stop).await
}

/// Keeps the runs of the schedule and the lookups of stored posts going.
fn keep_schedule(supervisor: &Supervisor, ingestion: &Ingestion, store: &Store) -> Result<(), Error> {
    let scheduler = Scheduler::new(ingestion)?;
    supervisor.keep(Background::Scheduler, scheduler, |scheduler, stop| Box::pin(scheduler.run(stop)));
    if let Some(recheck) = Recheck::new(ingestion, Arc::new(store.clone())) {
        supervisor.keep(Background::Recheck, recheck, |recheck, stop| Box::pin(recheck.run(stop)));
    }
    Ok(())
}

/// Takes the address.
pub(super) async fn bind(address: SocketAddr) -> Result<TcpListener, Error> {
    TcpListener::bind(address).await.map_err(|source| Error::Listen { address, source })
}

impl Server {
    /// Starts every task of a server behind `listener`.
    ///
    /// # Errors
    /// When the schedule or the contract cannot be used, or the database fails.
    pub async fn start(
        config: &Config,
        world: &World,
        core: Core,
        listener: TcpListener,
        demo: Option<DemoSite>,
    ) -> Result<Self, Error> {
        let Core {
            store,
            metrics,
            ingestion,
            worker,
            use_cases,
            health,
            gate,
            edge,
            audit,
            backlog,
            limits_worker,
            stop,
            ..
        } = core;
        let address =
            listener.local_addr().map_err(|source| Error::Listen { address: config.server.listen, source })?;
        let orphans = store.release_orphans().await?;
        if orphans > 0 {
            info!(orphans, "{orphans} leaders were being read when the process before ended; their runs go on.");
        }
        let (leaving, abort) = (CancellationToken::new(), CancellationToken::new());
        let serving = Serving::new().await;
        let supervisor = Supervisor::new(&stop, health.tasks(), &serving, &metrics, &world.entropy);
        let tls = match &config.server.tls {
            Some(files) => {
                let (tls, renewal) = Tls::load(files).await?;
                supervisor.keep(Background::Certificate, (renewal, metrics.clone()), |(renewal, metrics), stop| {
                    Box::pin(renewal.run(metrics.clone(), stop))
                });
                Some(tls)
            }
            None => None,
        };
        supervisor.keep(Background::Ingestion, worker, |worker, stop| Box::pin(worker.run(stop)));
        if let Some(writer) = audit {
            // It ends with the last call that may write, not before.
            supervisor.keep(Background::EmbedAudit, writer, |writer, _| Box::pin(writer.run()));
        }
        if let Some(worker) = limits_worker {
            supervisor.keep(Background::RateLimits, worker, |worker, stop| Box::pin(worker.run(stop)));
        }
        if config.ingestion.enabled {
            keep_schedule(&supervisor, &ingestion, &store)?;
        }
        let routes = grpc::services(&use_cases, &serving, config.server.reflection);
        let settings = http::Settings {
            metrics: metrics.clone(),
            entropy: Arc::clone(&world.entropy),
            gate: Arc::clone(&gate),
            edge: edge.clone(),
            cors_origins: config.cors.allowed_origins.clone(),
            max_body: config.server.max_body,
        };
        let state = State { use_cases, entropy: Arc::clone(&world.entropy), demo: demo.map(Arc::new) };
        let proxies = TrustedProxies::new(&config.server.trusted_proxies);
        let slots = Slots::new(config.server.max_connections_per_address, proxies);
        let gauges = Gauges { store: store.clone(), metrics: metrics.clone(), slots: slots.clone(), backlog };
        let service = listener::Service {
            router: http::stack(settings, state, routes),
            tls,
            max_age: config.server.max_connection_age,
            entropy: Arc::clone(&world.entropy),
            slots,
            metrics: metrics.clone(),
            leaving: leaving.clone(),
        };
        serving.set_serving(health.probe().await).await;
        let (clock, upkeep_health) = (Arc::clone(&world.clock), Arc::clone(&health));
        let upkeep = Upkeep {
            store: store.clone(),
            metrics,
            ingestion,
            gate,
            edge,
            health: upkeep_health,
            gauges,
            serving: serving.clone(),
            clock,
            audit_kept: config.embed.audit_kept,
        };
        supervisor.keep(Background::Upkeep, upkeep, |upkeep, stop| Box::pin(upkeep.run(stop)));
        supervisor.need(Background::Listener, listener::listen(listener, service, stop.clone(), abort.clone()));
        info!(%address, "Amber listens on {address}.");
        Ok(Self {
            address,
            store,
            health,
            serving,
            supervisor,
            leaving,
            stop,
            abort,
            drain: config.server.drain,
            grace: config.server.grace,
        })
    }

    /// Puts new secrets in place until the server stops.
    pub fn rotate(&self, rotation: Rotation, rotated: Rotated) {
        self.supervisor.keep(Background::Secrets, (rotation, rotated), |(rotation, rotated), stop| {
            Box::pin(rotation.run(rotated, stop))
        });
    }

    /// Serves until `stop`, and then stops in order.
    ///
    /// # Errors
    /// [`Error::Panicked`] when it stopped by itself, because a task is gone without which it is of no use.
    pub async fn serve_until(self, stop: &CancellationToken) -> Result<(), Error> {
        let lost = self.supervisor.lost.clone();
        let lost = tokio::select! {
            () = stop.cancelled() => None,
            task = lost.task() => Some(task),
        };
        self.stop().await;
        lost.map_or(Ok(()), |task| Err(Error::Panicked { task }))
    }

    /// The address on which it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Tells probes that it goes away, takes calls until they had time to see that, finishes what is under way, and cuts
    /// off what takes longer than the deadline.
    pub async fn stop(self) {
        self.health.begin_drain();
        self.leaving.cancel();
        self.serving.leave().await;
        if !self.grace.is_zero() {
            info!("Amber stops in {:?}: probes are told now.", self.grace);
            sleep(self.grace).await;
        }
        info!("Amber stops: it takes no more connections and finishes what is under way.");
        self.serving.end_watches().await;
        self.stop.cancel();
        self.supervisor.tracker.close();
        if timeout(self.drain, self.supervisor.tracker.wait()).await.is_err() {
            warn!("Calls are still under way after {:?}; they are cut off.", self.drain);
            self.abort.cancel();
            // What ignores the signal must not keep the process: its tasks are dropped with the runtime.
            let _ = timeout(Duration::from_secs(1), self.supervisor.tracker.wait()).await;
        }
        if let Err(error) = self.store.close().await {
            warn!(%error, "The database was not closed in an orderly way.");
        }
        info!("Amber has stopped.");
    }
}
