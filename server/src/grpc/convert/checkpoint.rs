//! Checkpoints in the contract's words.

use amber_proto::v1;

use super::number::small;
use crate::domain::SavedCheckpoint;
use crate::usecase::CheckpointPage;

pub(in crate::grpc) fn checkpoint_page(page: CheckpointPage) -> v1::ListCheckpointsResponse {
    v1::ListCheckpointsResponse {
        checkpoints: page.checkpoints.iter().map(checkpoint).collect(),
        next_page_token: page.next,
    }
}

pub(in crate::grpc) fn checkpoint(saved: &SavedCheckpoint) -> v1::StreamCheckpoint {
    let own = saved.checkpoint.understood();
    let mark = own.as_ref().and_then(|own| own.high_water);
    v1::StreamCheckpoint {
        key: saved.key.to_string(),
        version: saved.version,
        high_water_mark: mark.map(|id| id.to_string()).unwrap_or_default(),
        gaps: small(own.map_or(0, |own| own.gaps.len())),
        json: saved.checkpoint.as_json().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::{Checkpoint, OpaqueCheckpoint};

    fn shown(checkpoint: OpaqueCheckpoint) -> v1::StreamCheckpoint {
        self::checkpoint(&SavedCheckpoint { key: "x:ada".parse().unwrap(), checkpoint, version: 7 })
    }

    #[test]
    fn a_checkpoint_of_ambers_own_is_explained_and_another_is_shown_as_it_is() {
        let own = Checkpoint { high_water: Some(1_900_000_000_000_000_001), ..Checkpoint::default() };
        let own = shown(OpaqueCheckpoint::from(&own));
        assert_eq!((own.key.as_str(), own.version, own.gaps), ("x:ada", 7, 0));
        assert_eq!(own.high_water_mark, "1900000000000000001");
        let other = shown(OpaqueCheckpoint::new(json!({ "since": 3 })).unwrap());
        assert_eq!((other.high_water_mark.as_str(), other.json.as_str()), ("", r#"{"since":3}"#));
    }
}
