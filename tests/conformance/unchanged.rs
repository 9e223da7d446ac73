//! A page that is stored already writes no row: not even an equal one in the place of the old one.

use sea_orm::{ConnectionTrait, DbBackend};

use crate::fresh::Fresh;
use crate::sample::{commit, number, post, reading};

on_both_databases!(a_page_that_comes_again_writes_no_row);

/// The tables that hold what a page brings.
const TABLES: [&str; 4] = ["posts", "post_metrics", "post_counts", "post_hashtags"];

async fn a_page_that_comes_again_writes_no_row(fresh: Fresh) {
    let mut reading = reading(&fresh.store).await;
    let mut posts: Vec<_> = (0..100).map(|n| post(number(n), "good news")).collect();
    commit(&fresh.store, &mut reading, posts.clone()).await.unwrap();

    let before = Writes::watch(&fresh).await;
    let again = commit(&fresh.store, &mut reading, posts.clone()).await.unwrap();
    assert_eq!(again.counters.unchanged, 100);
    assert_eq!(before.since(&fresh).await, 0);

    // One changed count is one written row, so that the test is seen to see.
    posts[7].post.metrics.likes = Some(2);
    let before = Writes::watch(&fresh).await;
    commit(&fresh.store, &mut reading, posts).await.unwrap();
    assert_eq!(before.since(&fresh).await, 1);
}

/// The rows that were there, by place and writer on PostgreSQL; triggers count on SQLite.
struct Writes(Vec<String>);

impl Writes {
    async fn watch(fresh: &Fresh) -> Self {
        if fresh.raw.get_database_backend() == DbBackend::Sqlite {
            let mut sql = vec!["DROP TABLE IF EXISTS writes; CREATE TABLE writes (n)".to_owned()];
            for table in TABLES {
                sql.extend(["INSERT", "UPDATE", "DELETE"].map(|event| {
                    let name = format!("watch_{table}_{event}");
                    let count = "BEGIN INSERT INTO writes VALUES (1); END";
                    format!("DROP TRIGGER IF EXISTS {name}; CREATE TRIGGER {name} AFTER {event} ON {table} {count}")
                }));
            }
            fresh.raw.execute_unprepared(&sql.join(";")).await.unwrap();
        }
        Self(places(fresh).await)
    }

    async fn since(&self, fresh: &Fresh) -> u64 {
        if fresh.raw.get_database_backend() == DbBackend::Sqlite {
            return fresh.number("SELECT COUNT(*) FROM writes").await;
        }
        let now = places(fresh).await;
        now.iter().filter(|place| !self.0.contains(place)).count().try_into().unwrap()
    }
}

async fn places(fresh: &Fresh) -> Vec<String> {
    if fresh.raw.get_database_backend() == DbBackend::Sqlite {
        return Vec::new();
    }
    let place = |table: &&str| format!("SELECT '{table}' || ctid || ' ' || xmin FROM {table}");
    fresh.texts(&TABLES.iter().map(place).collect::<Vec<_>>().join(" UNION ALL ")).await
}
