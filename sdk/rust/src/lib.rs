//! Client of Amber for Rust services.
//!
//! [`Amber`] holds one connection and hands out a typed client per service of the contract, [`v1`]. A refused call is a
//! [`tonic::Status`]; [`Refusal`] reads its reason, its bad fields and how long to wait. [`Amber::posts`], [`Amber::runs`],
//! [`Amber::checkpoints`], [`Amber::quarantine`] and [`Amber::review_items`] walk whole lists, [`Amber::watch_run`] follows a run
//! to its end, [`Amber::watch_posts`] tells new posts as they come, and [`Amber::watch_health`] how the server is.
//!
//! Every call carries a credential, an id ([`Options`] says which) and, when asked for, its trace. It ends within
//! [`Options::request_timeout`], and is repeated while that is safe and helps: with full jitter, as long as the server asks
//! for, and at another server when there is one ([`Options::or_endpoint`]). [`RetryPolicy`] and [`retrying`] tell more.
//!
//! With the feature `fake`, the module `fake` is a server for the tests of those who use this crate.
//!
//! ```no_run
//! use amber_sdk::v1::{ErrorReason, TriggerIngestionRequest};
//! use amber_sdk::{AdminLogin, Amber, Options, Refusal};
//!
//! # async fn example(secret: &str) -> Result<(), Box<dyn std::error::Error>> {
//! // Tokens are asked for when the first call needs one, and renewed before they end.
//! let options = Options::new("http://amber-backend:5000").admin_login(AdminLogin::new("my-service", secret));
//! let amber = Amber::connect(options).await?;
//!
//! match amber.ingestion().trigger_ingestion(TriggerIngestionRequest::default()).await {
//!     Ok(answer) => println!("run {} has started", answer.into_inner().run_id),
//!     Err(status) if status.reason() == Some(ErrorReason::RunActive) => println!("a run is at work already"),
//!     Err(status) => return Err(status.into()),
//! }
//! # Ok(())
//! # }
//! ```

mod amber;
mod calls;
mod channels;
mod connection;
mod credentials;
mod error;
#[cfg(feature = "fake")]
pub mod fake;
mod ingestion;
mod login;
mod options;
mod outgoing;
mod pages;
mod posts;
mod ready;
mod refusal;
mod resume;
mod retry;
mod reviews;
mod trace;
mod watch;
mod watch_health;
mod watch_posts;

pub use amber::Amber;
pub use amber_proto::v1;
pub use connection::Connection;
pub use credentials::{CredentialProvider, Credentials};
pub use error::Error;
pub use login::AdminLogin;
pub use options::Options;
pub use refusal::{FieldViolation, Refusal};
pub use retry::{RetryPolicy, retrying};
pub use trace::TraceContext;
pub use watch_posts::WatchedPost;
