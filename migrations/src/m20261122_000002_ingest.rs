//! The schedule, how far each stream is read and who reads it, the runs and their outstanding tasks, the ledger of stored
//! pages, and the records that were refused.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, boolean, integer, json_binary, pk_uuid, text, text_null, uuid, uuid_null, var_binary,
};

use crate::references::belongs_to;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// Counted per page in the ledger and per run.
const COUNTERS: [&str; 6] = ["fetched", "inserted", "updated", "unchanged", "quarantined", "duplicates"];

/// Every fetched record is in exactly one of the other counts.
const BALANCES: &str = "fetched = inserted + updated + unchanged + quarantined + duplicates";

/// The row that everybody who plans runs or hands out tasks locks first.
const THE_ONE_SCHEDULE: &str =
    "INSERT INTO ingest_control (name, paused, schedule, missed_ticks) VALUES ('x', FALSE, '', 0)";

/// Few streams are leased and few runs are open at a time. `lease_until` is in no index, so that a heartbeat changes none.
const PARTIAL_INDEXES: [&str; 2] = [
    "CREATE INDEX ingest_streams_leased ON ingest_streams (lease_owner) WHERE lease_owner IS NOT NULL",
    "CREATE INDEX ingest_runs_open ON ingest_runs (id) WHERE ended_at IS NULL",
];

/// A record that was dealt with says when, and a replayed one also what became of it.
const SETTLED: &str = "status IN ('open', 'replayed', 'discarded') AND (status = 'open') = (closed_at IS NULL) \
     AND (status = 'replayed') = (outcome IS NOT NULL)";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(streams()).await?;
        if manager.get_database_backend() == sea_orm_migration::sea_orm::DbBackend::Postgres {
            // The row changes with every page: room on its page keeps the update off the indexes.
            manager.get_connection().execute_unprepared("ALTER TABLE ingest_streams SET (fillfactor = 70)").await?;
        }
        manager.create_table(control()).await?;
        manager.get_connection().execute_unprepared(THE_ONE_SCHEDULE).await?;
        manager.create_table(runs()).await?;
        for index in PARTIAL_INDEXES {
            manager.get_connection().execute_unprepared(index).await?;
        }
        manager.create_table(tasks()).await?;
        let due = Index::create()
            .name("ingest_tasks_due")
            .table("ingest_tasks")
            .col("run_id")
            .col("not_before")
            .col("leader_id")
            .to_owned();
        manager.create_index(due).await?;
        manager.create_table(commits()).await?;
        let by_run = Index::create().name("ingest_commits_run").table("ingest_commits").col("run_id").to_owned();
        manager.create_index(by_run).await?;
        manager.create_table(quarantine()).await?;
        let once = Index::create()
            .name("quarantine_record")
            .table("quarantine")
            .col("stream_id")
            .col("raw_hash")
            .unique()
            .to_owned();
        manager.create_index(once).await?;
        let by_status =
            Index::create().name("quarantine_status").table("quarantine").col("status").col("id").to_owned();
        manager.create_index(by_status).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["quarantine", "ingest_commits", "ingest_tasks", "ingest_runs", "ingest_control", "ingest_streams"]
        {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

fn streams() -> TableCreateStatement {
    Table::create()
        .table("ingest_streams")
        .col(pk_uuid("id"))
        .col(text("stream_key").unique_key().to_owned())
        .col(uuid_null("leader_id"))
        .col(text("platform"))
        .col(text("kind"))
        .col(json_binary("cursor"))
        .col(big_integer("cursor_version"))
        .col(uuid_null("lease_owner"))
        .col(big_integer("lease_epoch"))
        .col(big_integer("lease_until"))
        .col(big_integer_null("last_success_at"))
        .col(text_null("last_error"))
        .index(Index::create().name("ingest_streams_key").col("leader_id").col("platform").col("kind").unique())
        .foreign_key(&mut belongs_to("ingest_streams", "leader_id", "leaders"))
        .to_owned()
}

/// One row: what all replicas know of the schedule.
fn control() -> TableCreateStatement {
    Table::create()
        .table("ingest_control")
        .col(text("name").primary_key().to_owned())
        .col(boolean("paused"))
        .col(text_null("stopped_reason"))
        .col(big_integer_null("stopped_until"))
        .col(text("schedule"))
        .col(big_integer_null("next_due_at"))
        .col(big_integer_null("last_tick"))
        .col(big_integer("missed_ticks"))
        .to_owned()
}

fn runs() -> TableCreateStatement {
    let mut table = Table::create()
        .table("ingest_runs")
        .col(pk_uuid("id"))
        .col(text("trigger"))
        .col(big_integer_null("tick").unique_key().to_owned())
        .col(text("request_key"))
        .col(boolean("cancel_requested"))
        .col(big_integer("seq"))
        .col(text("status"))
        .col(boolean("backfill"))
        .col(boolean("dry_run"))
        .col(big_integer("started_at"))
        .col(big_integer_null("ended_at"))
        .col(big_integer("pages"))
        .col(integer("leaders_total"))
        .col(integer("leaders_done"))
        .col(integer("leaders_failed"))
        .col(text_null("error"))
        .to_owned();
    for counter in COUNTERS {
        table.col(big_integer(counter));
    }
    table
}

/// A row exists as long as its leader is to be read for the run.
fn tasks() -> TableCreateStatement {
    Table::create()
        .table("ingest_tasks")
        .col(uuid("run_id"))
        .col(uuid("leader_id"))
        .col(big_integer("not_before"))
        .primary_key(Index::create().name("ingest_tasks_pkey").col("leader_id").col("run_id"))
        .foreign_key(&mut belongs_to("ingest_tasks", "run_id", "ingest_runs"))
        .foreign_key(&mut belongs_to("ingest_tasks", "leader_id", "leaders"))
        .to_owned()
}

fn commits() -> TableCreateStatement {
    let mut table = Table::create()
        .table("ingest_commits")
        .col(uuid("stream_id"))
        .col(big_integer("cursor_version"))
        .col(big_integer("lease_epoch"))
        .col(uuid_null("run_id"))
        .col(json_binary("cursor"))
        .col(big_integer("committed_at"))
        .to_owned();
    for counter in COUNTERS {
        table.col(big_integer(counter));
    }
    table
        .check(Expr::cust(BALANCES))
        .primary_key(Index::create().name("ingest_commits_pkey").col("stream_id").col("cursor_version"))
        .foreign_key(&mut belongs_to("ingest_commits", "stream_id", "ingest_streams"))
        .foreign_key(
            ForeignKey::create()
                .name("ingest_commits_run_id_fkey")
                .from("ingest_commits", "run_id")
                .to("ingest_runs", "id")
                .on_delete(ForeignKeyAction::SetNull),
        )
        .to_owned()
}

fn quarantine() -> TableCreateStatement {
    Table::create()
        .table("quarantine")
        .col(pk_uuid("id"))
        .col(uuid("stream_id"))
        .col(var_binary("raw_hash", 32))
        .col(text("raw"))
        .col(text("reason"))
        .col(text("path"))
        .col(text("status"))
        .col(integer("attempts"))
        .col(text_null("outcome"))
        .col(big_integer("first_seen_at"))
        .col(big_integer("last_seen_at"))
        .col(big_integer_null("closed_at"))
        .check(Expr::cust(SETTLED))
        .foreign_key(&mut belongs_to("quarantine", "stream_id", "ingest_streams"))
        .to_owned()
}
