//! What the old service kept is taken over: all of it, once, however often and wherever the import is cut short.

mod old;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Command, Output, Stdio};

use amber_sdk::Amber;
use amber_sdk::v1::{ListLeadersRequest, Post};
use amber_tests::{Backend, Builder, FakeXApi, Postgres, Program, TestServer, setting};
use tempfile::TempDir;

use crate::stage::{Stage, on_both_databases, stored, succeeded};
use old::{Old, OldDatabase};

on_both_databases! {
    an_import_is_reconciled_and_a_second_one_changes_nothing,
    a_dry_run_says_what_would_happen_and_stores_nothing,
    an_import_that_was_killed_goes_on_to_the_same_result,
    what_the_old_service_changed_follows_and_what_amber_knows_better_stays,
}

/// Whether the recorded tables are there; says so when not.
fn has_data() -> bool {
    let has = setting("AMBER_TEST_DATA").is_some();
    if !has {
        eprintln!("skipped: AMBER_TEST_DATA is not set");
    }
    has
}

/// An empty database of Amber with its tables, and the program beside it.
struct New {
    folder: TempDir,
    url: String,
}

impl New {
    async fn on(backend: Backend) -> Option<Self> {
        let folder = TempDir::new().unwrap();
        let url = match backend {
            Backend::Sqlite => format!("sqlite://{}?mode=rwc", folder.path().join("amber.db").display()),
            Backend::Postgres => Postgres::shared()?.database().await,
        };
        let new = Self { folder, url };
        assert!(new.command(&["migrate", "up"]).output().unwrap().status.success());
        Some(new)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(Program::path());
        command.args(arguments).current_dir(self.folder.path()).env_clear().env("DATABASE_URL", &self.url);
        command
    }

    fn import(&self, old: &OldDatabase, more: &[&str]) -> Reconciled {
        let arguments = [&["import", "legacy", "--from", old.place.as_str()][..], more].concat();
        Reconciled::of(&self.command(&arguments).output().unwrap())
    }

    /// A server on it, and the SDK as its owner.
    async fn serve(&self) -> (TestServer, Amber) {
        let builder = TestServer::on(Backend::Sqlite).await.unwrap();
        let server = builder.env("DATABASE_URL", &self.url).start().await;
        let amber = server.sdk_as_admin().await;
        (server, amber)
    }
}

/// What the program said in the end: by table read, stored, already there, updated, refused.
#[derive(Debug, PartialEq)]
struct Reconciled {
    counts: BTreeMap<String, [usize; 5]>,
    out: String,
    err: String,
}

impl Reconciled {
    #[track_caller]
    fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "{out}{err}");
        let rows = out.lines().filter_map(|line| {
            let mut words = line.split_whitespace();
            let table = words.next()?;
            let numbers: Vec<usize> = words.map(|word| word.parse().ok()).collect::<Option<_>>()?;
            Some((table.to_owned(), numbers.try_into().ok()?))
        });
        Self { counts: rows.collect(), out, err }
    }

    fn refused(&self) -> usize {
        self.err.lines().filter(|line| line.starts_with("refused: ")).count()
    }
}

fn expected(old: &Old) -> BTreeMap<String, [usize; 5]> {
    let good = old.posts.iter().filter(|post| post.is_good).count();
    let bad = old.posts.len() - good;
    let (items, refused) = old.review_counts();
    // One item is about a post that waits already.
    [
        ("leaders", [9, 8, 0, 0, 1]),
        ("posts", [old.posts.len(), good, 0, 0, bad]),
        ("review_items", [items, items - refused - 1, 1, 0, refused]),
    ]
    .map(|(table, counts)| (table.to_owned(), counts))
    .into()
}

/// A stage whose server has stopped, so that its database is free.
struct Paused {
    x: FakeXApi,
    next: Builder,
    folder: Option<TempDir>,
}

impl Paused {
    async fn from(stage: Stage) -> Self {
        let Stage { x, server, .. } = stage;
        let next = server.twin();
        Self { x, next, folder: server.stop().await }
    }

    /// The next server on the same database, and the folder in which that lies.
    async fn resume(self) -> (Stage, Option<TempDir>) {
        let server = self.next.start().await;
        let amber = server.sdk_as_admin().await;
        (Stage { x: self.x, server, amber }, self.folder)
    }
}

/// What is there, without what differs from one import to the next.
async fn contents(new: &New) -> (Vec<Post>, String) {
    let (server, amber) = new.serve().await;
    let posts = stored(&amber).await;
    let leaders = amber.leaders().list_leaders(ListLeadersRequest::default()).await.unwrap().into_inner().leaders;
    server.stop().await;
    (posts, format!("{leaders:?}"))
}

async fn an_import_is_reconciled_and_a_second_one_changes_nothing(backend: Backend) {
    let Some(new) = has_data().then_some(New::on(backend)) else { return };
    let Some(new) = new.await else { return };
    let old = Old::new(7, 1_200);
    let database = old.write(backend).await.expect("it is the same cluster");

    let first = new.import(&database, &[]);
    assert_eq!(first.counts, expected(&old), "{}", first.out);
    assert_eq!(first.refused(), first.counts.values().map(|counts| counts[4]).sum::<usize>(), "each is listed");
    for line in [
        "refused: leaders \"empty\": it has no name",
        ": its leader \"nobody\" is not in Amber",
        ": its timestamp \"infinity\" is no time",
        ": the old service made it up (its origin is sample)",
        "refused: review_items \"orphan\": its post is not in the old database",
    ] {
        assert!(first.err.contains(line), "{line} is missing in {}", first.err);
    }
    let (posts, leaders) = contents(&new).await;

    let second = new.import(&database, &[]);
    for (table, [read, stored, known, updated, refused]) in &second.counts {
        let before = first.counts[table];
        assert_eq!((*read, *stored, *updated, *refused), (before[0], 0, 0, before[4]), "{table}: {}", second.out);
        assert_eq!(*known, before[1] + before[2], "{table}");
    }
    assert_eq!(contents(&new).await, (posts.clone(), leaders));

    // Newest first, posts of one moment by id, the greatest first.
    let place = |post: &Post| (post.post_time.as_ref().map(|at| (at.seconds, at.nanos)), post.id.clone());
    assert!(posts.windows(2).all(|pair| place(&pair[0]) > place(&pair[1])), "the feed is in order");
    let by_text: BTreeMap<_, _> = posts.iter().map(|post| (post.text.as_str(), post)).collect();
    let good = || old.posts.iter().filter(|post| post.is_good);
    assert_eq!(by_text.len(), good().count(), "every text is another one");
    for post in good() {
        let ours = by_text[post.content.as_str()];
        assert!(ours.id == post.id || post.id.starts_with("post-"), "{post:?} is {ours:?}");
        let at = ours.post_time.as_ref().unwrap();
        let at = jiff::Timestamp::new(at.seconds, at.nanos).unwrap();
        let then: jiff::Timestamp = format!("{}Z", post.timestamp).parse().unwrap();
        assert_eq!(at, then, "{post:?}");
    }
}

async fn a_dry_run_says_what_would_happen_and_stores_nothing(backend: Backend) {
    let Some(new) = has_data().then_some(New::on(backend)) else { return };
    let Some(new) = new.await else { return };
    let old = Old::new(11, 600);
    let database = old.write(backend).await.expect("it is the same cluster");
    let rehearsed = new.import(&database, &["--dry-run"]);
    assert!(rehearsed.out.ends_with("this was a dry run: nothing was stored\n"), "{}", rehearsed.out);
    assert_eq!(contents(&new).await, (Vec::new(), "[]".to_owned()));

    let list = new.folder.path().join("refused.txt");
    let real = new.import(&database, &["--refused", list.to_str().unwrap()]);
    assert_eq!(rehearsed.counts, real.counts);
    assert_eq!(real.refused(), 0, "they are in the file");
    assert_eq!(std::fs::read_to_string(list).unwrap().lines().count(), rehearsed.refused());
}

async fn an_import_that_was_killed_goes_on_to_the_same_result(backend: Backend) {
    let Some(calm) = has_data().then_some(New::on(backend)) else { return };
    let Some(calm) = calm.await else { return };
    let old = Old::new(13, 1_500);
    let database = old.write(backend).await.expect("it is the same cluster");
    calm.import(&database, &[]);
    // On a busy machine the blow may come too late.
    for _ in 0..5 {
        let new = New::on(backend).await.expect("it is the same cluster");
        let mut first = new.command(&["import", "legacy", "--from", database.place.as_str()]);
        let mut first = first.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(first.stderr.take().unwrap()).lines();
        assert!(said.any(|line| line.unwrap().starts_with("posts: 500 of 1500")), "it ended before it was killed");
        first.kill().unwrap();
        first.wait().unwrap();

        let second = new.import(&database, &[]);
        let [_, stored, known, ..] = second.counts["posts"];
        assert!(known >= 450, "what was stored is known: {}", second.out);
        assert_eq!(contents(&new).await, contents(&calm).await);
        if stored > 0 {
            return;
        }
    }
    panic!("it was never killed in the middle");
}

async fn what_the_old_service_changed_follows_and_what_amber_knows_better_stays(backend: Backend) {
    if !has_data() {
        return;
    }
    let Some(stage) = Stage::on(backend).await else { return };
    let ours = stage.add("ada").await;
    let known = stage.write("ada", 1)[0];
    succeeded(&stage.run().await);
    let later = stage.write("ada", 1)[0];

    // The old service followed the same account: a post that Amber has, one that it will read, and one of elsewhere.
    let database = Old::default().write(backend).await.expect("it is the same cluster");
    let post = |id: &str, platform: &str, number: &str, content: &str| {
        format!(
            "INSERT INTO posts VALUES ('{id}', 'ada', '{platform}', '{content}', '2026-01-01 00:00:00', 'Positive', \
             '{{\"externalId\": \"{number}\", \"likes\": 1}}', 'Verified', '2026-01-01 00:00:00');"
        )
    };
    let rows = [
        "INSERT INTO leaders VALUES ('ada', 'Ada of old', '{\"x\": \"ADA\"}', '[]', '2025-01-01 00:00:00');".to_owned(),
        post("a", "X", &known.to_string(), "as the old service knew it"),
        post("b", "X", &later.to_string(), "that Amber reads later"),
        post("c", "News", "", "of a newspaper"),
        "INSERT INTO review_items VALUES ('r', 'a', 'pending', NULL, NULL, NULL, NULL);".to_owned(),
    ];
    database.execute(&rows.concat()).await;
    let url = stage.server.database();
    let new = New { folder: TempDir::new().unwrap(), url };
    let paused = Paused::from(stage).await;
    let file = new.folder.path().join("checkpoints.json");
    std::fs::write(&file, r#"{"x:ADA": {"cursor": "t"}, "x:nobody": {"cursor": "t"}, "fb:page": {"cursor": null}}"#)
        .unwrap();
    let first = new.import(&database, &["--checkpoints", file.to_str().unwrap()]);
    let expected = [
        ("checkpoints", [3, 1, 1, 0, 1]),
        ("leaders", [1, 0, 1, 0, 0]),
        ("posts", [3, 2, 1, 0, 0]),
        ("review_items", [1, 1, 0, 0, 0]),
    ];
    let expected = BTreeMap::from(expected.map(|(table, counts)| (table.to_owned(), counts)));
    assert_eq!(first.counts, expected, "{}", first.out);

    // Amber reads on: what X says is newer than what the old service knew.
    let (stage, _folder) = paused.resume().await;
    succeeded(&stage.run().await);
    let posts = stage.stored().await;
    assert_eq!(posts.len(), 3, "none is doubled: {posts:?}");
    assert!(posts.iter().all(|post| post.leader_id == ours), "{posts:?}");
    let paused = Paused::from(stage).await;

    database.execute("UPDATE posts SET content = 'changed', verification_status = 'Rejected'").await;
    let second = new.import(&database, &[]);
    assert_eq!(second.counts["posts"], [3, 0, 2, 1, 0], "{}", second.out);
    let (stage, _) = paused.resume().await;
    let texts: Vec<_> = stage.stored().await.into_iter().map(|post| post.text).collect();
    assert_eq!(texts.iter().filter(|text| *text == "changed").count(), 1, "{texts:?}");
    assert_eq!(texts.iter().filter(|text| text.starts_with("ada writes number")).count(), 2, "{texts:?}");
}

#[tokio::test]
async fn an_old_database_that_is_none_is_told_as_such() {
    let new = New::on(Backend::Sqlite).await.unwrap();
    let said = |arguments: &[&str]| {
        let output = new.command(&[&["import", "legacy", "--from"][..], arguments].concat()).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, text) = said(&["nowhere.db"]);
    assert!(code == Some(1) && text.contains("there is no file nowhere.db"), "{text}");
    let (code, text) = said(&["mysql://u:hunter2@h/db"]);
    assert!(code == Some(1) && !text.contains("hunter2"), "{text}");
    let (_, text) = said(&["postgresql://u:hunter2@127.0.0.1:9/db"]);
    assert!(text.contains("cannot be read") && !text.contains("hunter2"), "{text}");
}
