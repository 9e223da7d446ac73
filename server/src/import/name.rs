//! The ids that rows have in Amber.

use ring::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY};
use uuid::{Builder, Uuid, uuid};

use crate::store::legacy::Table;

/// Below it lie the ids of rows whose old ones are no UUIDs.
const NAMESPACE: Uuid = uuid!("6f0d5a52-0f4e-4c39-9b1b-5a2f6f3d8e71");

/// The id of an old row: its own where that is a UUID, else one that follows from it (version 5, RFC 9562).
pub(super) fn uuid_of(table: Table, id: &str) -> Uuid {
    Uuid::try_parse(id).unwrap_or_else(|_| {
        let mut hash = Context::new(&SHA1_FOR_LEGACY_USE_ONLY);
        hash.update(NAMESPACE.as_bytes());
        hash.update(format!("{}:{id}", table.name()).as_bytes());
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hash.finish().as_ref()[..16]);
        Builder::from_sha1_bytes(bytes).into_uuid()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_kept_or_follows_from_the_old_one() {
        let kept = "b8659ce9-6651-4e65-86af-902804861332";
        assert_eq!(uuid_of(Table::Posts, kept).to_string(), kept);
        let made = uuid_of(Table::Posts, "7");
        assert_eq!((made, made.get_version_num()), (uuid_of(Table::Posts, "7"), 5));
        assert_ne!(made, uuid_of(Table::Leaders, "7"));
        assert_ne!(made, uuid_of(Table::Posts, "8"));
        // As `uuid.uuid5(NAMESPACE, "posts:7")` of Python says.
        assert_eq!(made.to_string(), "4d6e75e4-01c9-50b4-87b4-4b62c92eb210");
    }
}
