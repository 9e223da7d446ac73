//! Pages of posts about which something is asked that no index knows: their language, tone or text.
//!
//! The newest keys are read as ever, and the rows behind them are looked at in batches. A call looks at a bounded number
//! of posts, however rare the ones that fit are; where it stopped, the next one goes on.

use sea_orm::sea_query::{CaseStatement, Cond, Expr, ExprTrait, Order, Query};
use sea_orm::{ConnectionTrait, DbBackend, FromQueryResult};
use uuid::Uuid;

use super::keys::{self, Key};
use crate::domain::FeedFilter;
use crate::store::entity::posts::{Column, Entity};
use crate::store::{Error, number};

/// Posts that one call looks at, at most.
const MOST: u64 = 5_000;
/// Posts of the first batch; each further one is twice as large.
const FIRST_BATCH: u64 = 250;

/// A post that was looked at.
#[derive(FromQueryResult)]
struct Seen {
    posted_at: i64,
    id: Uuid,
    fits: bool,
}

/// The keys of a page of `limit` posts behind `after`, and the place behind which the next page starts; None at the end.
pub(super) async fn page<C: ConnectionTrait>(
    db: &C,
    filter: &FeedFilter,
    after: Option<Key>,
    limit: usize,
) -> Result<(Vec<Key>, Option<Key>), Error> {
    let (mut found, mut place) = (Vec::new(), after);
    let (mut left, mut batch) = (MOST, FIRST_BATCH);
    loop {
        let size = Ord::min(batch, left);
        let seen = look(db, filter, place, size).await?;
        for post in &seen {
            let key = Key { posted_at: post.posted_at, id: post.id };
            if post.fits && found.len() == limit {
                return Ok((found, place));
            }
            if post.fits {
                found.push(key);
            }
            place = Some(key);
        }
        left -= number::len(&seen);
        if number::len(&seen) < size {
            return Ok((found, None));
        }
        if left == 0 {
            return Ok((found, place));
        }
        batch *= 2;
    }
}

/// The next posts by leader, platform and time, each with the answer whether it fits the rest of the filter.
async fn look<C: ConnectionTrait>(
    db: &C,
    filter: &FeedFilter,
    after: Option<Key>,
    limit: u64,
) -> Result<Vec<Seen>, Error> {
    const TOP: &str = "top";
    let fits = CaseStatement::new().case(inside(filter, db.get_database_backend()), true).finally(false);
    let query = Query::select()
        .column((TOP, Column::PostedAt))
        .column((TOP, Column::Id))
        .expr_as(fits, "fits")
        .from_subquery(keys::merged(filter, after, limit), TOP)
        .inner_join(Entity, Expr::col((Entity, Column::Id)).equals((TOP, Column::Id)))
        .order_by((TOP, Column::PostedAt), Order::Desc)
        .order_by((TOP, Column::Id), Order::Desc)
        .to_owned();
    let rows = db.query_all(&query).await?;
    Ok(rows.iter().map(|row| Seen::from_query_result(row, "")).collect::<Result<_, _>>()?)
}

/// What is asked about the posts themselves.
fn inside(filter: &FeedFilter, backend: DbBackend) -> Cond {
    let mut all = Cond::all();
    if !filter.languages.is_empty() {
        let language = || Expr::cust("lower(language)");
        let any = filter.languages.iter().fold(Cond::any(), |any, range| {
            any.add(language().eq(range.as_str())).add(language().like(format!("{}-%", range.as_str())))
        });
        all = all.add(any);
    }
    if !filter.sentiments.is_empty() {
        let label = || Expr::col((Entity, Column::SentimentLabel));
        let any = filter.sentiments.iter().fold(Cond::any(), |any, sentiment| match sentiment {
            Some(sentiment) => any.add(label().eq(sentiment.as_str())),
            None => any.add(label().is_null()),
        });
        all = all.add(any);
    }
    if let Some(text) = &filter.text {
        // Both lower ASCII letters and nothing else.
        let contains = match backend {
            DbBackend::Postgres => r#"strpos(lower(body COLLATE "C"), $1) > 0"#,
            _ => "instr(lower(body), ?) > 0",
        };
        all = all.add(Expr::cust_with_values(contains, [text.to_ascii_lowercase()]));
    }
    all
}
