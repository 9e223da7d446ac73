//! A public figure whose posts Amber follows.

mod asked;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use uuid::Uuid;

pub use asked::{LeaderChange, NewLeader};

use super::UserId;

/// Names a leader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeaderId(pub Uuid);

impl fmt::Display for LeaderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for LeaderId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// Where a post was published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Platform {
    /// X, formerly Twitter.
    X,
    /// Facebook; only from imported data.
    Facebook,
    /// A news site; only from imported data.
    News,
    /// One that Amber does not know; the post has its name.
    Other,
}

impl Platform {
    /// Every platform, in the order of their names in the store.
    pub const ALL: [Self; 4] = [Self::X, Self::Facebook, Self::News, Self::Other];

    /// The name in the store, in stream keys and in query parameters.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::X => "x",
            Self::Facebook => "facebook",
            Self::News => "news",
            Self::Other => "other",
        }
    }

    /// The name that people read.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::X => "X",
            Self::Facebook => "Facebook",
            Self::News => "News",
            Self::Other => "Other",
        }
    }

    /// Reads a name without regard to case; `twitter` means X, `fb` Facebook.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "x" | "twitter" => Some(Self::X),
            "facebook" | "fb" => Some(Self::Facebook),
            "news" => Some(Self::News),
            "other" => Some(Self::Other),
            _ => None,
        }
    }
}

/// A handle on X, without the `@`: 1 to 15 letters, digits and underscores.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Handle(String);

impl Handle {
    /// Reads a handle; a leading `@` is dropped. None when X would refuse it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let name = text.strip_prefix('@').unwrap_or(text);
        let fits = (1..=15).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        fits.then(|| Self(name.to_owned()))
    }

    /// The handle as it was written, without the `@`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The handle in lower case: X does not tell letter cases apart.
    #[must_use]
    pub fn folded(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a leader's posts can be fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LeaderState {
    /// Never looked up so far, or without a handle on X.
    Unresolved,
    /// Known to X and readable.
    Active,
    /// The account shows its posts to its followers only.
    Protected,
    /// X suspended the account.
    Suspended,
    /// X knows no such account.
    NotFound,
}

impl LeaderState {
    /// Every state.
    pub const ALL: [Self; 5] = [Self::Unresolved, Self::Active, Self::Protected, Self::Suspended, Self::NotFound];

    /// The name in the store and in answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unresolved => "unresolved",
            Self::Active => "active",
            Self::Protected => "protected",
            Self::Suspended => "suspended",
            Self::NotFound => "not_found",
        }
    }

    /// Reads the name in the store.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// A leader that Amber follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leader {
    /// The name of the record.
    pub id: LeaderId,
    /// The name that people read.
    pub name: String,
    /// Handles by platform name as the caller wrote it.
    pub handles: BTreeMap<String, String>,
    /// What the leader is known for.
    pub tracking_topics: Vec<String>,
    /// When the leader was added.
    pub created_at: Timestamp,
    /// The account's number on X, once it is known. It outlives a new name of the account on X, but not another handle
    /// that somebody gives the leader.
    pub x_user_id: Option<UserId>,
    /// The account's picture on X, once it is known.
    pub avatar_url: Option<String>,
    /// Whether the leader's posts can be fetched.
    pub state: LeaderState,
    /// How many posts X counts of the account, once it is known. Reposts count, and so do posts out of reach.
    pub x_post_count: Option<u64>,
}

impl Leader {
    /// The handle on X, when there is a usable one.
    #[must_use]
    pub fn x_handle(&self) -> Option<Handle> {
        x_handle_text(&self.handles).and_then(Handle::parse)
    }
}

/// A field that breaks a rule, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The field, as the caller names it.
    pub field: String,
    /// What is wrong and what would be right.
    pub description: String,
}

impl Violation {
    /// Names the field and says what would be right.
    pub fn new(field: impl Into<String>, description: impl Into<String>) -> Self {
        Self { field: field.into(), description: description.into() }
    }
}

/// The handle on X as it was written, usable or not.
fn x_handle_text(handles: &BTreeMap<String, String>) -> Option<&str> {
    ["x", "twitter"].iter().find_map(|key| handles.get(*key)).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_is_what_x_accepts() {
        for good in ["a", "@amber_1", "ABCDEFGHIJKLMNO"] {
            assert!(Handle::parse(good).is_some(), "{good}");
        }
        for bad in ["", "@", "ABCDEFGHIJKLMNOP", "a-b", "a b", "नाम", "@@a"] {
            assert!(Handle::parse(bad).is_none(), "{bad}");
        }
    }
}
