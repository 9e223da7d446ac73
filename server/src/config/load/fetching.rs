//! What is fetched from X, and how X is reached.

use std::time::Duration;

use jiff::tz::TimeZone;

use crate::config::parse;
use crate::config::reader::Reader;
use crate::config::{Ingestion, XApi};

/// What the schedule needs; nothing while ingestion is switched off.
pub(super) fn fetching(reader: &mut Reader<'_>) -> (Ingestion, XApi) {
    let enabled = reader.flag("X_INGEST_ENABLED");
    reader.part_of("X_INGEST_ENABLED", enabled, |reader| {
        let ingestion = ingestion(reader, enabled);
        if enabled {
            let remedy = "set it to the app-only bearer token of the X developer portal, or X_INGEST_ENABLED=false";
            reader.require("X_API_BEARER", "X_INGEST_ENABLED is on", remedy);
        }
        (ingestion, x_api(reader))
    })
}

/// What a run needs that somebody starts by hand, with the schedule on or off.
pub(super) fn by_hand(reader: &mut Reader<'_>) -> (Ingestion, XApi) {
    let enabled = reader.flag("X_INGEST_ENABLED");
    let ingestion = ingestion(reader, enabled);
    let remedy = "set it to the app-only bearer token of the X developer portal";
    reader.require("X_API_BEARER", "posts are read from X", remedy);
    (ingestion, x_api(reader))
}

fn ingestion(reader: &mut Reader<'_>, enabled: bool) -> Ingestion {
    Ingestion {
        enabled,
        limit: reader.number("X_INGEST_LIMIT"),
        backfill_count: reader.parsed("X_BACKFILL_COUNT", parse::count_or_all).unwrap_or_default(),
        interval: reader.minutes("X_INGEST_INTERVAL_MINUTES"),
        cron: reader.parsed("X_INGEST_CRON", |text| parse::cron(text).map(|_| text.to_owned())),
        zone: reader.parsed("SCHEDULE_TZ", parse::time_zone).unwrap_or(TimeZone::UTC),
        jitter: reader.seconds("X_INGEST_JITTER_SECONDS"),
        concurrency: reader.number("X_INGEST_CONCURRENCY"),
        concurrency_everywhere: reader.number("X_INGEST_TOTAL_CONCURRENCY"),
        lease_ttl: reader.seconds("X_INGEST_LEASE_SECONDS"),
        dry_run: reader.flag("INGESTION_DRY_RUN"),
        overlap: reader.minutes("X_INGEST_OVERLAP_MINUTES"),
        deep_every: Some(Duration::from_hours(reader.number("X_INGEST_DEEP_HOURS"))).filter(|every| !every.is_zero()),
        recheck: Some(Duration::from_hours(reader.number("X_RECHECK_HOURS"))).filter(|period| !period.is_zero()),
    }
}

fn x_api(reader: &mut Reader<'_>) -> XApi {
    XApi {
        base_url: reader.parsed("X_API_BASE_URL", parse::base_url).unwrap_or_default(),
        bearer: reader.header_secret("X_API_BEARER"),
        bearer_file: reader.file_of("X_API_BEARER"),
        monthly_post_budget: Some(reader.number("X_MONTHLY_POST_BUDGET")).filter(|budget| *budget > 0),
        timeout: Duration::from_secs(30),
    }
}
