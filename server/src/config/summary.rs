//! The configuration in one line of the log, without secrets.

use std::fmt;

use secrecy::ExposeSecret;

use super::{Checkpoints, Config, LogFormat};
use crate::domain::{Origin, Quota};

/// Names and values, in the order of the sections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary(pub Vec<(&'static str, String)>);

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (name, value)) in self.0.iter().enumerate() {
            let space = if place == 0 { "" } else { " " };
            write!(f, "{space}{name}={value}")?;
        }
        Ok(())
    }
}

impl Config {
    /// What an operator wants to see of the configuration when Amber starts.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let Self { secrets_manager, server, database, checkpoints, redis, ingestion, embed, .. } = self;
        let Self { rate_limit, cors, telemetry, .. } = self;
        let schedule = match &ingestion.cron {
            Some(cron) => format!("{cron:?}"),
            None => format!("{}m", ingestion.interval.as_secs() / 60),
        };
        let secrets = secrets_manager.as_ref().map_or("environment", |manager| manager.store.as_str());
        Summary(vec![
            ("secrets", secrets.to_owned()),
            ("listen", server.listen.to_string()),
            ("tls", server.tls.is_some().to_string()),
            ("public_url", server.public_url.clone()),
            ("reflection", server.reflection.to_string()),
            ("cors", joined(&cors.allowed_origins)),
            ("database", scheme(database.url.expose_secret()).to_owned()),
            ("redis", redis.is_some().to_string()),
            ("checkpoints", in_words(checkpoints)),
            ("ingestion", ingestion.enabled.to_string()),
            ("schedule", schedule),
            ("limit", ingestion.limit.to_string()),
            ("dry_run", ingestion.dry_run.to_string()),
            ("embed", embed.enabled.to_string()),
            ("embed_keys", embed.keys.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>().join(",")),
            ("embed_origins", joined(&embed.allowed_origins)),
            ("rate_limiting", rate_limit.enabled.to_string()),
            ("anonymous", quota(rate_limit.anonymous)),
            ("authenticated", quota(rate_limit.authenticated)),
            ("shadow", rate_limit.shadow.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(",")),
            ("trusted_proxies", server.trusted_proxies.len().to_string()),
            ("traces", telemetry.traces.as_ref().map_or("none", |traces| &traces.endpoint).to_owned()),
            ("log_format", if telemetry.log_format == LogFormat::Json { "json" } else { "text" }.to_owned()),
        ])
    }
}

fn in_words(checkpoints: &Checkpoints) -> String {
    match checkpoints {
        Checkpoints::Database => "database".to_owned(),
        Checkpoints::Files(folder) => folder.display().to_string(),
    }
}

fn joined(origins: &[Origin]) -> String {
    origins.iter().map(Origin::as_str).collect::<Vec<_>>().join(",")
}

fn quota(quota: Quota) -> String {
    format!("{}/{}s+{}", quota.permits, quota.window.as_secs(), quota.burst)
}

/// The scheme alone, because the rest of the URL may hold a password.
fn scheme(url: &str) -> &str {
    url.split(':').next().unwrap_or_default()
}
