//! What is fetched from X, and how X is reached.

use std::time::Duration;

use crate::config::parse;
use crate::config::reader::Reader;
use crate::config::{Ingestion, XApi};

pub(super) fn fetching(reader: &mut Reader<'_>) -> (Ingestion, XApi) {
    let enabled = reader.flag("X_INGEST_ENABLED");
    reader.part_of("X_INGEST_ENABLED", enabled, |reader| (ingestion(reader, enabled), x_api(reader, enabled)))
}

fn ingestion(reader: &mut Reader<'_>, enabled: bool) -> Ingestion {
    Ingestion {
        enabled,
        limit: reader.number("X_INGEST_LIMIT"),
        backfill_count: reader.number("X_BACKFILL_COUNT"),
        interval: reader.minutes("X_INGEST_INTERVAL_MINUTES"),
        cron: reader.parsed("X_INGEST_CRON", |text| parse::cron(text).map(|_| text.to_owned())),
        dry_run: reader.flag("INGESTION_DRY_RUN"),
        overlap: reader.minutes("X_INGEST_OVERLAP_MINUTES"),
    }
}

fn x_api(reader: &mut Reader<'_>, enabled: bool) -> XApi {
    if enabled {
        let remedy = "set it to the app-only bearer token of the X developer portal, or X_INGEST_ENABLED=false";
        reader.require("X_API_BEARER", "X_INGEST_ENABLED is on", remedy);
    }
    XApi {
        base_url: reader.parsed("X_API_BASE_URL", parse::base_url).unwrap_or_default(),
        bearer: reader.header_secret("X_API_BEARER"),
        timeout: Duration::from_secs(30),
    }
}
