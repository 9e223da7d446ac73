//! Takes decisions and changes on items, their posts and the audit, in one transaction each.

use sea_orm::sea_query::{Expr, ExprTrait, LockType};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::{Amendment, Decision, Deed, Reviewed, write_down};
use crate::domain::{Label, ReviewAction, ReviewFacts, ReviewId, ReviewState, Verification};
use crate::store::bounded::Transaction;
use crate::store::entity::review_items::{Column, Entity, Model};
use crate::store::entity::{posts, quarantine};
use crate::store::ingest::QuarantineStatus;
use crate::store::posts::given;
use crate::store::text::clean;
use crate::store::{Error, Store};

/// An item and its post, both locked.
struct Held {
    item: Model,
    post: Option<posts::Model>,
}

pub(super) async fn decide(store: &Store, id: ReviewId, decision: &Decision) -> Result<Reviewed, Error> {
    let tx = store.begin().await?;
    let Some(held) = hold(&tx, id).await? else { return Ok(Reviewed::Unknown) };
    if held.post.is_none() && decision.state == ReviewState::Approved {
        return Ok(Reviewed::NoPost);
    }
    let notes = held.notes(decision.notes.as_deref());
    let is_repeated = held.item.state == decision.state.as_str()
        && held.item.reviewer.as_deref() == Some(decision.reviewer.as_str())
        && held.item.notes == notes;
    if is_repeated {
        return Ok(Reviewed::Done);
    }
    let now = store.now().as_microsecond();
    let update = Entity::update_many()
        .col_expr(Column::State, Expr::value(decision.state.as_str()))
        .col_expr(Column::Notes, Expr::value(notes.clone()))
        .col_expr(Column::Reviewer, Expr::value(clean(&decision.reviewer)))
        .col_expr(Column::ReviewedAt, Expr::value(now))
        .col_expr(Column::UpdatedAt, Expr::value(now))
        .filter(Column::Id.eq(id.0));
    update.exec(&tx).await?;
    let before = held.facts();
    let mut after = ReviewFacts { state: Some(decision.state), notes, ..before.clone() };
    if let Some(post) = &held.post {
        let verification = decision.state.verification();
        after.verification = Some(verification);
        let update = posts::Entity::update_many()
            .col_expr(posts::Column::VerificationStatus, Expr::value(verification.as_str()))
            .filter(posts::Column::Id.eq(post.id));
        update.exec(&tx).await?;
    } else if let Some(record) = held.item.quarantine_id {
        discard(&tx, record, now).await?;
    }
    let action = if decision.state == ReviewState::Approved { ReviewAction::Approve } else { ReviewAction::Reject };
    held.write_down(&tx, store, (&decision.reviewer, action), (before, after)).await?;
    tx.commit().await?;
    Ok(Reviewed::Done)
}

pub(super) async fn amend(store: &Store, id: ReviewId, amendment: &Amendment) -> Result<Reviewed, Error> {
    let tx = store.begin().await?;
    let Some(held) = hold(&tx, id).await? else { return Ok(Reviewed::Unknown) };
    if held.post.is_none() && amendment.label.is_some() {
        return Ok(Reviewed::NoPost);
    }
    let before = held.facts();
    let notes = held.notes(amendment.notes.as_deref());
    let after = ReviewFacts { notes, label: amendment.label.or(before.label), ..before.clone() };
    let now = store.now().as_microsecond();
    // The same tone from somebody is more than from the model: it stays.
    let given = held.post.as_ref().zip(amendment.label).filter(|(post, label)| !given::is(post, *label));
    if given.is_none() && before == after {
        return Ok(Reviewed::Done);
    }
    if let Some((post, label)) = given {
        given::give(&tx, post.id, label, now).await?;
    }
    let update = Entity::update_many()
        .col_expr(Column::Notes, Expr::value(after.notes.clone()))
        .col_expr(Column::UpdatedAt, Expr::value(now))
        .filter(Column::Id.eq(id.0));
    update.exec(&tx).await?;
    held.write_down(&tx, store, (&amendment.reviewer, ReviewAction::Edit), (before, after)).await?;
    tx.commit().await?;
    Ok(Reviewed::Done)
}

impl Held {
    /// The notes when these are asked for: none leave the old ones, and empty ones take them away.
    fn notes(&self, asked: Option<&str>) -> Option<String> {
        match asked {
            None => self.item.notes.clone(),
            Some("") => None,
            Some(notes) => Some(clean(notes)),
        }
    }

    fn facts(&self) -> ReviewFacts {
        let post = self.post.as_ref();
        ReviewFacts {
            state: ReviewState::parse(&self.item.state),
            notes: self.item.notes.clone(),
            verification: post.and_then(|post| Verification::parse(&post.verification_status)),
            label: post.and_then(|post| post.sentiment_label.as_deref()).and_then(Label::parse),
        }
    }

    async fn write_down(
        &self,
        tx: &Transaction,
        store: &Store,
        (actor, action): (&str, ReviewAction),
        (before, after): (ReviewFacts, ReviewFacts),
    ) -> Result<(), Error> {
        let (item, post) = (Some(self.item.id), self.item.post_id);
        write_down(tx, store, Deed { actor, action, item, post, before: Some(before), after: Some(after) }).await
    }
}

/// Locks the post or the record of an item and then the item; None when one of them is not there, or the post is deleted.
async fn hold(tx: &Transaction, id: ReviewId) -> Result<Option<Held>, Error> {
    let Some(seen) = Entity::find_by_id(id.0).one(tx).await? else { return Ok(None) };
    let post = match seen.post_id {
        Some(post) => {
            let living = posts::Entity::find_by_id(post).filter(posts::Column::DeletedAt.is_null());
            living.lock(LockType::NoKeyUpdate).one(tx).await?
        }
        None => None,
    };
    if let Some(record) = seen.quarantine_id {
        let row = quarantine::Entity::find_by_id(record).select_only().column(quarantine::Column::Id);
        row.lock(LockType::NoKeyUpdate).into_tuple::<Uuid>().one(tx).await?;
    }
    let Some(item) = Entity::find_by_id(id.0).lock(LockType::NoKeyUpdate).one(tx).await? else { return Ok(None) };
    if item.post_id != post.as_ref().map(|post| post.id) {
        return Ok(None);
    }
    Ok(Some(Held { item, post }))
}

/// Nobody wants this record.
async fn discard(tx: &Transaction, record: Uuid, now: i64) -> Result<(), Error> {
    let open = quarantine::Column::Status.eq(QuarantineStatus::Open.as_str());
    let close = quarantine::Entity::update_many()
        .col_expr(quarantine::Column::Status, Expr::value(QuarantineStatus::Discarded.as_str()))
        .col_expr(quarantine::Column::ClosedAt, Expr::value(now))
        .filter(quarantine::Column::Id.eq(record).and(open));
    close.exec(tx).await?;
    Ok(())
}
