//! The review queue: what waits, decisions, changes, and who did what.

use std::sync::Arc;

use super::error::Missing;
use super::{Error, page_token};
use crate::auth::require_role;
use crate::domain::{Label, PostId, Principal, ReviewEntry, ReviewId, ReviewState, Role, Violation, notes_violation};
use crate::ingestion::{Fate, QuarantineDeps, replay};
use crate::store::{
    self, Amendment, Decision, Quarantined, ReviewAuditFilter, ReviewCursor, ReviewItem, Reviewed, Subject,
};

/// A page of items, those that entered last first.
#[derive(Debug, Clone)]
pub struct ReviewPage {
    /// The items.
    pub items: Vec<ReviewItem>,
    /// Where the next page starts; empty at the end.
    pub next: String,
    /// How many items wait in all.
    pub waiting: u64,
}

/// A page of the audit, the last line first.
#[derive(Debug, Clone)]
pub struct ReviewAuditPage {
    /// The lines.
    pub entries: Vec<ReviewEntry>,
    /// Where the next page starts; empty at the end.
    pub next: String,
}

/// What a reviewer changes without a decision; None leaves it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReviewEdit {
    /// The notes.
    pub notes: Option<String>,
    /// The tone of the post.
    pub label: Option<Label>,
}

/// The review queue.
pub struct Reviews {
    store: Arc<dyn store::Reviews>,
    records: QuarantineDeps,
}

impl Reviews {
    /// The most items, or lines, on one page.
    pub const MAX_PAGE_SIZE: u32 = 100;
    /// Items, or lines, on a page when the caller does not say.
    pub const DEFAULT_PAGE_SIZE: u32 = 20;

    /// Works on these.
    #[must_use]
    pub fn new(store: Arc<dyn store::Reviews>, records: QuarantineDeps) -> Self {
        Self { store, records }
    }

    /// A page of the items in these states, or of those that wait when none is named. Reviewers and admins.
    ///
    /// # Errors
    /// [`Error::Auth`], [`Error::PageToken`], or when the store fails.
    pub async fn list(
        &self,
        caller: &Principal,
        states: &[ReviewState],
        page_size: u32,
        token: &str,
    ) -> Result<ReviewPage, Error> {
        reviewer(caller)?;
        let after = page_token::decode(token)?;
        let after = after.map(|(created_at, id)| ReviewCursor { created_at, id: ReviewId(id) });
        let is_asked =
            |state: &ReviewState| states.contains(state) || states.is_empty() && *state == ReviewState::Pending;
        let states: Vec<_> = ReviewState::ALL.into_iter().filter(is_asked).collect();
        let size = page_size.clamp(1, Self::MAX_PAGE_SIZE);
        let items = self.store.items(&states, after, size + 1).await?;
        let (items, next) = page_token::cut(items, size, |item| page_token::encode(item.created_at, item.id.0));
        Ok(ReviewPage { items, next, waiting: self.store.waiting().await? })
    }

    /// Approves an item, whatever was decided before. A record in quarantine is read again and becomes a post. Reviewers
    /// and admins.
    ///
    /// # Errors
    /// [`Error::Auth`], [`Error::Invalid`], [`Error::NotFound`], [`Error::RecordInvalid`], or when the store fails; the
    /// call may be repeated then.
    pub async fn approve(&self, caller: &Principal, id: &str, notes: Option<String>) -> Result<ReviewItem, Error> {
        let reviewer = reviewer(caller)?;
        check(notes.as_deref())?;
        let item = self.item(review_id(id)?).await?;
        if let Subject::Record(record) = &item.subject {
            self.read_again(record).await?;
        }
        self.decide(item.id, Decision { state: ReviewState::Approved, reviewer, notes }).await
    }

    /// Rejects an item, whatever was decided before. A record in quarantine is discarded. Reviewers and admins.
    ///
    /// # Errors
    /// [`Error::Auth`], [`Error::Invalid`], [`Error::NotFound`], or when the store fails; the call may be repeated then.
    pub async fn reject(&self, caller: &Principal, id: &str, notes: Option<String>) -> Result<ReviewItem, Error> {
        let reviewer = reviewer(caller)?;
        check(notes.as_deref())?;
        self.decide(review_id(id)?, Decision { state: ReviewState::Rejected, reviewer, notes }).await
    }

    /// Changes the notes of an item and the tone of its post. Reviewers and admins.
    ///
    /// # Errors
    /// [`Error::Auth`], [`Error::Invalid`], also for the tone of what is no post, [`Error::NotFound`], or when the store
    /// fails; the call may be repeated then.
    pub async fn edit(&self, caller: &Principal, id: &str, edit: ReviewEdit) -> Result<ReviewItem, Error> {
        let reviewer = reviewer(caller)?;
        check(edit.notes.as_deref())?;
        let id = review_id(id)?;
        let amendment = Amendment { reviewer, notes: edit.notes, label: edit.label };
        match self.store.amend(id, &amendment).await? {
            Reviewed::Done => self.item(id).await,
            Reviewed::Unknown => Err(Error::NotFound(Missing::ReviewItem)),
            Reviewed::NoPost => {
                Err(Error::field("sentiment", "a record in quarantine is no post and has no sentiment"))
            }
        }
    }

    /// A page of the audit of this item and this post; an empty id means all, and one that nobody has matches nothing.
    /// Reviewers and admins.
    ///
    /// # Errors
    /// [`Error::Auth`], [`Error::PageToken`], or when the store fails.
    pub async fn audit(
        &self,
        caller: &Principal,
        (item, post): (&str, &str),
        page_size: u32,
        token: &str,
    ) -> Result<ReviewAuditPage, Error> {
        reviewer(caller)?;
        let before = page_token::decode(token)?.map(|(_, id)| id);
        let asked = |text: &str| if text.is_empty() { Ok(None) } else { text.parse().map(Some) };
        let (Ok(item), Ok(post)) = (asked(item), asked(post)) else {
            return Ok(ReviewAuditPage { entries: Vec::new(), next: String::new() });
        };
        let filter = ReviewAuditFilter { item: item.map(ReviewId), post: post.map(PostId) };
        let size = page_size.clamp(1, Self::MAX_PAGE_SIZE);
        let entries = self.store.review_audit(filter, before, size + 1).await?;
        let (entries, next) = page_token::cut(entries, size, |entry| page_token::encode(entry.at, entry.id));
        Ok(ReviewAuditPage { entries, next })
    }

    async fn item(&self, id: ReviewId) -> Result<ReviewItem, Error> {
        self.store.item(id).await?.ok_or(Error::NotFound(Missing::ReviewItem))
    }

    async fn decide(&self, id: ReviewId, decision: Decision) -> Result<ReviewItem, Error> {
        match self.store.decide(id, &decision).await? {
            Reviewed::Done => self.item(id).await,
            Reviewed::Unknown => Err(Error::NotFound(Missing::ReviewItem)),
            Reviewed::NoPost => Err(Error::RecordInvalid("it was discarded".to_owned())),
        }
    }

    /// Makes a post of a record. One that somebody else closed meanwhile is for the decision to judge.
    async fn read_again(&self, record: &Quarantined) -> Result<(), Error> {
        let report = replay(&self.records, &[record.id]).await?;
        match report.verdicts.into_iter().next().map(|verdict| verdict.fate) {
            Some(Fate::Replayed(_) | Fate::Closed) => Ok(()),
            Some(Fate::Refused { reason, path }) => {
                Err(Error::RecordInvalid(format!("{path} {reason}").trim_start().to_owned()))
            }
            Some(Fate::Unknown) | None => Err(Error::NotFound(Missing::ReviewItem)),
        }
    }
}

/// The name of the caller, who is a reviewer or an admin.
fn reviewer(caller: &Principal) -> Result<String, Error> {
    require_role(caller, Role::Reviewer)?;
    Ok(name(caller))
}

/// The name under which the audit knows the caller.
pub(super) fn name(caller: &Principal) -> String {
    match caller {
        Principal::User { id, .. } | Principal::Key { id, .. } => id.clone(),
        Principal::Anonymous | Principal::Scraper => String::new(),
    }
}

fn check(notes: Option<&str>) -> Result<(), Error> {
    let violations: Vec<Violation> = notes.and_then(|notes| notes_violation("notes", notes)).into_iter().collect();
    if violations.is_empty() { Ok(()) } else { Err(Error::Invalid(violations)) }
}

/// An id that is no UUID names no item.
fn review_id(text: &str) -> Result<ReviewId, Error> {
    text.parse().map_err(|_| Error::NotFound(Missing::ReviewItem))
}
