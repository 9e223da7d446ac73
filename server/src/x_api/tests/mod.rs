//! Tests of the client against recorded answers and a small HTTP server.

mod calls;
pub(crate) mod governor;
mod limits;
mod money;
mod pages;
mod recorded;
mod rotation;
mod server;
