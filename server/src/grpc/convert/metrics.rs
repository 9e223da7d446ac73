//! The plain numbers.

use std::time::Duration;

use amber_proto::v1;

use super::number::count;
use super::time::duration;
use crate::telemetry::Snapshot;

pub(in crate::grpc) fn metrics(snapshot: Snapshot) -> v1::MetricsSnapshot {
    v1::MetricsSnapshot {
        ingestion_processed: count(snapshot.processed),
        ingestion_failed: count(snapshot.failed),
        ingestion_rate_limited: count(snapshot.rate_limited),
        ingestion_skipped_duplicates: count(snapshot.skipped_duplicates),
        embed_token_requested: count(snapshot.embed_requested),
        embed_token_failed: count(snapshot.embed_failed),
        embed_token_validated: count(snapshot.embed_validated),
        embed_token_expired: count(snapshot.embed_expired),
        embed_token_invalid: count(snapshot.embed_invalid),
        total_ingests: count(snapshot.total_ingests),
        last_ingest_duration: Some(duration(Duration::from_millis(snapshot.last_ingest_ms))),
        last_error: snapshot.last_error,
        uptime: Some(duration(snapshot.uptime)),
        embed_token_denied: count(snapshot.embed_denied),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_lands_in_its_own_field() {
        let told = metrics(Snapshot {
            processed: 1,
            failed: 2,
            rate_limited: 3,
            skipped_duplicates: 4,
            total_ingests: 5,
            last_ingest_ms: 6_007,
            last_error: Some("X is down".into()),
            embed_requested: 8,
            embed_failed: 9,
            embed_denied: 10,
            embed_validated: 11,
            embed_expired: 12,
            embed_invalid: 13,
            uptime: Duration::from_secs(14),
        });
        let expected = v1::MetricsSnapshot {
            ingestion_processed: 1,
            ingestion_failed: 2,
            ingestion_rate_limited: 3,
            ingestion_skipped_duplicates: 4,
            total_ingests: 5,
            last_ingest_duration: Some(prost_types::Duration { seconds: 6, nanos: 7_000_000 }),
            last_error: Some("X is down".into()),
            embed_token_requested: 8,
            embed_token_failed: 9,
            embed_token_denied: 10,
            embed_token_validated: 11,
            embed_token_expired: 12,
            embed_token_invalid: 13,
            uptime: Some(prost_types::Duration { seconds: 14, nanos: 0 }),
        };
        assert_eq!(told, expected);
    }
}
