//! Where Amber remembers.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

use crate::config::parse::{self, Refusal};
use crate::config::reader::Reader;
use crate::config::{Checkpoints, Database, Redis};

pub(super) fn database(reader: &mut Reader<'_>) -> Database {
    Database {
        url: sealed_url(reader, "DATABASE_URL", &["sqlite", "postgres", "postgresql", "postgresql+psycopg2"])
            .unwrap_or_default(),
        max_connections: reader.number("DATABASE_MAX_CONNECTIONS"),
        acquire_timeout: Duration::from_secs(5),
    }
}

pub(super) fn checkpoints(reader: &mut Reader<'_>) -> Checkpoints {
    let in_files = reader.parsed("CHECKPOINT_STORE", |text| match text {
        "database" => Ok(false),
        "file" => Ok(true),
        _ => Err(Refusal::new(format!("{text:?} is no place for checkpoints"), "write database or file")),
    });
    let folder = reader.parsed("CHECKPOINT_DIR", |text| Ok(PathBuf::from(text)));
    if let Some(folder) = folder.filter(|_| in_files == Some(true)) {
        return Checkpoints::Files(folder);
    }
    if reader.is_set("CHECKPOINT_DIR") {
        reader.warn("CHECKPOINT_DIR", "does nothing while CHECKPOINT_STORE is database");
    }
    Checkpoints::Database
}

pub(super) fn redis(reader: &mut Reader<'_>) -> Option<Redis> {
    let authorities = reader.parsed("REDIS_CA", |text| {
        let is_pem = text.contains("-----BEGIN CERTIFICATE-----");
        let refusal = || Refusal::new("holds no certificate", "write it as PEM, or name its file by REDIS_CA_FILE");
        is_pem.then(|| text.to_owned()).ok_or_else(refusal)
    });
    let parse = |text: &str| text.parse::<Redis>().map_err(|bad| Refusal::new(bad.to_string(), bad.remedy()));
    let redis = reader.parsed("REDIS_URL", parse)?;
    if authorities.is_some() && !redis.is_encrypted() {
        reader.warn("REDIS_CA", "does nothing while REDIS_URL does not begin with rediss");
    }
    Some(Redis { authorities, ..redis })
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
