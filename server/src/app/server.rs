//! One running server: its port, its tasks, and its end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

use super::gauges::Gauges;
use super::listener::Slots;
use super::tls::Tls;
use super::upkeep::Upkeep;
use super::{Core, Error, Rotated, Rotation, World, listener};
use crate::config::Config;
use crate::grpc::{self, Serving};
use crate::health::Health;
use crate::http::{self, DemoSite, State};
use crate::ingestion::{Recheck, Scheduler};
use crate::store::{Store, Work};

/// A server that listens.
pub struct Server {
    address: SocketAddr,
    store: Store,
    health: Arc<Health>,
    serving: Serving,
    tasks: TaskTracker,
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
    stop.cancelled().await;
    server.stop().await;
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
        let (leaving, abort, tasks) = (CancellationToken::new(), CancellationToken::new(), TaskTracker::new());
        let tls = match &config.server.tls {
            Some(files) => {
                let (tls, renewal) = Tls::load(files).await?;
                tasks.spawn(renewal.run(metrics.clone(), stop.clone()));
                Some(tls)
            }
            None => None,
        };
        tasks.spawn(worker.run(stop.clone()));
        if let Some(writer) = audit {
            // It ends with the last call that may write, not before.
            tasks.spawn(writer.run());
        }
        if let Some(worker) = limits_worker {
            tasks.spawn(worker.run(stop.clone()));
        }
        if config.ingestion.enabled {
            tasks.spawn(Scheduler::new(&ingestion)?.run(stop.clone()));
            if let Some(recheck) = Recheck::new(&ingestion, Arc::new(store.clone())) {
                tasks.spawn(recheck.run(stop.clone()));
            }
        }
        let serving = Serving::new().await;
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
        let slots = Slots::new();
        let gauges = Gauges { store: store.clone(), metrics: metrics.clone(), slots: slots.clone(), backlog };
        let service = listener::Service {
            router: http::stack(settings, state, routes),
            tls,
            max_age: config.server.max_connection_age,
            entropy: Arc::clone(&world.entropy),
            slots,
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
        tasks.spawn(upkeep.run(stop.clone()));
        tasks.spawn(listener::listen(listener, service, stop.clone(), abort.clone()));
        info!(%address, "Amber listens on {address}.");
        Ok(Self {
            address,
            store,
            health,
            serving,
            tasks,
            leaving,
            stop,
            abort,
            drain: config.server.drain,
            grace: config.server.grace,
        })
    }

    /// Puts new secrets in place until the server stops.
    pub fn rotate(&self, rotation: Rotation, rotated: Rotated) {
        self.tasks.spawn(rotation.run(rotated, self.stop.clone()));
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
        self.tasks.close();
        if timeout(self.drain, self.tasks.wait()).await.is_err() {
            warn!("Calls are still under way after {:?}; they are cut off.", self.drain);
            self.abort.cancel();
            // What ignores the signal must not keep the process: its tasks are dropped with the runtime.
            let _ = timeout(Duration::from_secs(1), self.tasks.wait()).await;
        }
        if let Err(error) = self.store.close().await {
            warn!(%error, "The database was not closed in an orderly way.");
        }
        info!("Amber has stopped.");
    }
}
