//! What is read does not grow with what is stored: PostgreSQL finds tasks by its indexes, from the first moment, and the
//! lines of audits.

use amber_server::domain::{AuditAction, ClientId, DashboardId, PostId, RunTrigger};
use amber_server::store::{AuditFilter, EmbedAudit, ReviewAuditFilter, Reviews, Work};
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

    let (by_index, in_sequence) = reads(&fresh, "'ingest_tasks', 'ingest_streams'").await;
    assert_eq!(in_sequence, 0);
    assert!(by_index < 50 * claimed, "{by_index} rows were read for {claimed} tasks");
}

/// Lines of both audits that fill many pages, of which few are about what is asked for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_filter_of_an_audit_reads_what_it_finds() {
    let Some(fresh) = Fresh::postgres().await else { return };
    let post = PostId("00000000-0000-0000-0000-000000000007".parse().unwrap());
    let reviews = "INSERT INTO review_audit (id, at, actor, action, post_id) \
        SELECT gen_random_uuid(), n, 'asha', 'edit', \
            CASE WHEN n % 5000 = 0 THEN CAST('00000000-0000-0000-0000-000000000007' AS uuid) ELSE gen_random_uuid() END \
        FROM generate_series(1, 20000) n";
    let tokens = "INSERT INTO embed_audit (at, action, client_id, dashboard_id) \
        SELECT n, CASE WHEN n % 5000 = 0 THEN 'revoked' ELSE 'issued' END, \
            'key:' || n % 5000, 'board-' || n % 5000 \
        FROM generate_series(1, 20000) n";
    for lines in [reviews, tokens] {
        assert_eq!(fresh.change(lines).await, 20_000);
    }
    fresh.change("ANALYZE").await;

    let filter = ReviewAuditFilter { post: Some(post), ..ReviewAuditFilter::default() };
    assert_eq!(fresh.store.review_audit(filter, None, 50).await.unwrap().len(), 4);
    for filter in [
        AuditFilter { action: Some(AuditAction::Revoked), ..AuditFilter::default() },
        AuditFilter { client_id: Some(ClientId("key:9".into())), ..AuditFilter::default() },
        AuditFilter { dashboard_id: DashboardId::parse("board-9"), ..AuditFilter::default() },
    ] {
        assert_eq!(fresh.store.events(&filter, None, 50).await.unwrap().len(), 4, "{filter:?}");
    }
    let (by_index, in_sequence) = reads(&fresh, "'review_audit', 'embed_audit'").await;
    assert_eq!((by_index, in_sequence), (16, 0));
}

/// The rows of these tables that the store read by an index, and those that it read in sequence.
async fn reads(fresh: &Fresh, tables: &str) -> (u64, u64) {
    // A session hands in what it counted when it ends.
    fresh.store.close().await.unwrap();
    let read = |column: &str| {
        format!("SELECT CAST(SUM({column}) AS bigint) FROM pg_stat_user_tables WHERE relname IN ({tables})")
    };
    let (by_index, in_sequence) = (read("COALESCE(idx_tup_fetch, 0)"), read("seq_tup_read"));
    let counted = async { while fresh.number(&by_index).await == 0 {} };
    timeout(Duration::from_secs(10), counted).await.expect("the sessions hand in what they counted");
    (fresh.number(&by_index).await, fresh.number(&in_sequence).await)
}
