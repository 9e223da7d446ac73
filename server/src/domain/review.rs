//! What reviewers say of posts, and what waits for them.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

/// What reviewers say of a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Verification {
    /// Nothing so far.
    #[default]
    NeedsReview,
    /// It is what it seems to be.
    Verified,
    /// It is not. The post is still shown, with this mark; to take it away is to delete it.
    Rejected,
}

impl Verification {
    /// Every status.
    pub const ALL: [Self; 3] = [Self::NeedsReview, Self::Verified, Self::Rejected];

    /// The name in the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NeedsReview => "needs_review",
            Self::Verified => "verified",
            Self::Rejected => "rejected",
        }
    }

    /// The name in answers.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::NeedsReview => "Needs Review",
            Self::Verified => "Verified",
            Self::Rejected => "Rejected",
        }
    }

    /// Reads the name in the store.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }

    /// Reads the name in answers, without regard to the case of ASCII letters.
    #[must_use]
    pub fn parse_title(title: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.title().eq_ignore_ascii_case(title))
    }
}

/// How a post came to be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum PostOrigin {
    /// Its platform told it.
    #[default]
    Fetched,
    /// Somebody entered it by hand.
    Manual,
    /// It was taken over from another service.
    Imported,
}

impl PostOrigin {
    /// Every origin.
    pub const ALL: [Self; 3] = [Self::Fetched, Self::Manual, Self::Imported];

    /// The name in the store and in answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fetched => "fetched",
            Self::Manual => "manual",
            Self::Imported => "imported",
        }
    }

    /// Reads the name in the store.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|origin| origin.as_str() == name)
    }
}

/// Names an item of the review queue. Later items have greater names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReviewId(pub Uuid);

impl fmt::Display for ReviewId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for ReviewId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// What became of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReviewState {
    /// It waits.
    Pending,
    /// A reviewer approved it.
    Approved,
    /// A reviewer rejected it.
    Rejected,
}

impl ReviewState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Pending, Self::Approved, Self::Rejected];

    /// The name in the store and in answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
        }
    }

    /// Reads the name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// What it means for the post.
    #[must_use]
    pub fn verification(self) -> Verification {
        match self {
            Self::Pending => Verification::NeedsReview,
            Self::Approved => Verification::Verified,
            Self::Rejected => Verification::Rejected,
        }
    }
}

/// Why something waits for a reviewer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReviewReason {
    /// Whoever entered the post asked for it.
    Requested,
    /// Its text sounds good and bad at once, so that the score says little.
    LowConfidence,
    /// The record of the platform was no valid post.
    Quarantined,
    /// It waited in the service that it was imported from.
    Imported,
}

impl ReviewReason {
    /// Every reason.
    pub const ALL: [Self; 4] = [Self::Requested, Self::LowConfidence, Self::Quarantined, Self::Imported];

    /// The name in the store and in answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::LowConfidence => "low_confidence",
            Self::Quarantined => "quarantined",
            Self::Imported => "imported",
        }
    }

    /// Reads the name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_as_what_it_names() {
        for status in Verification::ALL {
            assert_eq!(Verification::parse(status.as_str()), Some(status));
            assert_eq!(Verification::parse_title(&status.title().to_uppercase()), Some(status));
        }
        assert!(PostOrigin::ALL.into_iter().all(|origin| PostOrigin::parse(origin.as_str()) == Some(origin)));
        assert!(ReviewState::ALL.into_iter().all(|state| ReviewState::parse(state.as_str()) == Some(state)));
        assert!(ReviewReason::ALL.into_iter().all(|reason| ReviewReason::parse(reason.as_str()) == Some(reason)));
        assert_eq!(Verification::parse_title("needs_review"), None);
    }
}
