//! Changes of a leader.

use sea_orm::sea_query::{Expr, LockType};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use super::{clean_handles, read};
use crate::domain::{Handle, Leader, LeaderChange, LeaderId, LeaderState};
use crate::store::bounded::Transaction;
use crate::store::entity::leaders::{Column, Entity, Model};
use crate::store::text::{clean, clean_all, json};
use crate::store::{Error, MovedStream, Store};

/// A leader that was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedLeader {
    /// The leader as it is now.
    pub leader: Leader,
    /// Its streams, if they go on under other keys.
    pub moved: Vec<MovedStream>,
}

impl Store {
    pub(super) async fn change_leader(
        &self,
        id: LeaderId,
        change: &LeaderChange,
    ) -> Result<Option<ChangedLeader>, Error> {
        let tx = self.begin().await?;
        let Some(row) = lock(&tx, id).await? else { return Ok(None) };
        let before = read(row)?;
        let mut leader = before.clone();
        let mut columns = Vec::new();
        if let Some(name) = &change.name {
            leader.name = clean(name);
            columns.push((Column::Name, Expr::value(leader.name.as_str())));
        }
        if let Some(topics) = &change.tracking_topics {
            leader.tracking_topics = clean_all(topics);
            columns.push((Column::TrackingTopics, Expr::value(json(&leader.tracking_topics))));
        }
        let mut moved = Vec::new();
        if let Some(handles) = &change.handles {
            leader.handles = clean_handles(handles);
            let handle = leader.x_handle();
            columns.push((Column::Handles, Expr::value(json(&leader.handles))));
            columns.push((Column::XHandle, Expr::value(handle.as_ref().map(Handle::as_str))));
            if before.x_handle().map(|before| before.folded()) != handle.as_ref().map(Handle::folded) {
                moved = self.hand_over_streams(&tx, &before, handle.as_ref()).await?;
                columns.extend(forgotten());
                (leader.x_user_id, leader.avatar_url, leader.x_post_count) = (None, None, None);
                leader.state = LeaderState::Unresolved;
            }
        }
        if !columns.is_empty() {
            let update = columns
                .into_iter()
                .fold(Entity::update_many(), |update, (column, value)| update.col_expr(column, value));
            update.filter(Column::Id.eq(id.0)).exec(&tx).await?;
        }
        tx.commit().await?;
        Ok(Some(ChangedLeader { leader, moved }))
    }
}

/// Keeps others from changing or deleting the leader. Rows may still refer to it, so that pages that are being stored
/// under the lock of their stream are not waited for in a circle.
pub(super) async fn lock(tx: &Transaction, id: LeaderId) -> Result<Option<Model>, Error> {
    Ok(Entity::find_by_id(id.0).lock(LockType::NoKeyUpdate).one(tx).await?)
}

/// What X said of an account, when it may be another one from now on.
fn forgotten() -> [(Column, Expr); 5] {
    [
        (Column::XUserId, Expr::value(None::<i64>)),
        (Column::AvatarUrl, Expr::value(None::<String>)),
        (Column::State, Expr::value(LeaderState::Unresolved.as_str())),
        (Column::LookedUpAt, Expr::value(None::<i64>)),
        (Column::XPostCount, Expr::value(None::<i64>)),
    ]
}
