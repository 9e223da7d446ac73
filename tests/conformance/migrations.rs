//! The tables can be made, taken back and made again.

use sea_orm::DbBackend;

use crate::fresh::Fresh;

on_both_databases!(up_down_up_leaves_an_equal_schema, every_step_can_be_taken_back_alone);

/// Tables with their columns, indexes and constraints, without those of the migrations' own table.
async fn schema(fresh: &Fresh) -> Vec<String> {
    let queries: &[&str] = match fresh.raw.get_database_backend() {
        DbBackend::Postgres => &[
            "SELECT concat_ws(' ', table_name, column_name, data_type, is_nullable, column_default) \
             FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'seaql_migrations'",
            "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'seaql_migrations'",
            "SELECT concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid)) FROM pg_constraint \
             WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text <> 'seaql_migrations'",
        ],
        _ => &[
            "SELECT tbl_name || ': ' || coalesce(sql, name) FROM sqlite_master WHERE tbl_name NOT LIKE 'seaql%' AND tbl_name NOT LIKE 'sqlite%'",
        ],
    };
    let mut lines = Vec::new();
    for query in queries {
        lines.extend(fresh.texts(query).await);
    }
    lines.sort();
    lines
}

async fn up_down_up_leaves_an_equal_schema(fresh: Fresh) {
    let first = schema(&fresh).await;
    assert!(first.len() > crate::fresh::TABLES.len());
    fresh.store.roll_back(None).await.unwrap();
    assert_eq!(schema(&fresh).await, Vec::<String>::new());
    fresh.store.migrate().await.unwrap();
    assert_eq!(schema(&fresh).await, first);
}

async fn every_step_can_be_taken_back_alone(fresh: Fresh) {
    let steps = fresh.store.migrations().await.unwrap();
    assert!(steps.iter().all(|step| step.applied));
    let mut schemas = vec![schema(&fresh).await];
    for applied in (0..steps.len()).rev() {
        fresh.store.roll_back(Some(1)).await.unwrap();
        schemas.push(schema(&fresh).await);
        let known = fresh.store.migrations().await.unwrap();
        assert_eq!(known.iter().filter(|step| step.applied).count(), applied);
    }
    assert!(schemas.windows(2).all(|pair| pair[0].len() > pair[1].len()), "a step made nothing");
    fresh.store.migrate().await.unwrap();
    assert_eq!(schema(&fresh).await, schemas[0]);
}
