//! No secret reaches a log line, a metric, an answer or the database, even with every log line switched on.

mod amber;
mod drive;

use amber_server::domain::SystemClock;
use amber_tests::{FakeXApi, Postgres};
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, Statement};

use amber::Amber;
use drive::{Heard, drive};

const API_KEY: &str = "secret-api-key-5f3c9a7e1b2d4680";
const BOOTSTRAP: &str = "secret-bootstrap-c0ffee-8675309-abc";
const JWT_SECRET: &str = "secret-jwt-Zk3mP9qW2xR7tY4uB8nV1cL6";
const SIGNING_KEY: &str = "secret-signing-Hs8dJ2kF5gL9pQ3wE6rT";
const REDIS_PASSWORD: &str = "secret-redis-password-20b1c9";
const GUESSED: &str = "secret-guess-of-a-stranger-7d1e";

#[tokio::test(flavor = "multi_thread")]
async fn secrets_and_tokens_are_told_to_nobody() {
    let (heard, log, left) = life(None).await;
    assert_untold(&heard, &log, &left);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_table_of_postgresql_holds_a_secret() {
    let Some(postgres) = Postgres::shared() else { return };
    let url = postgres.database().await;
    let (heard, log, _) = life(Some(url.clone())).await;
    assert_untold(&heard, &log, &dump(&url).await);
}

/// Uses everything, and tells what was answered, logged and left in the folder of the program.
async fn life(database: Option<String>) -> (Heard, String, String) {
    let x = FakeXApi::start(SystemClock).await;
    x.add_user("Asha", "asha").unwrap();
    x.post("asha", "Good morning").unwrap();
    let amber = Amber::start(&x, database);
    let heard = drive(&amber).await;
    let (log, left) = tokio::task::spawn_blocking(|| amber.end()).await.unwrap();
    (heard, log, String::from_utf8_lossy(&left).into_owned())
}

#[track_caller]
fn assert_untold(heard: &Heard, log: &str, left: &str) {
    assert!(log.contains("\"level\":\"TRACE\""), "the log is at its loudest");
    assert!(log.contains("A credential was refused") && left.contains("Good morning"), "there is something to search");
    let named = [API_KEY, BOOTSTRAP, JWT_SECRET, SIGNING_KEY, REDIS_PASSWORD, GUESSED, FakeXApi::bearer()];
    // Of a token the signature is the secret; what stands before it only tells whose it is. Of a key it is what follows the id.
    let signatures = heard.tokens.iter().filter_map(|token| token.rsplit('.').next());
    let keys = heard.keys.iter().filter_map(|key| key.get("amb_".len() + 13..key.len() - 6));
    let secrets: Vec<_> = named.into_iter().chain(signatures).chain(keys).collect();
    assert!(secrets.len() > 15 && secrets.iter().all(|secret| secret.len() >= 25), "{secrets:?}");
    for secret in secrets {
        let as_bytes = secret.bytes().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
        for (place, text) in [("the log", log), ("an answer", &heard.answers), ("the database", left)] {
            let at = text.find(secret).or_else(|| text.find(&as_bytes));
            let around = at
                .map(|at| text[..at].chars().rev().take(200).collect::<Vec<_>>().into_iter().rev().collect::<String>());
            assert_eq!(around, None, "{place} holds {secret:.12}...");
        }
    }
}

/// All rows of all tables, as text; bytes are hexadecimal.
async fn dump(url: &str) -> String {
    let database = Database::connect(url).await.expect("the database is there");
    let tables = "SELECT table_name::text AS line FROM information_schema.tables WHERE table_schema = 'public'";
    let tables = lines(&database, tables).await;
    assert!(tables.len() > 10, "{tables:?}");
    let mut text = String::new();
    for table in tables {
        for row in lines(&database, &format!("SELECT t::text AS line FROM \"{table}\" t")).await {
            text.extend([table.as_str(), ": ", row.as_str(), "\n"]);
        }
    }
    text
}

async fn lines(database: &DatabaseConnection, query: &str) -> Vec<String> {
    let rows = database.query_all_raw(Statement::from_string(database.get_database_backend(), query)).await;
    rows.expect("the query is right").iter().map(|row| row.try_get("", "line").expect("a text")).collect()
}
