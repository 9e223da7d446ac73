//! Gives each post that is due to one worker at a time.

use std::time::Duration;

use sea_orm::sea_query::{CommonTableExpression, Expr, ExprTrait, LockBehavior, LockType, Order, Query, WithClause};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::DueCheck;
use crate::domain::PostId;
use crate::resilience::furthest;
use crate::store::entity::post_metrics::{Column, Entity};
use crate::store::entity::posts;
use crate::store::{Error, Store};

/// The longest time between two checks that `X_RECHECK_HOURS` allows.
const LONGEST_PERIOD: Duration = Duration::from_hours(720);

#[derive(FromQueryResult)]
struct Claimed {
    post_id: Uuid,
}

#[derive(FromQueryResult)]
struct Numbered {
    id: Uuid,
    external_id: String,
}

impl Store {
    pub(super) async fn claim(&self, limit: u32, hold: Duration) -> Result<Vec<DueCheck>, Error> {
        let now = self.now();
        let mut claimed = self.claim_some(limit, hold, Column::NextCheckAt.lte(now.as_microsecond())).await?;
        let left = limit.saturating_sub(u32::try_from(claimed.len()).unwrap_or(u32::MAX));
        if left > 0 {
            // A stretch of the same index that is empty but for what a wrong clock wrote.
            let never = Column::NextCheckAt.gt(furthest(now, LONGEST_PERIOD).as_microsecond());
            claimed.extend(self.claim_some(left, hold, never).await?);
        }
        self.numbered(claimed).await
    }

    /// Takes the first posts of which `is_due` is true.
    async fn claim_some(&self, limit: u32, hold: Duration, is_due: Expr) -> Result<Vec<Uuid>, Error> {
        let now = self.now();
        let claimed_until = || Expr::col(Column::ClaimedUntil);
        let is_free = claimed_until()
            .is_null()
            .or(claimed_until().lte(now.as_microsecond()))
            .or(claimed_until().gt(furthest(now, hold).as_microsecond()));
        // One statement: PostgreSQL passes by the rows that another worker is just taking, SQLite lets one write at a
        // time. The time at which a check is due stays, so that it tells for how long it has been.
        let due = Query::select()
            .column(Column::PostId)
            .from(Entity)
            .and_where(is_due)
            .and_where(is_free)
            .order_by(Column::NextCheckAt, Order::Asc)
            .limit(u64::from(limit))
            .lock_with_behavior(LockType::NoKeyUpdate, LockBehavior::SkipLocked)
            .to_owned();
        let take = Query::update()
            .table(Entity)
            .value(Column::ClaimedUntil, (now + hold).as_microsecond())
            .and_where(
                Expr::col(Column::PostId).in_subquery(Query::select().column(Column::PostId).from("due").to_owned()),
            )
            .returning(Query::returning().column(Column::PostId))
            .to_owned();
        let due = CommonTableExpression::new().query(due).table_name("due").to_owned();
        let claim = take.with(WithClause::new().cte(due).to_owned());
        let rows = self.db.query_all(&claim).await?;
        rows.iter().map(|row| Ok(Claimed::from_query_result(row, "")?.post_id)).collect()
    }

    async fn numbered(&self, claimed: Vec<Uuid>) -> Result<Vec<DueCheck>, Error> {
        if claimed.is_empty() {
            return Ok(Vec::new());
        }
        let rows: Vec<Numbered> = posts::Entity::find()
            .select_only()
            .columns([posts::Column::Id, posts::Column::ExternalId])
            .filter(posts::Column::Id.is_in(claimed))
            .into_model()
            .all(&self.db)
            .await?;
        let read = |row: Numbered| {
            let external_id = row.external_id.parse().map_err(|_| Error::Corrupt { what: "number of a post" })?;
            Ok(DueCheck { post: PostId(row.id), external_id })
        };
        rows.into_iter().map(read).collect()
    }
}
