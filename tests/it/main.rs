//! Whole-system tests, through the wire.

mod auth;
mod bad_input;
mod grpc_web;
mod headers;
mod help;
mod limits;
mod old_wire;
mod outage;
mod reflection;
mod secrets;
mod shutdown;
mod wire;
