//! Stores what X said of a batch of posts, in one transaction.
//!
//! Rows are locked in the order of everything else that writes posts: leaders, posts by their numbers, counts.

use std::collections::{BTreeMap, HashMap};

use sea_orm::sea_query::{Expr, ExprTrait, LockType, Query};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect,
};
use serde_json::json;
use uuid::Uuid;

use super::{Checked, Finding, Settled};
use crate::domain::{LeaderId, Platform, PostMetrics, Removal, ScoredPost, Unscored};
use crate::store::entity::{leaders, post_counts, post_hashtags, post_metrics, posts};
use crate::store::ingest::Owner;
use crate::store::ingest::upsert::{self, row};
use crate::store::instant::DAY;
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
        let (mut changed, mut gone) = (BTreeMap::<Owner, Vec<ScoredPost>>::new(), BTreeMap::<_, Vec<_>>::new());
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
                    gone.entry(*reason).or_default().push(row);
                    continue;
                }
                // Under another first version it would become a second row.
                Finding::Found(post) if is_newest && post.post.edit_root.to_string() == row.root_id => {
                    counts = post.post.metrics;
                    if row::content_hash(post) == row.content_hash {
                        settled.unchanged += 1;
                    } else {
                        settled.changed += 1;
                        changed.entry(row.owner()?).or_default().push((**post).clone());
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
            self.bury(&tx, reason, &rows).await?;
            settled.deleted.insert(reason, number::len(&rows));
        }
        tx.commit().await?;
        Ok(settled)
    }

    /// Takes everything from the posts but their numbers and their time.
    async fn bury(&self, tx: &DatabaseTransaction, reason: Removal, rows: &[&Stored]) -> Result<(), Error> {
        use posts::Column;
        let (now, ids) = (self.now().as_microsecond(), || rows.iter().map(|row| row.id));
        let empty = json!([]);
        let bury = Query::update()
            .table(posts::Entity)
            .values([
                (Column::AuthorHandle, "".into()),
                (Column::AuthorName, "".into()),
                (Column::AuthorAvatarUrl, None::<String>.into()),
                (Column::Body, "".into()),
                (Column::Hashtags, empty.clone().into()),
                (Column::Media, empty.clone().into()),
                (Column::Language, "und".into()),
                (Column::SentimentLabel, None::<String>.into()),
                (Column::SentimentScore, None::<f64>.into()),
                (Column::SentimentModel, None::<String>.into()),
                (Column::UnscoredReason, Unscored::NoText.as_str().into()),
                // The digest of a text would let somebody who guesses it see that it was right.
                (Column::ContentHash, Vec::<u8>::new().into()),
                (Column::Revision, Expr::col(Column::Revision).add(1)),
                (Column::Permalink, "".into()),
                (Column::Edited, false.into()),
                (Column::Truncated, false.into()),
                (Column::WithheldIn, empty.into()),
                (Column::UpdatedAt, now.into()),
                (Column::DeletedAt, now.into()),
                (Column::DeletedReason, reason.as_str().into()),
            ])
            .and_where(Expr::col(Column::Id).is_in(ids()))
            .to_owned();
        tx.execute(&bury).await?;
        lower_counts(tx, rows).await?;
        let hashtags = post_hashtags::Entity::delete_many().filter(post_hashtags::Column::PostId.is_in(ids()));
        hashtags.exec(tx).await?;
        post_metrics::Entity::delete_many().filter(post_metrics::Column::PostId.is_in(ids())).exec(tx).await?;
        Ok(())
    }
}

impl Stored {
    fn owner(&self) -> Result<Owner, Error> {
        let platform = Platform::parse(&self.platform).ok_or(Error::Corrupt { what: "platform" })?;
        Ok(Owner { leader: LeaderId(self.leader_id), platform })
    }
}

/// Locks the posts of the batch that are not deleted, and their leaders before them: whoever deletes a leader locks in
/// that order too.
async fn lock(tx: &DatabaseTransaction, batch: &[Checked]) -> Result<HashMap<Uuid, Stored>, Error> {
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
async fn renew(tx: &DatabaseTransaction, rows: Vec<post_metrics::Model>) -> Result<(), Error> {
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

async fn lower_counts(tx: &DatabaseTransaction, rows: &[&Stored]) -> Result<(), Error> {
    use post_counts::{Column, Entity};
    let mut days: BTreeMap<(Uuid, &str, i64), i64> = BTreeMap::new();
    for row in rows {
        *days.entry((row.leader_id, &row.platform, row.posted_at.div_euclid(DAY))).or_default() += 1;
    }
    for ((leader, platform, day), n) in days {
        let lower = Entity::update_many()
            .col_expr(Column::N, Expr::col(Column::N).sub(n))
            .filter(Column::LeaderId.eq(leader))
            .filter(Column::Platform.eq(platform))
            .filter(Column::Day.eq(day));
        lower.exec(tx).await?;
    }
    Ok(())
}
