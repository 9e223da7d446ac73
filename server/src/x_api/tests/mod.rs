//! Tests of the client against recorded answers and a small HTTP server.

mod calls;
mod limits;
mod pages;
mod recorded;
mod server;
