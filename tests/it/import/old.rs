//! A database of the old service, with everything that its rows were found to hold.

use std::fmt::Write as _;
use std::path::PathBuf;

use amber_tests::{Backend, Postgres, setting};
use sea_orm::{ConnectionTrait, Database};
use tempfile::TempDir;

/// A post of the old database, and whether it can be taken over.
#[derive(Debug, Clone)]
pub(super) struct OldPost {
    pub(super) id: String,
    pub(super) content: String,
    /// Naive, in UTC, as SQLite keeps it.
    pub(super) timestamp: String,
    pub(super) is_good: bool,
}

/// The rows of the old database.
#[derive(Debug, Default)]
pub(super) struct Old {
    pub(super) posts: Vec<OldPost>,
    statements: String,
}

/// A random number generator of one line, so that every run makes the same rows (xorshift64, Marsaglia 2003).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(end).unwrap()).unwrap()
    }

    fn of<'a>(&mut self, items: &[&'a str]) -> &'a str {
        items[self.below(items.len())]
    }
}

/// The leaders: id, name, handles, topics.
const LEADERS: [(&str, &str, &str, &str); 8] = [
    (
        "1ee1e1d0-06a4-4341-8472-b34e0f9148f2",
        "Test Leader",
        r#"{"facebook": "@testleader", "x": "testleader"}"#,
        r#"["health"]"#,
    ),
    ("2ba1a012-86b1-4044-b976-442cfb27c086", "Null Handles", "null", "null"),
    ("7", "A Number", r#"["@first", "x:second"]"#, "[]"),
    ("4863ade3-1e90-437e-b354-41458a9511fa", "नेता", r#"{"twitter": "feedb", "news": null}"#, r#"["ग्राम विकास", 5]"#),
    ("d21bba54-cb93-4d0a-911f-3a613c4c8eab", "Bad Handle", r#"{"x": "not a handle"}"#, r#"{"a": 1}"#),
    ("b8659ce9-6651-4e65-86af-902804861332", "O'Text", r#""@mere""#, r#""roads""#),
    ("6067743c-cadc-419e-9afd-1dcf3f6d7c2e", "Same Name", "{}", "[]"),
    ("88ed6c25-4522-44ca-923b-d8743e8e0c4e", "Same Name", "{}", "[]"),
];

/// Cannot be taken over, and nothing of it.
const NAMELESS: (&str, &str) = ("empty", "  ");

const CONTENTS: [&str; 7] = [
    "I love this great progress",
    "This is a terrible disaster",
    "आईए हालिया जनसभाओं पर नज़र रखें — वास्तविक पोस्ट",
    "😀 quotes ' and \" and \\ and ; -- all at once",
    "",
    "The meeting is on Monday",
    "first line\nsecond line\ttab",
];

const METRICS: [&str; 8] = [
    "{}",
    "null",
    r#"{"likes": 1, "comments": 2, "shares": 3}"#,
    r#"{"likes": "7", "views": -4, "comments": 1.5}"#,
    r#"{"origin": "x", "source": "X", "language": "hi", "revision": 2, "avatarUrl": null}"#,
    "[1, 2]",
    r#""text""#,
    r#"{"public_metrics": {"like_count": 9}, "url": "https://news.example/1", "nested": {"a": [1]}}"#,
];

impl Old {
    /// The same rows for the same seed: `posts` posts and all that is odd beside them.
    pub(super) fn new(seed: u64, posts: usize) -> Self {
        let mut old = Self::default();
        let mut dice = Dice(seed);
        for (number, (id, name, handles, topics)) in LEADERS.iter().enumerate() {
            let at = format!("2026-01-{:02} 00:00:00.000000", number + 1);
            old.insert("leaders", &[id, name, handles, topics, &at]);
        }
        old.insert("leaders", &[NAMELESS.0, NAMELESS.1, "{}", "[]", "2026-01-01 00:00:00"]);
        for number in 0..posts {
            old.post(&mut dice, number);
        }
        old.review_items();
        old
    }

    fn post(&mut self, dice: &mut Dice, number: usize) {
        // Few moments for many posts: ids decide their order.
        let moment = dice.below(200);
        let timestamp =
            format!("2026-0{}-{:02} {:02}:30:00.{:06}", 1 + moment % 9, 1 + moment % 28, moment % 24, moment % 3);
        let id = match number % 10 {
            // Not every old id is a UUID.
            9 => format!("post-{number}"),
            _ => format!("{:08x}-0000-4000-8000-{number:012x}", dice.below(1 << 32)),
        };
        let mut metrics = dice.of(&METRICS).to_owned();
        let platform = dice.of(&["X", "Twitter", "Facebook", "News", "MySpace", "x"]);
        if number.is_multiple_of(3) {
            metrics = format!(r#"{{"externalId": "{}", "origin": "x"}}"#, 1_000 + number);
        }
        let (mut leader, mut stamp) = (LEADERS[dice.below(LEADERS.len())].0, timestamp.as_str());
        let mut is_good = true;
        match number % 50 {
            10 => (leader, is_good) = ("nobody", false),
            20 => (leader, is_good) = (NAMELESS.0, false),
            // The one text that PostgreSQL takes for a time as well.
            30 => (stamp, is_good) = ("infinity", false),
            40 => (metrics, is_good) = (r#"{"origin": "sample"}"#.to_owned(), false),
            _ => {}
        }
        let content = format!("{} {number}", dice.of(&CONTENTS));
        let sentiment = dice.of(&["Positive", "Neutral", "Negative", "Bogus", ""]);
        let verification = dice.of(&["Needs Review", "Verified", "Rejected", "Maybe"]);
        let values = [&id, leader, platform, &content, stamp, sentiment, &metrics, verification, &timestamp];
        self.insert("posts", &values);
        self.posts.push(OldPost { id, content, timestamp, is_good });
    }

    fn review_items(&mut self) {
        let posts: Vec<_> = self.posts.iter().take(60).map(|post| post.id.clone()).collect();
        for (number, post) in posts.iter().enumerate() {
            let state = ["pending", "approved", "rejected"][number % 3];
            let (reviewer, at) = if state == "pending" { ("", "") } else { ("tester", "2026-02-01 10:00:00.5") };
            self.insert(
                "review_items",
                &[&format!("item-{number}"), post, state, "a note", reviewer, at, "2026-02-02 00:00:00"],
            );
        }
        // Of posts that are gone, in a state that there never was, and about a post that waits already.
        self.insert("review_items", &["orphan", "nothing", "pending", "", "", "", ""]);
        self.insert("review_items", &["odd", &posts[1], "maybe", "", "", "", ""]);
        self.insert("review_items", &["twice", &posts[0], "pending", "", "", "", ""]);
    }

    /// How many review items there are, and how many of them are refused.
    pub(super) fn review_counts(&self) -> (usize, usize) {
        let of_bad_posts = self.posts.iter().take(60).filter(|post| !post.is_good).count();
        (63, of_bad_posts + 2)
    }

    fn insert(&mut self, table: &str, values: &[&str]) {
        let literal = |value: &&str| {
            if value.is_empty() { "NULL".to_owned() } else { format!("'{}'", value.replace('\'', "''")) }
        };
        // The content of a post may be empty, but is never NULL; so is its sentiment.
        let literals: Vec<_> = values.iter().map(literal).collect();
        let literals = literals.join(", ");
        let literals = if table == "posts" { literals.replace(", NULL,", ", '',") } else { literals };
        let _ = writeln!(self.statements, "INSERT INTO {table} VALUES ({literals});");
    }

    /// Makes the database; None when there is no PostgreSQL.
    pub(super) async fn write(&self, backend: Backend) -> Option<OldDatabase> {
        let folder = TempDir::new().unwrap();
        let place = match backend {
            Backend::Sqlite => folder.path().join("old.db").display().to_string(),
            Backend::Postgres => Postgres::shared()?.database().await,
        };
        let database = OldDatabase { _folder: folder, place };
        let schema = schema();
        let schema = match backend {
            Backend::Sqlite => schema,
            Backend::Postgres => schema.replace("DATETIME", "TIMESTAMP"),
        };
        database.execute(&format!("{schema}\n{}", self.statements)).await;
        Some(database)
    }
}

/// An old database.
pub(super) struct OldDatabase {
    _folder: TempDir,
    /// How it is named on the command line.
    pub(super) place: String,
}

impl OldDatabase {
    /// Executes statements as the old service did.
    pub(super) async fn execute(&self, statements: &str) {
        let is_file = !self.place.contains("://");
        let url = if is_file { format!("sqlite://{}?mode=rwc", self.place) } else { self.place.clone() };
        let db = Database::connect(url).await.unwrap();
        db.execute_unprepared(statements).await.unwrap();
        db.close().await.unwrap();
    }
}

/// The recorded tables, without their references, which SQLite never looked at.
fn schema() -> String {
    let data = setting("AMBER_TEST_DATA").expect("the test is skipped without");
    let schema = std::fs::read_to_string(PathBuf::from(data).join("seed-wire/legacy-schema.sql")).unwrap();
    let lines = schema.lines().filter(|line| !line.contains("FOREIGN KEY"));
    lines.collect::<Vec<_>>().join("\n").replace("PRIMARY KEY (id), \n)", "PRIMARY KEY (id)\n)")
}
