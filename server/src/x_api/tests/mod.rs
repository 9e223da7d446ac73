//! Tests of the client against recorded answers and a small HTTP server.

mod calls;
mod limits;
mod money;
mod pages;
mod recorded;
mod rotation;
mod server;
