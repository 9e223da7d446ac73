//! The examples of the SDK, run against a server as their readers would.

use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::time::Duration;

use amber_tests::{Backend, setting};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;
use tokio::time::timeout;

use crate::stage::{Stage, succeeded};

const PATIENCE: Duration = Duration::from_mins(1);

/// A built example; None, with a word on standard error, when examples were not built.
fn example(name: &str) -> Option<Command> {
    let caller = std::env::current_exe().expect("a running program has a path");
    let folder: PathBuf = caller.ancestors().nth(2).expect("tests lie in target/<profile>/deps").join("examples");
    let path = folder.join(name);
    if !path.is_file() {
        let message = format!("{} is not built: cargo build --workspace --examples", path.display());
        assert!(setting("AMBER_REQUIRE_TOOLS").as_deref() != Some("1"), "{message}");
        eprintln!("skipped: {message}");
        return None;
    }
    let mut command = Command::new(path);
    command.kill_on_drop(true);
    Some(command)
}

/// What an example prints when it succeeds.
async fn printed(command: &mut Command) -> String {
    let ended = timeout(PATIENCE, command.output()).await.expect("it ends").expect("it can be started");
    let Output { status, stdout, stderr } = ended;
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).expect("UTF-8")
}

#[tokio::test]
async fn the_newest_posts_are_printed() {
    let Some(mut feed) = example("feed") else { return };
    let Some(stage) = Stage::on(Backend::Sqlite).await else { return };
    stage.add("asha").await;
    stage.write("asha", 3);
    succeeded(&stage.run().await);
    let out = printed(feed.args([stage.server.url("").as_str(), "-", "number 1"])).await;
    assert_eq!(out, "ASHA: asha writes number 1.\n");
}

#[tokio::test]
async fn a_leader_is_added_and_read_and_the_run_followed() {
    let Some(mut refresh) = example("refresh") else { return };
    let Some(stage) = Stage::on(Backend::Sqlite).await else { return };
    stage.x.add_user("ASHA", "asha").expect("the name is free");
    stage.write("asha", 3);
    let secret = stage.server.bootstrap_secret();
    let out = printed(refresh.env("AMBER_SECRET", secret).args([stage.server.url("").as_str(), "asha"])).await;
    assert!(out.ends_with("1 of 1 leaders, Succeeded\n"), "{out}");
    assert_eq!(stage.stored().await.len(), 3);
}

#[tokio::test]
async fn posts_are_printed_as_they_come() {
    let Some(mut follow) = example("follow") else { return };
    let Some(stage) = Stage::on(Backend::Sqlite).await else { return };
    stage.add("asha").await;
    let list = stage.amber.feed().list_posts(amber_sdk::v1::ListPostsRequest::default()).await;
    let token = list.expect("the feed is readable").into_inner().watch_token;
    follow.args([stage.server.url("").as_str(), "2"]).env("RESUME_TOKEN", token).stdout(Stdio::piped());
    let mut running = follow.spawn().expect("it can be started");
    stage.write("asha", 2);
    succeeded(&stage.run().await);
    let mut lines = BufReader::new(running.stdout.take().expect("it is piped")).lines();
    for n in 0..2 {
        let line = timeout(PATIENCE, lines.next_line()).await.expect("a post comes").expect("UTF-8").expect("a line");
        assert!(line.starts_with(&format!("ASHA: asha writes number {n}.")), "{line}");
    }
    let status = timeout(PATIENCE, running.wait()).await.expect("it ends").expect("it was started");
    assert!(status.success());
}
