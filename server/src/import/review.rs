//! Old review items as Amber keeps them.

use jiff::Timestamp;

use super::name::uuid_of;
use super::values::{shown, time};
use crate::domain::{PostId, ReviewState};
use crate::store::ImportedReviewItem;
use crate::store::legacy::{Row, Table};

/// Reads an item about `post`; one without a time was made with its post.
pub(super) fn read(row: &Row, post: PostId, post_seen_at: Timestamp) -> Result<ImportedReviewItem, String> {
    if let Some(column) = row.unreadable.first() {
        return Err(format!("its {column} is no text"));
    }
    let state = row.text("state").unwrap_or_default();
    let is_known = |known: &ReviewState| known.as_str() == state.trim().to_lowercase();
    let Some(state) = ReviewState::ALL.into_iter().find(is_known) else {
        return Err(format!("its state {} is none of pending, approved and rejected", shown(state)));
    };
    let reviewed_at = row.text("reviewed_at").and_then(time).filter(|_| state != ReviewState::Pending);
    let updated_at = row.text("updated_at").and_then(time).or(reviewed_at).unwrap_or(post_seen_at);
    Ok(ImportedReviewItem {
        id: uuid_of(Table::ReviewItems, &row.id),
        post,
        state,
        notes: row.text("notes").map(str::to_owned),
        reviewer: row.text("reviewer").map(str::to_owned),
        reviewed_at,
        updated_at,
    })
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn item(values: &[(&'static str, &str)]) -> Result<ImportedReviewItem, String> {
        read(&Row::new("1", values.iter().copied()), PostId(Uuid::nil()), Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn an_item_keeps_who_decided_and_when() {
        let decided = [
            ("state", "Approved"),
            ("notes", "fine"),
            ("reviewer", "eve"),
            ("reviewed_at", "2026-01-01 00:00:00"),
            ("updated_at", "2026-01-02 00:00:00"),
        ];
        let decided = item(&decided).unwrap();
        assert_eq!((decided.state, decided.reviewer.as_deref()), (ReviewState::Approved, Some("eve")));
        assert_eq!(decided.reviewed_at.map(|at| at.to_string()).as_deref(), Some("2026-01-01T00:00:00Z"));
        assert_eq!(decided.updated_at.to_string(), "2026-01-02T00:00:00Z");
        assert_eq!(item(&[("state", "pending")]).unwrap().updated_at, Timestamp::UNIX_EPOCH);
    }

    #[test]
    fn an_unknown_state_is_refused() {
        let refused = Err("its state \"maybe\" is none of pending, approved and rejected".to_owned());
        assert_eq!(item(&[("state", "maybe")]), refused);
        assert!(item(&[]).is_err());
    }
}
