//! The checkpoint file of the old service.
//!
//! It says how far each stream was read by page tokens of X, which are worth nothing later. So only the streams are taken
//! over, and are read anew.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::Error;
use super::report::{Counts, Watcher};
use crate::domain::{OpaqueCheckpoint, SavedCheckpoint, StreamKey};
use crate::store::{Checkpoints, Imported};

/// What the file is called in reports.
const NAME: &str = "checkpoints";

/// Reads the file: `{"x:name": {"cursor": "...", "updated_at": "..."}}`.
pub(super) fn read(path: &Path) -> Result<Map<String, Value>, Error> {
    let bytes = std::fs::read(path).map_err(|source| Error::File { path: path.to_owned(), source })?;
    serde_json::from_slice(&bytes).map_err(|_| Error::NoCheckpoints { path: path.to_owned() })
}

/// Takes over the streams of the file. In a dry run `planned` are the streams that would have come with their leaders.
pub(super) async fn keep(
    lines: &Map<String, Value>,
    store: &impl Checkpoints,
    planned: Option<&BTreeSet<StreamKey>>,
    watcher: &mut dyn Watcher,
) -> Result<(&'static str, Counts), Error> {
    let there = u64::try_from(lines.len()).unwrap_or(u64::MAX);
    let mut counts = Counts { there, ..Counts::default() };
    for key in lines.keys() {
        counts.read += 1;
        match stream(key, store, planned).await? {
            Ok(outcome) => counts.add(outcome),
            Err(reason) => {
                counts.refused += 1;
                watcher.refused(NAME, key, &reason);
            }
        }
        watcher.progress(NAME, counts.read, counts.there);
    }
    Ok((NAME, counts))
}

async fn stream(
    key: &str,
    store: &impl Checkpoints,
    planned: Option<&BTreeSet<StreamKey>>,
) -> Result<Result<Imported, String>, Error> {
    // X does not tell letter cases apart, so the streams of its accounts have none.
    let key = if key.starts_with("x:") { key.to_lowercase() } else { key.to_owned() };
    let key: StreamKey = match key.parse() {
        Ok(key) => key,
        Err(reason) => return Ok(Err(format!("{reason}"))),
    };
    if planned.is_some_and(|planned| planned.contains(&key)) || store.checkpoint(&key).await?.is_some() {
        // The leader came with its stream, which begins anew, or Amber has read it further.
        return Ok(Ok(Imported::Known));
    }
    if key.source() == "x" {
        return Ok(Err("no leader has this handle".to_owned()));
    }
    let anew = OpaqueCheckpoint::new(json!({})).expect("an empty object is a checkpoint");
    let anew = SavedCheckpoint { key, checkpoint: anew, version: 1 };
    let is_new = planned.is_some() || store.replace_checkpoint(None, &anew).await?;
    Ok(Ok(if is_new { Imported::Stored } else { Imported::Known }))
}
