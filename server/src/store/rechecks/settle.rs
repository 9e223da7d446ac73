//! Stores what X said of a batch of posts, in one transaction.
//!
//! Rows are locked in the order of everything else that writes posts: leaders, posts by their numbers, counts.

use std::collections::{BTreeMap, HashMap};

use sea_orm::sea_query::{Expr, ExprTrait, LockType, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::{Checked, Finding, Settled};
use crate::domain::{LeaderId, Platform, PostMetrics, ScoredPost};
use crate::store::bounded::Transaction;
use crate::store::entity::{leaders, post_metrics, posts};
use crate::store::ingest::Owner;
use crate::store::ingest::upsert::{self, row};
use crate::store::text::from_json;
use crate::store::tombstones::Doomed;
use crate::store::{Error, Store, bulk, number};

/// A post of the batch as it is stored now.
#[derive(Debug, FromQueryResult)]
struct Stored {
    id: Uuid,
    platform: String,
    root_id: String,
    leader_id: Uuid,
    version: i64,
    content_hash: Vec<u8>,
    withheld_in: serde_json::Value,
    posted_at: i64,
}

impl Store {
    pub(super) async fn settle_batch(&self, batch: &[Checked]) -> Result<Settled, Error> {
        if batch.is_empty() {
            return Ok(Settled::default());
        }
        let tx = self.begin().await?;
        let stored = lock(&tx, batch).await?;
        let mut settled = Settled::default();
        let (mut changed, mut gone) = (BTreeMap::<Owner, Vec<&ScoredPost>>::new(), BTreeMap::<_, Vec<_>>::new());
        let mut renewed = Vec::new();
        for check in batch {
            let Some(row) = stored.get(&check.due.post.0) else {
                settled.left += 1;
                continue;
            };
            let is_newest = row.version == check.due.external_id.0;
            let mut counts = PostMetrics::default();
            match &check.finding {
                Finding::Gone(reason) if is_newest => {
                    gone.entry(*reason).or_default().push(row.doomed());
                    continue;
                }
                // Under another first version it would become a second row.
                Finding::Found(post) if is_newest && post.post.edit_root.to_string() == row.root_id => {
                    counts = post.post.metrics;
                    if row.is_as_told(post)? {
                        settled.unchanged += 1;
                    } else {
                        settled.changed += 1;
                        changed.entry(row.owner()?).or_default().push(&**post);
                    }
                }
                // A newer version was stored since; what is known of the older one is of no use.
                Finding::Gone(_) | Finding::Found(_) | Finding::Unclear => settled.left += 1,
            }
            renewed.push(row::metrics(row.id, &counts, self.now(), Some(check.next_check_at)));
        }
        for (owner, posts) in changed {
            upsert::posts(&tx, self, owner, &posts).await?;
        }
        renew(&tx, renewed).await?;
        for (reason, rows) in gone {
            self.bury(&tx, reason.as_str(), &rows).await?;
            settled.deleted.insert(reason, number::len(&rows));
        }
        tx.commit().await?;
        Ok(settled)
    }
}

impl Stored {
    fn owner(&self) -> Result<Owner, Error> {
        let platform = Platform::parse(&self.platform).ok_or(Error::Corrupt { what: "platform" })?;
        Ok(Owner { leader: LeaderId(self.leader_id), platform })
    }

    /// Whether the post is still what X says. A repost comes without its original, so that its own words tell nothing; but
    /// where it is withheld it tells, and then X's notice takes the place of the text.
    fn is_as_told(&self, told: &ScoredPost) -> Result<bool, Error> {
        if !told.post.truncated {
            return Ok(row::content_hash(told) == self.content_hash);
        }
        let known: Vec<String> = from_json(self.withheld_in.clone(), "countries")?;
        Ok(told.post.withheld_in.iter().all(|country| known.contains(country)))
    }

    fn doomed(&self) -> Doomed {
        let Self { id, leader_id, posted_at, ref platform, .. } = *self;
        Doomed { id, leader_id, platform: platform.clone(), posted_at }
    }
}

/// Locks the posts of the batch that are not deleted, and their leaders before them: whoever deletes a leader locks in
/// that order too.
async fn lock(tx: &Transaction, batch: &[Checked]) -> Result<HashMap<Uuid, Stored>, Error> {
    use posts::Column;
    let ids = || batch.iter().map(|check| check.due.post.0);
    let owners = Query::select()
        .column(Column::LeaderId)
        .from(posts::Entity)
        .and_where(Expr::col(Column::Id).is_in(ids()))
        .to_owned();
    let leaders = Query::select()
        .column(leaders::Column::Id)
        .from(leaders::Entity)
        .and_where(Expr::col(leaders::Column::Id).in_subquery(owners))
        .order_by(leaders::Column::Id, sea_orm::Order::Asc)
        .lock(LockType::KeyShare)
        .to_owned();
    tx.query_all(&leaders).await?;
    let rows: Vec<Stored> = posts::Entity::find()
        .select_only()
        .columns([
            Column::Id,
            Column::Platform,
            Column::RootId,
            Column::LeaderId,
            Column::Version,
            Column::ContentHash,
            Column::WithheldIn,
            Column::PostedAt,
        ])
        .filter(Column::Id.is_in(ids()))
        .filter(Column::DeletedAt.is_null())
        // The numbers of the first versions, which are texts without leading zeros, in the order of numbers.
        .order_by_asc(Expr::cust("length(root_id)"))
        .order_by_asc(Column::RootId)
        .lock(LockType::NoKeyUpdate)
        .into_model()
        .all(tx)
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// Takes over what X counts now, and plans the next check. A count that X leaves out stays.
async fn renew(tx: &Transaction, rows: Vec<post_metrics::Model>) -> Result<(), Error> {
    use post_metrics::{Column, Entity};
    if rows.is_empty() {
        return Ok(());
    }
    let (mut known, differs) = row::newest_counts();
    let updated_at = format!("CASE WHEN {differs} THEN excluded.updated_at ELSE post_metrics.updated_at END");
    known.value(Column::UpdatedAt, Expr::cust(updated_at));
    known.update_columns([Column::NextCheckAt, Column::ClaimedUntil]);
    tx.execute(bulk::insert::<Entity>(tx.get_database_backend(), rows).on_conflict(known)).await?;
    Ok(())
}
