//! Who is calling.

use jiff::Timestamp;

/// What a person may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// May read.
    Viewer,
    /// May review posts as well.
    Reviewer,
    /// May do everything.
    Admin,
}

impl Role {
    /// The name in tokens and answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Reviewer => "reviewer",
            Self::Admin => "admin",
        }
    }

    /// Reads the name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Viewer, Self::Reviewer, Self::Admin].into_iter().find(|role| role.as_str() == name)
    }
}

/// What an API key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Issue and check embed tokens.
    EmbedIssue,
    /// Revoke embed tokens of its own.
    EmbedRevoke,
    /// Read dashboards and their numbers.
    DashboardRead,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::EmbedIssue, Self::EmbedRevoke, Self::DashboardRead];

    /// Reads the name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == name)
    }

    /// The name in answers and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EmbedIssue => "embed.issue",
            Self::EmbedRevoke => "embed.revoke",
            Self::DashboardRead => "dashboard.read",
        }
    }
}

/// The caller, as far as the credential proves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// No credential was given.
    Anonymous,
    /// A person with an admin token.
    User {
        /// The person's id as given when the token was issued.
        id: String,
        /// What the person may do.
        role: Role,
        /// From when on the token is of no use; None for a person who needs none.
        expires_at: Option<Timestamp>,
    },
    /// A service with an API key.
    Key {
        /// The public id of the key, never the key.
        id: String,
        /// What the key may do.
        scopes: Vec<Scope>,
    },
    /// A program that collects metrics, and may do nothing else.
    Scraper,
}

impl Principal {
    /// Whether the caller holds `role` or a higher one.
    #[must_use]
    pub fn has_role(&self, role: Role) -> bool {
        matches!(self, Self::User { role: held, .. } if *held >= role)
    }

    /// Whether the caller's key holds `scope`; an admin holds every scope.
    #[must_use]
    pub fn has_scope(&self, scope: Scope) -> bool {
        match self {
            Self::Key { scopes, .. } => scopes.contains(&scope),
            Self::User { role, .. } => *role == Role::Admin,
            Self::Anonymous | Self::Scraper => false,
        }
    }

    /// The kind of caller, for logs and metrics.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::User { .. } => "user",
            Self::Key { .. } => "key",
            Self::Scraper => "scraper",
        }
    }
}
