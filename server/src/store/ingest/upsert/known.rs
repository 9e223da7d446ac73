//! Which posts of a page are stored already.

use std::collections::BTreeMap;

use sea_orm::sea_query::{
    Expr, ExprTrait, Func, JoinType, LockType, Query, SelectStatement, UpdateStatement, WithClause, WithQuery,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryFilter, QueryResult, QuerySelect, QueryTrait,
};
use uuid::Uuid;

use super::{Owner, root, row};
use crate::domain::ScoredPost;
use crate::store::bounded::Transaction;
use crate::store::entity::posts::{Column, Entity};
use crate::store::{Error, bulk};

/// The posts that were found, by the names of their chains of edits. They stay as they are until the transaction ends.
#[derive(Default)]
pub(in crate::store) struct Known(BTreeMap<String, Row>);

/// A post that is stored already.
pub(super) struct Row {
    pub(super) id: Uuid,
    version: i64,
    content_hash: Vec<u8>,
    deleted_at: Option<i64>,
}

/// The columns of [`Row`], behind the name of the chain.
const COLUMNS: [Column; 5] = [Column::RootId, Column::Id, Column::Version, Column::ContentHash, Column::DeletedAt];

impl Known {
    pub(super) fn row(&self, post: &ScoredPost) -> Option<&Row> {
        self.0.get(&root(post))
    }

    /// Looks for posts.
    pub(super) async fn of(tx: &Transaction, owner: Owner, posts: &[&ScoredPost]) -> Result<Self, Error> {
        let mut known = Self::default();
        if tx.get_database_backend() == DbBackend::Postgres {
            known.read(&tx.query_all(&each(owner, posts)).await?)?;
            return Ok(known);
        }
        for some in posts.chunks(bulk::ROWS) {
            let select = Entity::find().select_only().columns(COLUMNS);
            let select = select.filter(Column::Platform.eq(owner.platform.as_str()));
            let select = select.filter(Column::RootId.is_in(some.iter().copied().map(root)));
            known.read(&tx.query_all(select.as_query()).await?)?;
        }
        Ok(known)
    }

    /// Executes `advance`, which changes at most one row and returns it, and looks for posts; None when it changed none.
    /// PostgreSQL does both in one message.
    pub(in crate::store) async fn behind(
        tx: &Transaction,
        advance: UpdateStatement,
        owner: Owner,
        posts: &[&ScoredPost],
    ) -> Result<Option<Self>, Error> {
        if tx.get_database_backend() != DbBackend::Postgres {
            let Some(_) = tx.query_one(&advance).await? else { return Ok(None) };
            return Ok(Some(Self::of(tx, owner, posts).await?));
        }
        let rows = tx.query_all(&behind(advance, owner, posts)).await?;
        let mut known = Self::default();
        known.read(&rows)?;
        Ok((!rows.is_empty()).then_some(known))
    }

    fn read(&mut self, rows: &[QueryResult]) -> Result<(), DbErr> {
        for row in rows {
            // Where nothing was found, PostgreSQL answers a row of nothing.
            if let Some(name) = row.try_get_by_index(0)? {
                self.0.insert(name, Row::read(row)?);
            }
        }
        Ok(())
    }
}

/// Looks into the index once for each post: on a table that has grown since its statistics were taken, PostgreSQL would read all
/// of it for a list of them.
fn each(owner: Owner, posts: &[&ScoredPost]) -> SelectStatement {
    // Numbers need no quotes. The page has them in their order, in which rows are locked everywhere.
    let asked = format!("{{{}}}", posts.iter().copied().map(root).collect::<Vec<_>>().join(","));
    let found = Query::select()
        .columns(COLUMNS)
        .from(Entity)
        .and_where(Column::Platform.eq(owner.platform.as_str()))
        .and_where(Expr::col(Column::RootId).eq(Expr::col("asked")))
        .lock(LockType::NoKeyUpdate)
        .to_owned();
    Query::select()
        .expr(Expr::cust("known.*"))
        .from_function(Func::cust("unnest").arg(Expr::val(asked).cast_as("text[]")), "asked")
        .join_lateral(JoinType::InnerJoin, found, "known", Expr::cust("TRUE"))
        .to_owned()
}

fn behind(advance: UpdateStatement, owner: Owner, posts: &[&ScoredPost]) -> WithQuery {
    let look = Query::select()
        .expr(Expr::cust("known.*"))
        .from("stream")
        .join_lateral(JoinType::LeftJoin, each(owner, posts), "known", Expr::cust("TRUE"))
        .take();
    let mut parts = WithClause::new();
    parts.cte(bulk::part("stream", advance));
    bulk::with(parts, look)
}

impl Row {
    fn read(row: &QueryResult) -> Result<Self, DbErr> {
        Ok(Self {
            id: row.try_get_by_index(1)?,
            version: row.try_get_by_index(2)?,
            content_hash: row.try_get_by_index(3)?,
            deleted_at: row.try_get_by_index(4)?,
        })
    }

    /// What is deleted stays so, and an older version says nothing about a newer one.
    pub(super) fn listens_to(&self, post: &ScoredPost) -> bool {
        self.deleted_at.is_none() && self.version <= post.post.id.0
    }

    pub(super) fn is_changed_by(&self, post: &ScoredPost) -> bool {
        self.listens_to(post) && self.content_hash != row::content_hash(post)
    }
}
