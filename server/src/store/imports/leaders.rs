//! Leaders of another service.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::sea_query::{Expr, ExprTrait, Func, OnConflict};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Set};

use super::{Imported, ImportedLeader};
use crate::domain::{Handle, Leader, LeaderState};
use crate::store::entity::leaders::{ActiveModel, Column, Entity};
use crate::store::leaders::read;
use crate::store::text::{clean, clean_all, json};
use crate::store::{Error, Store};

/// Amber's own ids tell their time; no other service made such ones for these tables.
const OWN_VERSION: usize = 7;

pub(super) async fn known(store: &Store, leaders: &[ImportedLeader]) -> Result<Vec<Option<Leader>>, Error> {
    let handle_of = |leader: &ImportedLeader| handle(leader).map(|handle| handle.as_str().to_lowercase());
    let handles: BTreeSet<String> = leaders.iter().filter_map(handle_of).collect();
    let by_id = Column::Id.is_in(leaders.iter().map(|leader| leader.id.0));
    let by_handle = Expr::expr(Func::lower(Expr::col(Column::XHandle))).is_in(handles);
    let rows = Entity::find().filter(by_id.or(by_handle)).all(&store.db).await?;
    let mut ids = BTreeMap::new();
    let mut accounts = BTreeMap::new();
    for row in rows {
        let leader = read(row)?;
        if let Some(handle) = leader.x_handle().filter(|_| leader.id.0.get_version_num() == OWN_VERSION) {
            accounts.insert(handle.as_str().to_lowercase(), leader.clone());
        }
        ids.insert(leader.id, leader);
    }
    let find = |leader: &ImportedLeader| {
        ids.get(&leader.id).or_else(|| handle_of(leader).and_then(|handle| accounts.get(&handle))).cloned()
    };
    Ok(leaders.iter().map(find).collect())
}

pub(super) async fn import(store: &Store, leaders: &[ImportedLeader]) -> Result<Vec<Imported>, Error> {
    let tx = store.begin().await?;
    let mut outcomes = Vec::with_capacity(leaders.len());
    for leader in leaders {
        let handle = handle(leader);
        let insert = Entity::insert(row(leader, handle.as_ref()))
            .on_conflict(OnConflict::column(Column::Id).do_nothing().to_owned());
        let is_new = insert.exec_without_returning(&tx).await? == 1;
        if let Some(handle) = handle.filter(|_| is_new) {
            store.insert_streams(&tx, leader.id, &handle).await?;
        }
        outcomes.push(if is_new { Imported::Stored } else { Imported::Known });
    }
    tx.commit().await?;
    Ok(outcomes)
}

fn handle(imported: &ImportedLeader) -> Option<Handle> {
    imported.leader.x_handle_text().and_then(Handle::parse)
}

fn row(imported: &ImportedLeader, handle: Option<&Handle>) -> ActiveModel {
    let leader = &imported.leader;
    let handles: BTreeMap<_, _> = leader.handles.iter().map(|(key, value)| (clean(key), clean(value))).collect();
    ActiveModel {
        id: Set(imported.id.0),
        name: Set(clean(&leader.name)),
        handles: Set(json(&handles)),
        x_handle: Set(handle.map(Handle::to_string)),
        tracking_topics: Set(json(&clean_all(&leader.tracking_topics))),
        created_at: Set(imported.created_at.as_microsecond()),
        x_user_id: Set(None),
        avatar_url: Set(None),
        state: Set(LeaderState::Unresolved.as_str().to_owned()),
        looked_up_at: Set(None),
        x_post_count: Set(None),
    }
}
