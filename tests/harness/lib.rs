//! What the whole-system tests stand on: real PostgreSQL and Redis, a network that fails on demand, and a clock that
//! moves when told.
//!
//! Nothing here outlives the test process, not even after `kill -9`: see `guarded`.

mod clock;
mod flaky;
mod collector;
mod guarded;
mod hasty;
mod openapi;
mod postgres;
mod program;
mod redis;
mod server;
mod tools;
mod x;

pub use clock::TestClock;
pub use flaky::Flaky;
pub use hasty::Hasty;
pub use collector::{Collector, TraceSpan};
pub use openapi::OpenApi;
pub use postgres::Postgres;
pub use program::Program;
pub use redis::{Cli, EncryptedRedis, Redis, RedisCluster, WatchedRedis};
pub use server::{Backend, Builder, TestServer, admin_token, http_client};
pub use tools::{find_program, setting};
pub use x::FakeXApi;
