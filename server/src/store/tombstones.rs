//! Deletes posts: what stays is that they were there, when, and why they are gone, so that nobody stores them again.

use std::collections::BTreeMap;

use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use serde_json::json;
use uuid::Uuid;

use super::entity::{post_counts, post_hashtags, post_metrics, posts, review_items};
use super::instant::DAY;
use super::{Error, Store};
use crate::domain::Unscored;
use crate::store::bounded::Transaction;

/// A post that is to be deleted; its row is locked.
#[derive(Debug, Clone)]
pub(super) struct Doomed {
    pub(super) id: Uuid,
    pub(super) leader_id: Uuid,
    pub(super) platform: String,
    pub(super) posted_at: i64,
}

impl Store {
    /// Takes everything from the posts but their numbers and their time.
    pub(super) async fn bury(&self, tx: &Transaction, reason: &str, rows: &[Doomed]) -> Result<(), Error> {
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
                (Column::DeletedReason, reason.into()),
            ])
            .and_where(Expr::col(Column::Id).is_in(ids()))
            .to_owned();
        tx.execute(&bury).await?;
        lower_counts(tx, rows).await?;
        let hashtags = post_hashtags::Entity::delete_many().filter(post_hashtags::Column::PostId.is_in(ids()));
        hashtags.exec(tx).await?;
        post_metrics::Entity::delete_many().filter(post_metrics::Column::PostId.is_in(ids())).exec(tx).await?;
        review_items::Entity::delete_many().filter(review_items::Column::PostId.is_in(ids())).exec(tx).await?;
        Ok(())
    }
}

async fn lower_counts(tx: &Transaction, rows: &[Doomed]) -> Result<(), Error> {
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
