//! Stored posts are looked up again: which are due, and what became of them.
//!
//! A post waits in the row of its counts, which is narrow: a check renews both with one write. A deleted post loses that
//! row, and with it its place in the queue.

mod claim;
mod settle;

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Func, Query};
use sea_orm::{ConnectionTrait, FromQueryResult};

use super::entity::{leaders, post_counts, post_metrics};
use super::{Error, Store, instant, number};
use crate::domain::{ExternalId, Platform, PostId, Removal, ScoredPost};

/// A post of which X is to be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DueCheck {
    /// The stored post.
    pub post: PostId,
    /// The number of its newest known version.
    pub external_id: ExternalId,
}

/// What X said of a post.
#[derive(Debug, Clone, PartialEq)]
pub enum Finding {
    /// It is there, and looks like this; a repost that is marked as cut tells no text.
    Found(Box<ScoredPost>),
    /// It is gone.
    Gone(Removal),
    /// Nothing that can be relied on.
    Unclear,
}

/// A post of which X was asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// Which post was asked for.
    pub due: DueCheck,
    /// What X said.
    pub finding: Finding,
    /// When it is asked again, unless it is gone.
    pub next_check_at: Timestamp,
}

/// What became of the posts of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settled {
    /// Posts that are there and whose content is as it was.
    pub unchanged: u64,
    /// Posts that are there with another content, such as a withheld notice.
    pub changed: u64,
    /// Posts that were deleted, by reason.
    pub deleted: BTreeMap<Removal, u64>,
    /// Posts that are left as they were: X was unclear, or they changed or went while X was asked.
    pub left: u64,
}

/// What X counts against what is stored, over the leaders whose accounts X has counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Drift {
    /// Posts that X counts, those out of reach included.
    pub at_x: u64,
    /// Posts that are stored and not deleted.
    pub stored: u64,
}

/// Keeps the queue of posts that are looked up again.
#[async_trait]
pub trait Rechecks: Send + Sync {
    /// At most `limit` posts whose check is due, the longest due among them. For the time `hold` nobody else is given
    /// them; when they are not settled by then, they are due again.
    ///
    /// # Errors
    /// When the database fails.
    async fn claim_due(&self, limit: u32, hold: Duration) -> Result<Vec<DueCheck>, Error>;

    /// Stores what X said, all of it or nothing. A post that is gone leaves only its numbers, its time and the reason;
    /// the same finding twice is the same as once.
    ///
    /// # Errors
    /// When the database fails.
    async fn settle(&self, batch: Vec<Checked>) -> Result<Settled, Error>;

    /// When the check that is due first is or was due; None when no post waits for one.
    ///
    /// # Errors
    /// When the database fails.
    async fn first_due(&self) -> Result<Option<Timestamp>, Error>;

    /// What X counts against what is stored.
    ///
    /// # Errors
    /// When the database fails.
    async fn drift(&self) -> Result<Drift, Error>;
}

#[derive(FromQueryResult)]
struct Value {
    value: Option<i64>,
}

#[async_trait]
impl Rechecks for Store {
    async fn claim_due(&self, limit: u32, hold: Duration) -> Result<Vec<DueCheck>, Error> {
        self.claim(limit, hold).await
    }

    async fn settle(&self, batch: Vec<Checked>) -> Result<Settled, Error> {
        self.settle_batch(&batch).await
    }

    async fn first_due(&self) -> Result<Option<Timestamp>, Error> {
        use post_metrics::{Column, Entity};
        let first = Query::select()
            .expr_as(Func::min(Expr::col(Column::NextCheckAt)), "value")
            .from(Entity)
            .and_where(Expr::col(Column::NextCheckAt).is_not_null())
            .to_owned();
        instant::read_opt(self.value(&first).await?)
    }

    async fn drift(&self) -> Result<Drift, Error> {
        use leaders::Column::{Id, XPostCount};
        use post_counts::Column::{LeaderId, N, Platform as OnPlatform};
        // PostgreSQL sums 64-bit numbers to NUMERIC.
        let sum = |column: Expr| Func::cast_as(Func::sum(column), Alias::new("bigint"));
        let at_x = Query::select().expr_as(sum(Expr::col(XPostCount)), "value").from(leaders::Entity).to_owned();
        let counted =
            Query::select().column(Id).from(leaders::Entity).and_where(Expr::col(XPostCount).is_not_null()).to_owned();
        let stored = Query::select()
            .expr_as(sum(Expr::col(N)), "value")
            .from(post_counts::Entity)
            .and_where(Expr::col(OnPlatform).eq(Platform::X.as_str()))
            .and_where(Expr::col(LeaderId).in_subquery(counted))
            .to_owned();
        Ok(Drift {
            at_x: number::read(self.value(&at_x).await?.unwrap_or_default())?,
            stored: number::read(self.value(&stored).await?.unwrap_or_default())?,
        })
    }
}

impl Store {
    /// The one value of a query for it.
    async fn value(&self, query: &sea_orm::sea_query::SelectStatement) -> Result<Option<i64>, Error> {
        let Some(row) = self.db.query_one(query).await? else { return Ok(None) };
        Ok(Value::from_query_result(&row, "")?.value)
    }
}
