//! What reviewers and editors did, as the audit keeps it: never a text of a post.

use jiff::Timestamp;
use uuid::Uuid;

use super::{Label, PostId, ReviewId, ReviewState, Verification};

/// What somebody did in the review queue, or to a post by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReviewAction {
    /// Approved an item.
    Approve,
    /// Rejected an item.
    Reject,
    /// Changed the notes of an item, or the tone of its post.
    Edit,
    /// Entered a post.
    CreatePost,
    /// Changed a post.
    UpdatePost,
    /// Deleted a post.
    DeletePost,
}

impl ReviewAction {
    /// Every action.
    pub const ALL: [Self; 6] =
        [Self::Approve, Self::Reject, Self::Edit, Self::CreatePost, Self::UpdatePost, Self::DeletePost];

    /// The name in the store and in answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::Edit => "edit",
            Self::CreatePost => "create_post",
            Self::UpdatePost => "update_post",
            Self::DeletePost => "delete_post",
        }
    }

    /// Reads the name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == name)
    }
}

/// What reviewers decide about; None where there is no item or no post.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReviewFacts {
    /// The state of the item.
    pub state: Option<ReviewState>,
    /// The notes of the item.
    pub notes: Option<String>,
    /// What is said of the post.
    pub verification: Option<Verification>,
    /// The tone of the post.
    pub label: Option<Label>,
}

/// A line of the audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewEntry {
    /// The name of the line; later lines have greater names.
    pub id: Uuid,
    /// When it was done.
    pub at: Timestamp,
    /// Who did it.
    pub actor: String,
    /// What was done.
    pub action: ReviewAction,
    /// To which item.
    pub item: Option<ReviewId>,
    /// To which post.
    pub post: Option<PostId>,
    /// How it was; None when it was not there.
    pub before: Option<ReviewFacts>,
    /// How it became; None when it is gone.
    pub after: Option<ReviewFacts>,
}
