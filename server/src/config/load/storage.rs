//! Where Amber remembers.

use std::time::Duration;

use secrecy::SecretString;

use crate::config::parse::{self, Refusal};
use crate::config::reader::Reader;
use crate::config::{Database, Redis};

pub(super) fn database(reader: &mut Reader<'_>) -> Database {
    Database {
        url: sealed_url(reader, "DATABASE_URL", &["sqlite", "postgres", "postgresql", "postgresql+psycopg2"])
            .unwrap_or_default(),
        max_connections: reader.number("DATABASE_MAX_CONNECTIONS"),
        acquire_timeout: Duration::from_secs(5),
    }
}

pub(super) fn redis(reader: &mut Reader<'_>) -> Option<Redis> {
    sealed_url(reader, "REDIS_URL", &["redis", "rediss"]).map(|url| Redis { url })
}

/// A URL that may hold a password, so that no message shows it.
fn sealed_url(reader: &mut Reader<'_>, name: &str, schemes: &[&str]) -> Option<SecretString> {
    reader.parsed(name, |url| {
        let url = parse::scheme(url, schemes)?;
        let has_host = url.starts_with("sqlite") || url::Url::parse(url).is_ok_and(|url| url.has_host());
        if !has_host {
            return Err(Refusal::new("is no URL with a host", "write scheme://user:password@host:port/name"));
        }
        Ok(url.into())
    })
}
