//! The names of the limits that bound callers.

/// Names a limit in the configuration, in metrics and answers, and in the shared store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PolicyName {
    /// Callers without a credential, by address.
    Anonymous,
    /// Callers with a credential.
    Authenticated,
    /// The issue of embed tokens, by caller with a credential.
    EmbedIssue,
    /// Frames: opening them and what they ask for, by address.
    TokenRedeem,
    /// Reading the posts of one leader at once, on top of the caller's own limit.
    LeaderRefresh,
    /// Starting a run, on top of the caller's own limit.
    IngestionTrigger,
    /// The guard at the edge, by address. It is no part of the configuration and has no bucket.
    Edge,
}

impl PolicyName {
    /// All that are configured and have a bucket; [`PolicyName::index`] is the place in this list.
    pub const ALL: [Self; 6] = [
        Self::Anonymous,
        Self::Authenticated,
        Self::EmbedIssue,
        Self::TokenRedeem,
        Self::LeaderRefresh,
        Self::IngestionTrigger,
    ];

    /// The name. It is never one of `tokens` and `last_update`, which buckets of the old service hold.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Authenticated => "authenticated",
            Self::EmbedIssue => "embed_issue",
            Self::TokenRedeem => "token_redeem",
            Self::LeaderRefresh => "leader_refresh",
            Self::IngestionTrigger => "ingestion_trigger",
            Self::Edge => "edge",
        }
    }

    /// Reads the name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|policy| policy.as_str() == name)
    }

    /// The place in [`PolicyName::ALL`].
    #[must_use]
    pub fn index(self) -> usize {
        self as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_again_at_its_place() {
        for (place, policy) in PolicyName::ALL.into_iter().enumerate() {
            assert_eq!(policy.index(), place);
            assert_eq!(PolicyName::parse(policy.as_str()), Some(policy));
        }
        assert_eq!([PolicyName::parse("tokens"), PolicyName::parse(PolicyName::Edge.as_str())], [None, None]);
    }
}
