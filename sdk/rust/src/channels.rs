//! The servers, of which one is used until it is away.

use std::fmt;
use std::future::poll_fn;
use std::sync::atomic::{AtomicUsize, Ordering};

use tonic::body::Body;
use tonic::codegen::{Service, http};
use tonic::transport::{Channel, Endpoint, Error};

/// One HTTP/2 connection per server, made when it is first used and made again when it breaks.
pub(crate) struct Channels {
    servers: Vec<Channel>,
    current: AtomicUsize,
}

impl Channels {
    /// Connects when the first call is made.
    pub(crate) fn lazy(endpoints: &[Endpoint]) -> Self {
        Self { servers: endpoints.iter().map(Endpoint::connect_lazy).collect(), current: AtomicUsize::new(0) }
    }

    /// Connects to the first server that answers; tells which one failed last when none does.
    pub(crate) async fn connect(endpoints: &[Endpoint]) -> Result<Self, (usize, Error)> {
        let mut channels = Self::lazy(endpoints);
        let mut last = None;
        for (at, endpoint) in endpoints.iter().enumerate() {
            match endpoint.connect().await {
                Ok(channel) => {
                    channels.servers[at] = channel;
                    *channels.current.get_mut() = at;
                    return Ok(channels);
                }
                Err(error) => last = Some((at, error)),
            }
        }
        Err(last.expect("there is at least one endpoint"))
    }

    /// The server to use.
    pub(crate) fn current(&self) -> usize {
        self.current.load(Ordering::Relaxed) % self.servers.len()
    }

    /// How many servers there are besides.
    pub(crate) fn others(&self) -> usize {
        self.servers.len() - 1
    }

    /// Goes on to the next server, unless somebody has left this one already.
    pub(crate) fn leave(&self, server: usize) {
        let next = (server + 1) % self.servers.len();
        // Whoever was faster has gone on.
        let _ = self.current.compare_exchange(server, next, Ordering::Relaxed, Ordering::Relaxed);
    }

    pub(crate) async fn call(
        &self,
        server: usize,
        request: http::Request<Body>,
    ) -> Result<http::Response<Body>, Error> {
        let mut channel = self.servers[server].clone();
        poll_fn(|context| channel.poll_ready(context)).await?;
        channel.call(request).await
    }
}

impl fmt::Debug for Channels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Channels")
            .field("servers", &self.servers.len())
            .field("current", &self.current())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_server_that_is_away_is_left_once_however_many_notice() {
        let endpoint = Endpoint::from_static("http://127.0.0.1:1");
        let channels = Channels::lazy(&[endpoint.clone(), endpoint.clone(), endpoint]);
        assert_eq!((channels.current(), channels.others()), (0, 2));
        for _ in 0..5 {
            channels.leave(0);
        }
        assert_eq!(channels.current(), 1);
        channels.leave(1);
        channels.leave(2);
        assert_eq!(channels.current(), 0, "after the last comes the first");
    }
}
