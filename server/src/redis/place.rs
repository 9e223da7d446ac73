//! Where Redis is, and how it is connected to: one server, the primary that Sentinels name, or the nodes of a cluster.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use deadpool_redis::redis::aio::{ConnectionManager, ConnectionManagerConfig};
use deadpool_redis::redis::cluster::{ClusterClient, ClusterClientBuilder};
use deadpool_redis::redis::io::tcp::TcpSettings;
use deadpool_redis::redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, ErrorKind, IntoConnectionInfo, RedisError,
    RedisResult, TlsCertificates, Value, cmd,
};
use futures::FutureExt;
use futures::future::select_ok;
use secrecy::{ExposeSecret, SecretString};

use super::Error;
use super::link::Link;
use crate::config::{Layout, Redis};

/// How often a command follows a cluster that is being changed, and how long it waits before that, in milliseconds. Callers
/// that cannot wait so long give up before. While a slot moves, calls that share a connection may take each other's leave
/// to ask (`ASKING`), so that a few rounds are not enough.
const FOLLOWS: u32 = 16;
const FOLLOW_WAIT: (u64, u64) = (1, 16);

/// Where Redis is. A clone is the same place.
#[derive(Clone)]
pub struct Place(Arc<Kind>);

enum Kind {
    Single(Client),
    Sentinels {
        sentinels: Vec<Client>,
        service: String,
        /// How to speak to the primary; its address is that of nobody.
        primary: ConnectionInfo,
        certificates: Option<TlsCertificates>,
    },
    Cluster(ClusterClient),
}

/// The longest that connecting may take, and an answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) connect: Duration,
    pub(super) answer: Duration,
}

impl Place {
    /// Finds out where Redis is. Nothing is connected yet.
    ///
    /// # Errors
    /// [`Error::Url`]; [`Error::Authorities`].
    pub fn new(redis: &Redis) -> Result<Self, Error> {
        let nodes = redis.nodes.iter().map(info).collect::<Result<Vec<_>, _>>()?;
        if nodes.is_empty() {
            return Err(Error::Url);
        }
        let pem = redis.authorities.as_ref().filter(|_| redis.is_encrypted());
        let certificates =
            pem.map(|pem| TlsCertificates { client_tls: None, root_cert: Some(pem.clone().into_bytes()) });
        let mut clients = nodes.iter().map(|node| client(node.clone(), certificates.clone()));
        let kind = match &redis.layout {
            Layout::Single => Kind::Single(clients.next().ok_or(Error::Url)??),
            Layout::Sentinel { service, primary } => Kind::Sentinels {
                sentinels: clients.collect::<Result<_, _>>()?,
                service: service.clone(),
                primary: info(primary)?,
                certificates,
            },
            Layout::Cluster => {
                // A wrong certificate is told as such.
                clients.try_for_each(|client| client.map(drop))?;
                Kind::Cluster(cluster(nodes, certificates)?)
            }
        };
        Ok(Self(Arc::new(kind)))
    }

    /// Whether keys that belong to different slots must not go into one command.
    pub(super) fn is_cluster(&self) -> bool {
        matches!(*self.0, Kind::Cluster(_))
    }

    /// Connects, for as long as the connection holds; to a cluster and to one server again and again.
    pub(super) async fn connect_to_stay(&self, limits: Limits) -> RedisResult<Link> {
        let Kind::Single(client) = &*self.0 else { return self.connect(limits).await };
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(0)
            .set_connection_timeout(Some(limits.connect))
            .set_response_timeout(Some(limits.answer));
        ConnectionManager::new_lazy_with_config(client.clone(), config).map(Link::Again)
    }

    /// Connects.
    pub(super) async fn connect(&self, limits: Limits) -> RedisResult<Link> {
        match &*self.0 {
            Kind::Single(client) => open(client, limits).await,
            Kind::Sentinels { sentinels, service, primary, certificates } => {
                // A Sentinel may be away, or not have heard of a failover yet: the first one that leads to a primary counts.
                let roads = sentinels.iter().map(|sentinel| {
                    async {
                        let address = ask(sentinel, service, limits).await?;
                        let info = primary.clone().set_addr(at(address, primary.addr()));
                        let client = client(info, certificates.clone()).map_err(|_| lost("no address"))?;
                        let mut link = open(&client, limits).await?;
                        is_primary(&mut link).await?.then_some(link).ok_or_else(|| lost("no primary"))
                    }
                    .boxed()
                });
                Ok(select_ok(roads).await?.0)
            }
            Kind::Cluster(client) => {
                let config = deadpool_redis::redis::cluster::ClusterConfig::new()
                    .set_connection_timeout(limits.connect)
                    .set_response_timeout(limits.answer);
                client.get_async_connection_with_config(config).await.map(Link::Cluster)
            }
        }
    }

    /// Whether the connection still leads where it should.
    pub(super) async fn check(&self, link: &mut Link) -> RedisResult<()> {
        if let Kind::Sentinels { .. } = &*self.0 {
            return is_primary(link).await?.then_some(()).ok_or_else(|| lost("no primary any more"));
        }
        cmd("PING").query_async(link).await
    }
}

/// The address of the primary, as a Sentinel knows it.
async fn ask(sentinel: &Client, service: &str, limits: Limits) -> RedisResult<(String, u16)> {
    let mut link = open(sentinel, limits).await?;
    let asked = cmd("SENTINEL").arg("GET-MASTER-ADDR-BY-NAME").arg(service).take();
    let address: Option<(String, u16)> = asked.query_async(&mut link).await?;
    address.ok_or_else(|| lost("no such service"))
}

async fn open(client: &Client, limits: Limits) -> RedisResult<Link> {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(limits.connect))
        .set_response_timeout(Some(limits.answer));
    client.get_multiplexed_async_connection_with_config(&config).await.map(Link::Once)
}

async fn is_primary(link: &mut Link) -> RedisResult<bool> {
    let told: Vec<Value> = cmd("ROLE").query_async(link).await?;
    Ok(matches!(told.first(), Some(Value::BulkString(role)) if role == b"master"))
}

fn lost(why: &'static str) -> RedisError {
    RedisError::from((ErrorKind::Io, why))
}

fn at((host, port): (String, u16), like: &ConnectionAddr) -> ConnectionAddr {
    match like {
        ConnectionAddr::TcpTls { insecure, .. } => {
            ConnectionAddr::TcpTls { host, port, insecure: *insecure, tls_params: None }
        }
        _ => ConnectionAddr::Tcp(host, port),
    }
}

/// How to reach the server of this URL. Commands leave at once: the library lets them wait for the acknowledgement of the
/// ones before, which costs 40 ms now and then.
fn info(url: &SecretString) -> Result<ConnectionInfo, Error> {
    let info = url.expose_secret().into_connection_info().map_err(|_| Error::Url)?;
    Ok(info.set_tcp_settings(at_once()))
}

fn at_once() -> TcpSettings {
    TcpSettings::default().set_nodelay(true)
}

fn client(info: ConnectionInfo, certificates: Option<TlsCertificates>) -> Result<Client, Error> {
    match certificates {
        None => Client::open(info).map_err(|_| Error::Url),
        Some(certificates) => Client::build_with_tls(info, certificates).map_err(|_| Error::Authorities),
    }
}

fn cluster(nodes: Vec<ConnectionInfo>, certificates: Option<TlsCertificates>) -> Result<ClusterClient, Error> {
    let builder = ClusterClientBuilder::new(nodes)
        .tcp_settings(at_once())
        .retries(FOLLOWS)
        .min_retry_wait(FOLLOW_WAIT.0)
        .max_retry_wait(FOLLOW_WAIT.1);
    let builder = match certificates {
        None => builder,
        Some(certificates) => builder.certs(certificates),
    };
    builder.build().map_err(|_| Error::Url)
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("redis::Place")
    }
}
