//! What a claim costs does not grow with the number of tasks: PostgreSQL finds them by its indexes, from the first moment.

use amber_server::domain::RunTrigger;
use amber_server::store::Work;
use tokio::time::{Duration, timeout};

use crate::fresh::Fresh;
use crate::sample::{open, request, want, worker};

/// Leaders whose tasks and streams fill many pages of their tables.
const LEADERS: u64 = 10_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn claims_of_one_and_of_twenty_tasks_read_by_index_alone() {
    let Some(fresh) = Fresh::postgres().await else { return };
    let leaders = format!(
        "INSERT INTO leaders (id, name, handles, x_handle, tracking_topics, created_at, state) \
         SELECT gen_random_uuid(), 'n' || n, '{{}}', 'n' || n, '[]', n, 'active' FROM generate_series(1, {LEADERS}) n"
    );
    assert_eq!(fresh.change(&leaders).await, LEADERS);
    let streams = "INSERT INTO ingest_streams \
         (id, stream_key, leader_id, platform, kind, cursor, cursor_version, lease_epoch, lease_until) \
         SELECT gen_random_uuid(), x_handle || kind, leaders.id, 'x', kind, '{}', 0, 0, 0 \
         FROM leaders, (VALUES ('posts'), ('backfill')) kinds (kind)";
    assert_eq!(fresh.change(streams).await, 2 * LEADERS);
    assert_eq!(u64::from(open(&fresh.store, &request(RunTrigger::Manual, &[])).await.leaders_total), LEADERS);
    let mut claimed = 0;
    for tasks in [1, 20, 1, 20] {
        claimed += fresh.store.claim(worker(), want(tasks)).await.unwrap().len() as u64;
    }
    assert_eq!(claimed, 42);

    // A session hands in what it counted when it ends.
    fresh.store.close().await.unwrap();
    let read = |column: &str| {
        format!(
            "SELECT CAST(SUM({column}) AS bigint) FROM pg_stat_user_tables \
             WHERE relname IN ('ingest_tasks', 'ingest_streams')"
        )
    };
    let (by_index, in_sequence) = (read("COALESCE(idx_tup_fetch, 0)"), read("seq_tup_read"));
    let counted = async { while fresh.number(&by_index).await == 0 {} };
    timeout(Duration::from_secs(10), counted).await.expect("the sessions hand in what they counted");
    assert_eq!(fresh.number(&in_sequence).await, 0);
    let by_index = fresh.number(&by_index).await;
    assert!(by_index < 50 * claimed, "{by_index} rows were read for {claimed} tasks");
}
