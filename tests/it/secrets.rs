//! No secret reaches a log line, a metric, a trace, an answer, Redis or the database, even with every log line switched on.

mod amber;
mod drive;

use amber_server::domain::SystemClock;
use amber_tests::{Collector, FakeXApi, Postgres, Redis};
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, Statement};

use amber::Amber;
use drive::{Heard, drive};

/// Every key of Redis and what is behind it, one a line.
const DUMP: &str = "EVAL \"local told = {} for _, key in ipairs(redis.call('KEYS', '*')) do \
    local is_hash = redis.call('TYPE', key).ok == 'hash' \
    local value = is_hash and redis.call('HGETALL', key) or {redis.call('GET', key)} \
    table.insert(told, key .. ' ' .. table.concat(value, ' ')) end return table.concat(told, string.char(10))\" 0";

const API_KEY: &str = "secret-api-key-5f3c9a7e1b2d4680";
const BOOTSTRAP: &str = "secret-bootstrap-c0ffee-8675309-abc";
const JWT_SECRET: &str = "secret-jwt-Zk3mP9qW2xR7tY4uB8nV1cL6";
const SIGNING_KEY: &str = "secret-signing-Hs8dJ2kF5gL9pQ3wE6rT";
const REDIS_PASSWORD: &str = "secret-redis-password-20b1c9";
const COLLECTOR_KEY: &str = "secret-of-the-collector-9f27ab30c1d4";
const GUESSED: &str = "secret-guess-of-a-stranger-7d1e";

#[tokio::test(flavor = "multi_thread")]
async fn secrets_and_tokens_are_told_to_nobody() {
    let told = life(None, None).await;
    assert!(told.database.contains("Good morning"), "there is something to search");
    assert_untold(&told);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_table_of_postgresql_and_no_key_of_redis_holds_a_secret() {
    let (Some(postgres), Some(redis)) = (Postgres::shared(), Redis::start()) else { return };
    let url = postgres.database().await;
    let mut told = life(Some(url.clone()), Some(&redis)).await;
    told.database = dump(&url).await;
    assert!(told.database.contains("Good morning"), "there is something to search");
    assert!(told.redis.contains("embed_used:") && told.redis.contains("rate_limit:"), "{}", told.redis);
    assert_untold(&told);
}

/// Everything that somebody could read.
struct Told {
    heard: Heard,
    log: String,
    traces: String,
    redis: String,
    /// What lies in the folder of the program, its SQLite file above all.
    database: String,
}

/// Uses everything, and tells what came of it.
async fn life(database: Option<String>, redis: Option<&Redis>) -> Told {
    let x = FakeXApi::start(SystemClock).await;
    x.add_user("Asha", "asha").unwrap();
    x.post("asha", "Good morning").unwrap();
    let collector = Collector::start().await;
    let mut cli = redis.map(|redis| {
        let mut cli = redis.cli();
        assert_eq!(cli.say(&format!("CONFIG SET requirepass {REDIS_PASSWORD}")).as_deref(), Some("OK"));
        cli
    });
    // Without one, what is said about a Redis that is away is heard as well.
    let port = redis.map_or(1, Redis::port);
    let amber = Amber::start(&x, database, port, &collector.url());
    let heard = drive(&amber).await;
    let redis = cli.as_mut().and_then(|cli| cli.say(DUMP)).unwrap_or_default();
    let (log, left) = tokio::task::spawn_blocking(|| amber.end()).await.unwrap();
    assert_eq!(collector.shown("x-collector-key"), COLLECTOR_KEY);
    let traces = format!("{:?}", collector.spans());
    Told { heard, log, traces, redis, database: String::from_utf8_lossy(&left).into_owned() }
}

#[track_caller]
fn assert_untold(told: &Told) {
    let Told { heard, log, traces, redis, database } = told;
    assert!(log.contains("\"level\":\"TRACE\""), "the log is at its loudest");
    assert!(log.contains("A credential was refused"), "there is something to search");
    assert!(traces.contains("POST /api/embed/token") && traces.contains("INSERT embed_tokens_used"), "{traces}");
    assert!(heard.answers.contains("amber_embed_tokens_issued_total"), "the metrics were asked for");
    let named =
        [API_KEY, BOOTSTRAP, JWT_SECRET, SIGNING_KEY, REDIS_PASSWORD, COLLECTOR_KEY, GUESSED, FakeXApi::bearer()];
    // Of a token the signature is the secret; what stands before it only tells whose it is. Of a key it is what follows the id.
    let signatures = heard.tokens.iter().filter_map(|token| token.rsplit('.').next());
    let keys = heard.keys.iter().filter_map(|key| key.get("amb_".len() + 13..key.len() - 6));
    let secrets: Vec<_> = named.into_iter().chain(signatures).chain(keys).collect();
    assert!(secrets.len() > 15 && secrets.iter().all(|secret| secret.len() >= 25), "{secrets:?}");
    for secret in secrets {
        let as_bytes = secret.bytes().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
        let places = [
            ("the log", log),
            ("an answer", &heard.answers),
            ("a trace", traces),
            ("Redis", redis),
            ("the database", database),
        ];
        for (place, text) in places {
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
