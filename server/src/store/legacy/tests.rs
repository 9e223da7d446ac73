//! Reading a database that nobody vouches for.

use sea_orm::{ConnectionTrait, Database};
use tempfile::TempDir;

use super::{Error, Legacy, Table};

async fn database(statements: &str) -> (TempDir, String) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("old.db").display().to_string();
    let db = Database::connect(format!("sqlite://{path}?mode=rwc")).await.unwrap();
    db.execute_unprepared(statements).await.unwrap();
    db.close().await.unwrap();
    (folder, path)
}

const TABLES: &str = "CREATE TABLE leaders (id VARCHAR NOT NULL PRIMARY KEY, name VARCHAR, handles JSON);
    CREATE TABLE posts (id VARCHAR NOT NULL PRIMARY KEY, content TEXT, timestamp DATETIME);";

#[tokio::test]
async fn a_table_is_read_in_pages_and_a_row_that_is_no_text_says_which_column() {
    let rows = "INSERT INTO leaders VALUES ('a', 'Ada', '{}'), ('b', CAST(x'ff' AS TEXT), NULL), ('c', 7, 'x')";
    let (_folder, path) = database(&format!("{TABLES}{rows}")).await;
    let legacy = Legacy::open(&path.into()).await.unwrap();
    assert_eq!(legacy.count(Table::Leaders).await.unwrap(), 3);
    let first = legacy.page(Table::Leaders, None, 2).await.unwrap();
    assert_eq!((first[0].id.as_str(), first[0].text("name"), first[0].text("handles")), ("a", Some("Ada"), Some("{}")));
    assert_eq!((first[1].unreadable.as_slice(), first[1].text("handles")), (&["name"][..], None));
    let second = legacy.page(Table::Leaders, Some("b"), 2).await.unwrap();
    assert_eq!(second.len(), 1);
    assert_eq!((second[0].id.as_str(), second[0].text("name")), ("c", Some("7")));
    let found = legacy.find(Table::Leaders, &["c", "nobody"]).await.unwrap();
    assert_eq!(found, second);
}

#[tokio::test]
async fn a_column_or_a_table_of_another_version_is_absent() {
    let (_folder, path) = database(&format!("{TABLES}INSERT INTO posts VALUES ('p', 'text', '2026-01-01')")).await;
    let legacy = Legacy::open(&path.into()).await.unwrap();
    let page = legacy.page(Table::Posts, None, 5).await.unwrap();
    assert_eq!((page[0].text("content"), page[0].text("platform_post_id")), (Some("text"), None));
    assert!(!legacy.has(Table::ReviewItems));
    assert_eq!(legacy.count(Table::ReviewItems).await.unwrap(), 0);
    assert_eq!(legacy.page(Table::ReviewItems, None, 5).await.unwrap(), []);
}

#[tokio::test]
async fn nothing_can_be_written() {
    let (_folder, path) = database(TABLES).await;
    let legacy = Legacy::open(&format!("sqlite:///{path}").into()).await.unwrap();
    assert!(legacy.db.execute_unprepared("DELETE FROM leaders").await.is_err());
}

#[tokio::test]
async fn what_is_no_old_database_is_refused_by_its_own_reason() {
    let (folder, path) = database("CREATE TABLE leaders (id VARCHAR)").await;
    assert!(matches!(Legacy::open(&path.into()).await, Err(Error::NoTable { table: "posts" })));
    let nowhere = folder.path().join("nowhere.db").display().to_string();
    assert!(matches!(Legacy::open(&nowhere.into()).await, Err(Error::NoFile { .. })));
    for place in ["", "mysql://u:hunter2@h/db"] {
        let error = Legacy::open(&place.into()).await.unwrap_err();
        assert!(matches!(error, Error::BadPlace { .. }), "{error:?}");
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}
