//! Amber: follows public figures on X, scores their posts, and serves feed, sentiment and embeddable dashboards.
//!
//! The modules stand in reading order: each one may use only those above it.

pub mod domain;
pub mod config;
pub mod telemetry;
pub mod resilience;
pub mod secret_store;
pub mod redis;
pub mod store;
pub mod checkpoints;
pub mod x_api;
pub mod sandbox;
pub mod sentiment;
pub mod import;
pub mod rate_limit;
pub mod auth;
pub mod embed;
pub mod ingestion;
pub mod health;
pub mod usecase;
pub mod grpc;
pub mod http;
pub mod app;
