//! What the whole-system tests stand on: real PostgreSQL and Redis, a network that fails on demand, and a clock that
//! moves when told.
//!
//! Nothing here outlives the test process, not even after `kill -9`: see `guarded`.

mod authority;
mod clock;
mod clouds;
mod collector;
mod flaky;
mod guarded;
mod hasty;
mod openapi;
mod port;
mod postgres;
mod program;
mod redis;
mod server;
mod tools;
mod x;

pub use authority::{Authority, Certified};
pub use clock::TestClock;
pub use clouds::{Cloud, STORES, Unsteady};
pub use collector::{Collector, TraceSpan};
pub use flaky::Flaky;
pub use hasty::Hasty;
pub use openapi::OpenApi;
pub use postgres::Postgres;
pub use program::Program;
pub use redis::{Cli, EncryptedRedis, Redis, RedisCluster, WatchedRedis};
pub use server::{Backend, Builder, TestServer, admin_token, http_client};
pub use tools::{find_program, report_missing, setting};
pub use x::FakeXApi;
