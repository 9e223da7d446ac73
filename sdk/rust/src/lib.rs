//! Client of Amber for Rust services.
//!
//! [`Amber`] holds one connection and hands out a typed client per service of the contract, [`v1`]. A refused call is a
//! [`tonic::Status`]; [`Refusal`] reads its reason, its bad fields and how long to wait. Reads may be repeated with
//! [`retrying`]. [`Amber::posts`], [`Amber::runs`], [`Amber::checkpoints`] and [`Amber::quarantine`] walk whole lists, and
//! [`Amber::watch_run`] follows a run to its end.
//!
//! ```no_run
//! use amber_sdk::v1::TriggerIngestionRequest;
//! use amber_sdk::{Amber, Credentials, Options, Refusal};
//! use amber_sdk::v1::ErrorReason;
//!
//! # async fn example(key: String) -> Result<(), Box<dyn std::error::Error>> {
//! let options = Options::new("http://amber-backend:5000").credentials(Credentials::api_key(key));
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
mod credentials;
mod error;
mod ingestion;
mod metadata;
mod options;
mod pages;
mod posts;
mod refusal;
mod retry;
mod watch;

pub use amber::{Amber, Connection};
pub use amber_proto::v1;
pub use credentials::Credentials;
pub use error::Error;
pub use metadata::CallMetadata;
pub use options::Options;
pub use refusal::{FieldViolation, Refusal};
pub use retry::{RetryPolicy, retrying};
