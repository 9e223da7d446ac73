//! `amber demo`: everything in one process, with an X of its own.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::banner::{banner, commands};
use super::server::bind;
use super::{Core, Error, Server, World};
use crate::config::{Config, MapEnv};
use crate::domain::{DashboardId, DashboardSpec, Entropy, NewLeader, Origin, RunTrigger, Section};
use crate::http::DemoSite;
use crate::http::demo_page::Command;
use crate::ingestion::RunRequest;
use crate::sandbox::{self, Sandbox};
use crate::store::{DashboardCatalog, Leaders};

/// Secrets of one run.
struct Secrets {
    jwt: String,
    api_key: String,
    bootstrap: String,
    signing: String,
    bearer: String,
}

impl Secrets {
    fn make(entropy: &dyn Entropy) -> Self {
        let secret = || {
            let mut bytes = [0; 32];
            entropy.fill(&mut bytes);
            URL_SAFE_NO_PAD.encode(bytes)
        };
        Self { jwt: secret(), api_key: secret(), bootstrap: secret(), signing: secret(), bearer: secret() }
    }
}

/// Runs everything embedded on `port` of this machine until `stop`: SQLite in a temporary folder, secrets made for this
/// run, invented leaders on a sandbox of X, a host page that frames their dashboard.
///
/// # Errors
/// When the port is taken or the disk is full.
pub async fn demo(port: u16, world: World, stop: CancellationToken) -> Result<(), Error> {
    let folder = tempfile::Builder::new().prefix("amber-demo-").tempdir().map_err(Error::Folder)?;
    let listener = bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
    let port = listener.local_addr().map_or(port, |address| address.port());
    let secrets = Secrets::make(world.entropy.as_ref());
    let tasks = TaskTracker::new();
    let end = CancellationToken::new();
    let x = start_sandbox(&world, &secrets, &tasks, &end).await?;
    let config = configure(folder.path(), port, x, &secrets)?;
    let core = Core::build(&config, &world).await?;
    fill(&core, world.clock.now()).await?;
    let ingestion = core.ingestion.clone();
    let base = format!("http://localhost:{port}");
    let commands = commands(&base, &secrets.api_key, &secrets.bootstrap);
    print(&banner(&base, &commands));
    let server = Server::start(&config, &world, core, listener, Some(site(port, commands))).await?;
    let history = RunRequest { trigger: RunTrigger::Manual, backfill: true, dry_run: false, leaders: Vec::new() };
    ingestion.trigger(history).await.map_err(|error| Error::Fill(Box::new(error)))?;
    let outcome = server.serve_until(&stop).await;
    end.cancel();
    tasks.close();
    tasks.wait().await;
    folder.close().map_err(Error::Folder)?;
    outcome
}

async fn start_sandbox(
    world: &World,
    secrets: &Secrets,
    tasks: &TaskTracker,
    end: &CancellationToken,
) -> Result<SocketAddr, Error> {
    let clock = Arc::clone(&world.clock);
    let options = sandbox::Options::new(SecretString::from(secrets.bearer.clone()), Arc::new(move || clock.now()));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(Error::Sandbox)?;
    let address = listener.local_addr().map_err(Error::Sandbox)?;
    tasks.spawn(Sandbox::new(options).serve(listener, end.clone().cancelled_owned()));
    Ok(address)
}

fn configure(folder: &Path, port: u16, x: SocketAddr, secrets: &Secrets) -> Result<Config, Error> {
    let env = MapEnv::default()
        .with("DATABASE_URL", format!("sqlite://{}?mode=rwc", folder.join("amber.db").display()))
        .with("DATABASE_MAX_CONNECTIONS", "4")
        .with("LISTEN_ADDR", format!("127.0.0.1:{port}"))
        .with("PUBLIC_URL", frames(port))
        .with("ADMIN_JWT_SECRET", &secrets.jwt)
        .with("ADMIN_API_KEY", &secrets.api_key)
        .with("ADMIN_BOOTSTRAP_SECRET", &secrets.bootstrap)
        .with("EMBED_ENABLED", "true")
        .with("EMBED_SHOW_POSTS", "true")
        .with("EMBED_SIGNING_KEY", &secrets.signing)
        .with("EMBED_ALLOWED_ORIGINS", format!("http://localhost:{port},http://127.0.0.1:{port}"))
        .with("X_INGEST_ENABLED", "true")
        .with("X_API_BEARER", &secrets.bearer)
        .with("X_API_BASE_URL", format!("http://{x}"))
        .with("X_INGEST_INTERVAL_MINUTES", "1")
        .with("X_BACKFILL_COUNT", "120")
        .with("REQUESTS_PER_MINUTE", "600");
    Ok(Config::load(&env)?.config)
}

/// The invented leaders, of whom the protected one shows how a leader that cannot be read looks, and a dashboard that shows all
/// of it, posts included: they are invented, too.
async fn fill(core: &Core, now: Timestamp) -> Result<(), Error> {
    for leader in Sandbox::demo_leaders() {
        let new = NewLeader {
            name: leader.name.to_owned(),
            handles: [("x".to_owned(), leader.handle.to_owned())].into(),
            tracking_topics: leader.topics.iter().map(ToString::to_string).collect(),
        };
        core.store.create(new).await?;
    }
    let spec = DashboardSpec {
        title: "Six invented leaders".to_owned(),
        sections: Section::ALL.to_vec(),
        ..DashboardSpec::default()
    };
    core.store.add_dashboard(&dashboard(), &spec, now).await?;
    Ok(())
}

fn dashboard() -> DashboardId {
    DashboardId::parse("demo").expect("four letters are an id")
}

fn site(port: u16, commands: Vec<Command>) -> DemoSite {
    let frames = Origin::parse(&frames(port)).expect("an address of this machine is an origin");
    DemoSite { dashboard: dashboard(), frames, commands }
}

/// The host page is opened as `localhost`; its frames come from another origin, as those of a partner do.
fn frames(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

#[expect(clippy::print_stdout, reason = "the demo speaks to the person at the terminal")]
fn print(text: &str) {
    println!("{text}");
}
