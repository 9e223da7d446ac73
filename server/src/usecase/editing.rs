//! Posts that are entered, changed and deleted by hand.

use std::sync::Arc;

use jiff::Timestamp;

use super::error::Missing;
use super::{Error, reviews};
use crate::auth::require_role;
use crate::domain::{
    Clock, Label, LeaderId, NewPost, NewText, Platform, Post, PostChange, PostId, PostMetrics, Principal, ReviewReason,
    Role, Sentiment, Verification, metrics_violation, text_violation,
};
use crate::sentiment::Analyzer;
use crate::store::{self, Edited};

/// A post as somebody enters it.
#[derive(Debug, Clone, PartialEq)]
pub struct EnteredPost {
    /// The id of the leader whose post it is.
    pub leader: String,
    /// Where it was published.
    pub platform: Platform,
    /// What that is called, for [`Platform::Other`].
    pub platform_name: Option<String>,
    /// The text.
    pub text: String,
    /// When it was published; None means now.
    pub posted_at: Option<Timestamp>,
    /// What the text sounds like; None lets the model tell.
    pub label: Option<Label>,
    /// Public counts.
    pub metrics: PostMetrics,
    /// What is said of it.
    pub verification: Verification,
    /// Whether a reviewer is to look at it.
    pub requires_review: bool,
    /// Notes for the reviewer.
    pub review_notes: Option<String>,
    /// What its platform calls it; empty when nobody says.
    pub external_id: String,
    /// Where it can be read; empty when nowhere.
    pub permalink: String,
}

/// What somebody changes of a post; None leaves it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EnteredChange {
    /// The text.
    pub text: Option<String>,
    /// What the text sounds like.
    pub label: Option<Label>,
    /// All public counts.
    pub metrics: Option<PostMetrics>,
    /// What is said of it.
    pub verification: Option<Verification>,
}

/// What posts are entered with.
pub struct EditingParts {
    /// Keeps them.
    pub store: Arc<dyn store::Editing>,
    /// Reads them.
    pub posts: Arc<dyn store::Posts>,
    /// Tells the tone of a text.
    pub analyzer: Arc<Analyzer>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

/// Posts that are entered, changed and deleted by hand.
pub struct Editing {
    parts: EditingParts,
}

impl Editing {
    /// Works with `parts`.
    #[must_use]
    pub fn new(parts: EditingParts) -> Self {
        Self { parts }
    }

    /// Stores a post. Admins only.
    ///
    /// # Errors
    /// [`Error::Auth`], [`Error::Invalid`] with every mistake, [`Error::NotFound`] for an unknown leader, or when the store
    /// fails.
    pub async fn create(&self, caller: &Principal, entered: EnteredPost) -> Result<Post, Error> {
        require_role(caller, Role::Admin)?;
        let leader = entered.leader.parse().map(LeaderId).map_err(|_| Error::NotFound(Missing::Leader))?;
        let text = self.read(entered.text);
        let is_doubtful = text.is_doubtful && entered.label.is_none();
        let post = NewPost {
            leader,
            platform: entered.platform,
            platform_name: entered.platform_name,
            posted_at: entered.posted_at.unwrap_or_else(|| self.parts.clock.now()),
            language: text.language,
            sentiment: entered.label.map_or(text.sentiment, Sentiment::Given),
            metrics: entered.metrics,
            verification: entered.verification,
            external_id: entered.external_id,
            permalink: entered.permalink,
            review: match (entered.requires_review, is_doubtful) {
                (true, _) => Some(ReviewReason::Requested),
                (false, true) => Some(ReviewReason::LowConfidence),
                (false, false) => None,
            },
            review_notes: entered.review_notes.filter(|notes| !notes.is_empty()),
            text: text.text,
        };
        let violations = post.violations();
        if !violations.is_empty() {
            return Err(Error::Invalid(violations));
        }
        let stored = self.parts.store.enter(&post, &reviews::name(caller)).await?;
        self.post(stored.ok_or(Error::NotFound(Missing::Leader))?).await
    }

    /// Changes a post. Admins only.
    ///
    /// # Errors
    /// [`Error::Auth`], [`Error::Invalid`] with every mistake, [`Error::NotFound`], [`Error::PostNotEditable`] for the text
    /// and the counts of a post that its platform told, or when the store fails; the call may be repeated then.
    pub async fn update(&self, caller: &Principal, id: &str, entered: EnteredChange) -> Result<Post, Error> {
        require_role(caller, Role::Admin)?;
        let id = post_id(id)?;
        let mut violations = Vec::new();
        violations.extend(entered.text.as_deref().and_then(|text| text_violation("content", text)));
        violations.extend(entered.metrics.as_ref().and_then(|counts| metrics_violation("metrics", counts)));
        if !violations.is_empty() {
            return Err(Error::Invalid(violations));
        }
        let change = PostChange {
            text: entered.text.map(|text| self.read(text)),
            label: entered.label,
            metrics: entered.metrics,
            verification: entered.verification,
        };
        if change != PostChange::default() {
            match self.parts.store.change(id, &change, &reviews::name(caller)).await? {
                Edited::Done => {}
                Edited::Unknown => return Err(Error::NotFound(Missing::Post)),
                Edited::NotEditable => return Err(Error::PostNotEditable),
            }
        }
        self.post(id).await
    }

    /// Deletes a post for good. Admins only.
    ///
    /// # Errors
    /// [`Error::Auth`], [`Error::NotFound`], or when the store fails.
    pub async fn delete(&self, caller: &Principal, id: &str) -> Result<(), Error> {
        require_role(caller, Role::Admin)?;
        let existed = self.parts.store.remove(post_id(id)?, &reviews::name(caller)).await?;
        existed.then_some(()).ok_or(Error::NotFound(Missing::Post))
    }

    fn read(&self, text: String) -> NewText {
        let analysis = self.parts.analyzer.analyze(&text, None);
        let (sentiment, language, is_doubtful) = (analysis.sentiment, analysis.language, analysis.is_doubtful);
        NewText { text, language, sentiment, is_doubtful }
    }

    async fn post(&self, id: PostId) -> Result<Post, Error> {
        self.parts.posts.post(id).await?.ok_or(Error::NotFound(Missing::Post))
    }
}

/// An id that is no UUID names no post.
fn post_id(text: &str) -> Result<PostId, Error> {
    text.parse().map(PostId).map_err(|_| Error::NotFound(Missing::Post))
}
