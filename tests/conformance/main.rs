//! One suite for the store over SQLite and PostgreSQL, one for checkpoints in files and in both databases, and one
//! for the limiter in this process and in Redis.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

/// Makes a test on SQLite and one on PostgreSQL of each function, which is given an empty database.
macro_rules! on_both_databases {
    ($($name:ident),+ $(,)?) => {
        mod on_sqlite {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    super::$name(crate::fresh::Fresh::sqlite().await).await;
                }
            )+
        }
        mod on_postgres {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    let Some(fresh) = crate::fresh::Fresh::postgres().await else { return };
                    super::$name(fresh).await;
                }
            )+
        }
    };
}

mod checkpoints;
mod api_budget;
mod api_clients;
mod api_keys;
mod arrivals;
mod clocks;
mod dashboard_catalog;
mod dashboards;
mod editing;
mod embed_audit;
mod embed_requests;
mod embed_revocations;
mod embed_tokens;
mod embedding;
mod feed;
mod feed_filters;
mod freeze;
mod fresh;
mod leader_changes;
mod leaders;
mod ledger;
mod limiter;
mod limit_layouts;
mod limit_outage;
mod limit_refusals;
mod limit_script;
mod migrations;
mod new_pages;
mod outage;
mod pages;
mod plans;
mod quarantine;
mod rechecks;
mod reviews;
mod runs;
mod sample;
mod schedule;
mod unchanged;
mod work;
