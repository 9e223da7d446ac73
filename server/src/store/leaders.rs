//! The leaders that Amber follows.

mod change;

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait, Func, LockType, Query};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QueryResult, QuerySelect,
    Select, Set,
};

pub use change::ChangedLeader;

use super::entity::leaders::{ActiveModel, Column, Entity, Model};
use super::entity::{ingest_runs, ingest_streams, ingest_tasks, posts};
use super::newest_first::behind;
use super::text::{clean, clean_all, from_json, json};
use super::work::locked;
use super::{Error, Store, instant, number};
use crate::domain::{Handle, Leader, LeaderChange, LeaderId, LeaderState, NewLeader, RunId, StreamKey, UserId};
use crate::resilience::furthest;
use crate::store::bounded::Transaction;

/// A place in the list of leaders: the last one that was shown. The next page starts after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeaderCursor {
    /// When that leader was added.
    pub created_at: Timestamp,
    /// That leader.
    pub id: LeaderId,
}

/// Keeps the leaders.
#[async_trait]
pub trait Leaders: Send + Sync {
    /// At most `limit` leaders after `after`, the newest first.
    ///
    /// # Errors
    /// When the database fails.
    async fn list(&self, after: Option<LeaderCursor>, limit: u32) -> Result<Vec<Leader>, Error>;

    /// One leader.
    ///
    /// # Errors
    /// When the database fails.
    async fn get(&self, id: LeaderId) -> Result<Option<Leader>, Error>;

    /// Those of `ids` that exist, in the order of [`Leaders::list`].
    ///
    /// # Errors
    /// When the database fails.
    async fn get_many(&self, ids: &[LeaderId]) -> Result<Vec<Leader>, Error>;

    /// Adds a leader.
    ///
    /// # Errors
    /// When the database fails.
    async fn create(&self, leader: NewLeader) -> Result<Leader, Error>;

    /// Changes what `change` names of a leader and nothing else; None when there is no such leader. With another handle on
    /// X everything that X said of the account is forgotten, and who reads the leader stores nothing any more.
    ///
    /// # Errors
    /// When the database fails.
    async fn change(&self, id: LeaderId, change: &LeaderChange) -> Result<Option<ChangedLeader>, Error>;

    /// Removes a leader with its streams and posts, and tells the keys of the streams; None when there was none.
    ///
    /// # Errors
    /// When the database fails.
    async fn delete(&self, id: LeaderId) -> Result<Option<Vec<StreamKey>>, Error>;

    /// Notes what X says of the account of `leader`, which was asked for as it is here, and when; false when there is no such
    /// leader, or it has another handle by now.
    ///
    /// # Errors
    /// When the database fails.
    async fn set_account(
        &self,
        leader: &Leader,
        user_id: UserId,
        avatar_url: Option<String>,
        state: LeaderState,
    ) -> Result<bool, Error>;

    /// Notes whether the posts of `leader` can be fetched by the word of X, and when it said so; false as for
    /// [`Leaders::set_account`].
    ///
    /// # Errors
    /// When the database fails.
    async fn set_state(&self, leader: &Leader, state: LeaderState) -> Result<bool, Error>;

    /// At most `limit` leaders with an outstanding task of `run` whose account is not readable so far and was not looked
    /// up since the run was asked for.
    ///
    /// # Errors
    /// When the database fails.
    async fn to_look_up(&self, run: RunId, limit: u32) -> Result<Vec<Leader>, Error>;

    /// Notes how many posts X counts of the account of `leader`; false as for [`Leaders::set_account`].
    ///
    /// # Errors
    /// When the database fails.
    async fn set_post_count(&self, leader: &Leader, posts: u64) -> Result<bool, Error>;

    /// How many leaders there are.
    ///
    /// # Errors
    /// When the database fails.
    async fn count(&self) -> Result<u64, Error>;
}

#[async_trait]
impl Leaders for Store {
    async fn list(&self, after: Option<LeaderCursor>, limit: u32) -> Result<Vec<Leader>, Error> {
        let mut query = newest_first().limit(u64::from(limit));
        if let Some(LeaderCursor { created_at, id }) = after {
            query = query.filter(behind([Column::CreatedAt, Column::Id], created_at.as_microsecond(), id.0));
        }
        query.all(&self.db).await?.into_iter().map(read).collect()
    }

    async fn get(&self, id: LeaderId) -> Result<Option<Leader>, Error> {
        Entity::find_by_id(id.0).one(&self.db).await?.map(read).transpose()
    }

    async fn get_many(&self, ids: &[LeaderId]) -> Result<Vec<Leader>, Error> {
        let query = newest_first().filter(Column::Id.is_in(ids.iter().map(|id| id.0)));
        query.all(&self.db).await?.into_iter().map(read).collect()
    }

    async fn create(&self, leader: NewLeader) -> Result<Leader, Error> {
        let now = self.now();
        let leader = Leader {
            id: LeaderId(self.entropy.uuid_v7(now)),
            name: clean(&leader.name),
            handles: clean_handles(&leader.handles),
            tracking_topics: clean_all(&leader.tracking_topics),
            created_at: now,
            x_user_id: None,
            avatar_url: None,
            state: LeaderState::Unresolved,
            x_post_count: None,
        };
        let handle = leader.x_handle();
        let row = ActiveModel {
            id: Set(leader.id.0),
            name: Set(leader.name.clone()),
            handles: Set(json(&leader.handles)),
            x_handle: Set(handle.as_ref().map(Handle::to_string)),
            tracking_topics: Set(json(&leader.tracking_topics)),
            created_at: Set(now.as_microsecond()),
            x_user_id: Set(None),
            avatar_url: Set(None),
            state: Set(leader.state.as_str().to_owned()),
            looked_up_at: Set(None),
            x_post_count: Set(None),
        };
        let tx = self.begin().await?;
        Entity::insert(row).exec_without_returning(&tx).await?;
        if let Some(handle) = handle {
            self.insert_streams(&tx, leader.id, &handle).await?;
        }
        tx.commit().await?;
        Ok(leader)
    }

    async fn change(&self, id: LeaderId, change: &LeaderChange) -> Result<Option<ChangedLeader>, Error> {
        self.change_leader(id, change).await
    }

    async fn delete(&self, id: LeaderId) -> Result<Option<Vec<StreamKey>>, Error> {
        use ingest_streams::{Column as OfStream, Entity as Streams};
        let tx = self.begin().await?;
        if change::lock(&tx, id).await?.is_none() {
            return Ok(None);
        }
        // Whoever stores a page has locked its stream, and then refers to the leader and its posts; the same order here
        // keeps both from a deadlock, as does that of the streams.
        let streams = Query::delete()
            .from_table(Streams)
            .and_where(OfStream::Id.in_subquery(locked(OfStream::LeaderId.eq(id.0))))
            .returning(Query::returning().column(OfStream::StreamKey))
            .to_owned();
        let keys = tx.query_all(&streams).await?.iter().map(key).collect::<Result<_, _>>()?;
        Entity::find_by_id(id.0).lock(LockType::Update).one(&tx).await?;
        delete_posts(&tx, id).await?;
        Entity::delete_by_id(id.0).exec(&tx).await?;
        tx.commit().await?;
        Ok(Some(keys))
    }

    async fn set_account(
        &self,
        leader: &Leader,
        user_id: UserId,
        avatar_url: Option<String>,
        state: LeaderState,
    ) -> Result<bool, Error> {
        let update = Entity::update_many()
            .col_expr(Column::XUserId, Expr::value(user_id.0))
            .col_expr(Column::AvatarUrl, Expr::value(avatar_url.map(|url| clean(&url))))
            .col_expr(Column::State, Expr::value(state.as_str()))
            .col_expr(Column::LookedUpAt, Expr::value(self.now().as_microsecond()))
            .filter(still(leader));
        Ok(update.exec(&self.db).await?.rows_affected == 1)
    }

    async fn set_state(&self, leader: &Leader, state: LeaderState) -> Result<bool, Error> {
        let update = Entity::update_many()
            .col_expr(Column::State, Expr::value(state.as_str()))
            .col_expr(Column::LookedUpAt, Expr::value(self.now().as_microsecond()));
        Ok(update.filter(still(leader)).exec(&self.db).await?.rows_affected == 1)
    }

    async fn to_look_up(&self, run: RunId, limit: u32) -> Result<Vec<Leader>, Error> {
        let Some(run) = ingest_runs::Entity::find_by_id(run.0).one(&self.db).await? else { return Ok(Vec::new()) };
        let tasks = Query::select()
            .column(ingest_tasks::Column::LeaderId)
            .from(ingest_tasks::Entity)
            .and_where(ingest_tasks::Column::RunId.eq(run.id))
            .to_owned();
        let of_a_wrong_clock = Column::LookedUpAt.gt(furthest(self.now(), Duration::ZERO).as_microsecond());
        let is_due = Column::LookedUpAt.is_null().or(Column::LookedUpAt.lt(run.started_at)).or(of_a_wrong_clock);
        let query = Entity::find()
            .filter(Column::Id.in_subquery(tasks))
            .filter(Column::State.ne(LeaderState::Active.as_str()).or(Column::XUserId.is_null()))
            .filter(is_due)
            .order_by_asc(Column::Id)
            .limit(u64::from(limit));
        query.all(&self.db).await?.into_iter().map(read).collect()
    }

    async fn set_post_count(&self, leader: &Leader, posts: u64) -> Result<bool, Error> {
        let update = Entity::update_many().col_expr(Column::XPostCount, Expr::value(number::write(posts)));
        Ok(update.filter(still(leader)).exec(&self.db).await?.rows_affected == 1)
    }

    async fn count(&self) -> Result<u64, Error> {
        Ok(Entity::find().count(&self.db).await?)
    }
}

/// The leader, as long as it has the handle that it has here: what X says of one account is nothing about another.
fn still(leader: &Leader) -> Expr {
    let handle = match leader.x_handle() {
        Some(handle) => Expr::expr(Func::lower(Expr::col(Column::XHandle))).eq(handle.folded()),
        None => Column::XHandle.is_null(),
    };
    Column::Id.eq(leader.id.0).and(handle)
}

fn clean_handles(handles: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    handles.iter().map(|(platform, handle)| (clean(platform), clean(handle))).collect()
}

fn key(stream: &QueryResult) -> Result<StreamKey, Error> {
    let key: String = stream.try_get_by_index(0)?;
    key.parse().map_err(|_| Error::Corrupt { what: "stream key" })
}

/// Posts that go with one statement: PostgreSQL ends a statement that takes too long, and they take much along.
const POSTS_AT_ONCE: u64 = 5_000;

/// Deletes all posts of a leader and what belongs to them. The living ones and the tombstones have an index each.
async fn delete_posts(tx: &Transaction, leader: LeaderId) -> Result<(), Error> {
    use posts::{Column, Entity};
    for side in [Column::DeletedAt.is_null(), Column::DeletedAt.is_not_null()] {
        let some = Query::select()
            .column(Column::Id)
            .from(Entity)
            .and_where(Column::LeaderId.eq(leader.0))
            .and_where(side)
            .limit(POSTS_AT_ONCE)
            .to_owned();
        let delete = Entity::delete_many().filter(Column::Id.in_subquery(some));
        while delete.clone().exec(tx).await?.rows_affected == POSTS_AT_ONCE {}
    }
    Ok(())
}

fn newest_first() -> Select<Entity> {
    Entity::find().order_by_desc(Column::CreatedAt).order_by_desc(Column::Id)
}

pub(super) fn read(row: Model) -> Result<Leader, Error> {
    Ok(Leader {
        id: LeaderId(row.id),
        name: row.name,
        handles: from_json(row.handles, "handles")?,
        tracking_topics: from_json(row.tracking_topics, "tracking topics")?,
        created_at: instant::read(row.created_at)?,
        x_user_id: row.x_user_id.map(UserId),
        avatar_url: row.avatar_url,
        state: LeaderState::parse(&row.state).ok_or(Error::Corrupt { what: "state of a leader" })?,
        x_post_count: row.x_post_count.map(number::read).transpose()?,
    })
}
