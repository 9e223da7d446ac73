//! Whole-system tests, through the wire.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod api_keys;
mod auth;
mod bad_input;
mod crash;
mod embed;
mod dashboards;
mod embed_replicas;
mod feed;
mod frame;
mod grpc_web;
mod headers;
mod healthcheck;
mod help;
mod import;
mod ingestion;
mod limits;
mod limit_exactness;
mod old_wire;
mod other_clients;
mod outage;
mod reflection;
mod road;
mod rolling_restart;
mod runbook;
mod scopes;
mod sdk_examples;
mod secrets;
mod shared_limits;
mod shutdown;
mod stage;
mod wire;
mod x_api;
