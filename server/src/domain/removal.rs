//! Why a post that was stored can no longer be shown.

/// Why a post is gone from its platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Removal {
    /// There is no such post any more: it or its account was deleted.
    NotFound,
    /// The account shows its posts to its followers only.
    NotAuthorized,
    /// The account is suspended.
    Suspended,
}

impl Removal {
    /// Every reason.
    pub const ALL: [Self; 3] = [Self::NotFound, Self::NotAuthorized, Self::Suspended];

    /// The name in the store and in metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::NotAuthorized => "not_authorized",
            Self::Suspended => "suspended",
        }
    }
}
