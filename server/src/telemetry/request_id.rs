//! The id that ties an answer to the lines of the log.

use std::fmt;

use crate::domain::Entropy;

/// Names one request: 8 to 64 letters, digits, dots, dashes and underscores.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RequestId(String);

impl RequestId {
    /// The header and metadata key that carries it.
    pub const HEADER: &'static str = "x-request-id";

    /// Takes the caller's id when it has the right form, and else makes one.
    #[must_use]
    pub fn accept(header: Option<&str>, entropy: &(dyn Entropy + 'static)) -> Self {
        let offered = header.filter(|id| Self::has_the_form(id));
        offered.map_or_else(|| Self(entropy.uuid_v4().to_string()), |id| Self(id.to_owned()))
    }

    fn has_the_form(id: &str) -> bool {
        (8..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
    }

    /// The id as text; always fit for a header.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::OsEntropy;

    #[test]
    fn a_fit_id_is_taken_over() {
        for id in ["12345678", "Az09._-x", &"x".repeat(64)] {
            assert_eq!(RequestId::accept(Some(id), &OsEntropy).as_str(), id);
        }
    }

    #[test]
    fn any_other_id_is_replaced_by_a_fit_one() {
        let too_long = "x".repeat(65);
        let unfit = ["", "1234567", &too_long, "with space", "line\nbreak1", "अनुरोध-१२३", "semi;colon", "a/b/c/d/e"];
        for header in unfit.into_iter().map(Some).chain([None]) {
            let id = RequestId::accept(header, &OsEntropy);
            assert_ne!(Some(id.as_str()), header);
            assert!(RequestId::has_the_form(id.as_str()), "{id}");
        }
    }

    #[test]
    fn two_made_ids_differ() {
        assert_ne!(RequestId::accept(None, &OsEntropy), RequestId::accept(None, &OsEntropy));
    }
}
