//! A small server in memory, for the tests of those who use this crate: the feed, the leaders, health and admin tokens, with
//! refusals on demand and a record of every call.
//!
//! ```
//! use amber_sdk::v1::{ListPostsRequest, Post};
//! use amber_sdk::{Amber, fake::FakeAmber};
//! use futures::TryStreamExt;
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let fake = FakeAmber::start().await;
//! fake.publish(Post { text: "good news".to_owned(), ..Post::default() });
//! // One refusal, which the client bridges.
//! fake.refuse_next(tonic::Status::unavailable("just now"));
//!
//! let amber = Amber::connect(fake.options()).await?;
//! let posts: Vec<Post> = amber.posts(ListPostsRequest::default()).try_collect().await?;
//! assert_eq!(posts[0].text, "good news");
//! assert_eq!(fake.calls().len(), 2);
//! # Ok(())
//! # }
//! ```
//!
//! It knows no roles: every caller may do everything. What it does not serve is answered with `UNIMPLEMENTED`.

mod feed;
mod leaders;
mod operations;
mod world;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use amber_proto::v1::auth_service_server::AuthServiceServer;
use amber_proto::v1::feed_service_server::FeedServiceServer;
use amber_proto::v1::health_service_server::HealthServiceServer;
use amber_proto::v1::leader_service_server::LeaderServiceServer;
use amber_proto::v1::{Leader, Post};
use tokio::task::JoinHandle;
use tonic::Status;
use tonic::metadata::MetadataMap;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;

use self::world::{Desk, World};
use crate::Options;

/// A server in memory on a free port of this machine. It ends when it is dropped.
#[derive(Debug)]
pub struct FakeAmber {
    world: Arc<World>,
    address: SocketAddr,
    serving: JoinHandle<()>,
}

/// A call that the fake server has seen.
#[derive(Debug, Clone)]
pub struct Call {
    /// The method, such as `ListPosts`.
    pub method: &'static str,
    /// What came with the message: credential, request id, trace.
    pub metadata: MetadataMap,
}

impl FakeAmber {
    /// Starts a server that knows nothing yet.
    ///
    /// # Panics
    /// When this machine has no free port.
    #[expect(clippy::disallowed_methods, reason = "the task ends with the fake server that holds it")]
    #[expect(clippy::unused_async, reason = "it must be called inside a runtime")]
    pub async fn start() -> Self {
        let incoming = TcpIncoming::bind((Ipv4Addr::LOCALHOST, 0).into()).expect("a free port");
        let address = incoming.local_addr().expect("a bound port has an address");
        let world = Arc::<World>::default();
        let desk = Desk(Arc::clone(&world));
        let router = Server::builder()
            .add_service(FeedServiceServer::new(desk.clone()))
            .add_service(LeaderServiceServer::new(desk.clone()))
            .add_service(HealthServiceServer::new(desk.clone()))
            .add_service(AuthServiceServer::new(desk.clone()));
        let serving = tokio::spawn(async move {
            router.serve_with_incoming(incoming).await.expect("a fake server serves until it is dropped");
        });
        Self { world, address, serving }
    }

    /// Its address.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How to reach it.
    #[must_use]
    pub fn options(&self) -> Options {
        Options::new(self.endpoint())
    }

    /// Stores a post and tells whoever watches. An empty id is replaced by a new one; the post as it was stored is the
    /// answer.
    #[expect(clippy::must_use_candidate, reason = "most tests know what they published")]
    pub fn publish(&self, post: Post) -> Post {
        self.world.publish(post)
    }

    /// Adds a leader. An empty id is replaced by a new one; the leader as it was stored is the answer.
    #[expect(clippy::must_use_candidate, reason = "most tests know whom they added")]
    pub fn add_leader(&self, leader: Leader) -> Leader {
        self.world.add_leader(leader)
    }

    /// Refuses the next call, whichever it is; further refusals wait behind.
    pub fn refuse_next(&self, refusal: Status) {
        self.world.refuse_next(refusal);
    }

    /// Ends every stream that is open now, as a server does that goes away.
    pub fn cut_streams(&self) {
        self.world.cut_streams();
    }

    /// Every call so far, the refused ones too, in their order.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.world.calls()
    }
}

impl Drop for FakeAmber {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
