//! How many posts are stored already.

use sea_orm::{ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter};

use super::PostsFrom;
use crate::domain::snowflake_time;
use crate::store::entity::posts::{Column, Entity};
use crate::store::{Error, Store};

impl Store {
    /// The time of a post is part of its number, and the indexes are ordered by time: one of living posts, one of
    /// tombstones.
    pub(super) async fn count_from(&self, asked: PostsFrom) -> Result<u64, Error> {
        let PostsFrom { leader, platform, from, since } = asked;
        let wanted = Condition::all()
            .add(Column::LeaderId.eq(leader.0))
            .add(Column::Platform.eq(platform.as_str()))
            .add(Column::PostedAt.gte(snowflake_time(from).as_microsecond()))
            .add(Column::Version.gte(from.0))
            .add_option(since.map(|since| Column::FirstSeenAt.gte(since.as_microsecond())));
        let mut count = 0;
        for side in [Column::DeletedAt.is_null(), Column::DeletedAt.is_not_null()] {
            count += Entity::find().filter(wanted.clone()).filter(side).count(&self.db).await?;
        }
        Ok(count)
    }
}
