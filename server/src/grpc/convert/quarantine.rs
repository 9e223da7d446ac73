//! Refused records in the contract's words.

use amber_proto::v1;

use super::feed::platform;
use super::number::small;
use super::time::timestamp;
use crate::store::{QuarantineStatus, Quarantined};
use crate::usecase::{Discarded, Error, RecordPage, RecordQuery, Replayed};

pub(in crate::grpc) fn asked_records(status: i32, leader: String) -> Result<RecordQuery, Error> {
    let status = match v1::QuarantineStatus::try_from(status) {
        Ok(v1::QuarantineStatus::Unspecified) => None,
        Ok(v1::QuarantineStatus::Open) => Some(QuarantineStatus::Open),
        Ok(v1::QuarantineStatus::Replayed) => Some(QuarantineStatus::Replayed),
        Ok(v1::QuarantineStatus::Discarded) => Some(QuarantineStatus::Discarded),
        Err(_) => return Err(Error::field("status", "status must be one of the contract")),
    };
    Ok(RecordQuery { status, leader: Some(leader).filter(|leader| !leader.is_empty()) })
}

pub(in crate::grpc) fn record_page(page: RecordPage) -> v1::ListQuarantineResponse {
    v1::ListQuarantineResponse { records: page.records.into_iter().map(record).collect(), next_page_token: page.next }
}

pub(in crate::grpc) fn replayed(done: Replayed) -> v1::ReplayQuarantineResponse {
    let Replayed { stored, refused, passed_over } = done;
    v1::ReplayQuarantineResponse { stored: small(stored), refused: small(refused), passed_over: small(passed_over) }
}

pub(in crate::grpc) fn discarded(done: Discarded) -> v1::DiscardQuarantineResponse {
    let Discarded { discarded, passed_over } = done;
    v1::DiscardQuarantineResponse { discarded: small(discarded), passed_over: small(passed_over) }
}

pub(super) fn record(record: Quarantined) -> v1::QuarantinedRecord {
    v1::QuarantinedRecord {
        id: record.id.to_string(),
        leader_id: record.leader_id.to_string(),
        platform: platform(record.platform).into(),
        status: status(record.status).into(),
        reason: record.reason,
        path: record.path,
        raw: record.raw,
        attempts: small(record.attempts),
        first_seen_time: Some(timestamp(record.first_seen_at)),
        last_seen_time: Some(timestamp(record.last_seen_at)),
        close_time: record.closed_at.map(timestamp),
    }
}

fn status(status: QuarantineStatus) -> v1::QuarantineStatus {
    match status {
        QuarantineStatus::Open => v1::QuarantineStatus::Open,
        QuarantineStatus::Replayed => v1::QuarantineStatus::Replayed,
        QuarantineStatus::Discarded => v1::QuarantineStatus::Discarded,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_keeps_its_name_on_both_ways() {
        for known in QuarantineStatus::ALL {
            let shown = status(known);
            assert_eq!(shown.as_str_name().to_lowercase(), format!("quarantine_status_{}", known.as_str()));
            assert_eq!(asked_records(shown.into(), String::new()).unwrap().status, Some(known));
        }
        assert_eq!(asked_records(0, String::new()).unwrap().status, None);
        assert!(asked_records(99, String::new()).is_err());
    }
}
