//! `amber healthcheck`, as containers ask it.

use std::process::{Command, Output};
use std::time::Duration;

use amber_tests::{Backend, TestServer};
use tokio::time::sleep;
use tokio_util::task::TaskTracker;

use crate::help::program;

/// Asks with these arguments and variables, and no others.
async fn ask(arguments: &[&str], variables: &[(&str, String)]) -> Output {
    let mut command = Command::new(program());
    command.arg("healthcheck").args(arguments).env_clear().envs(variables.iter().cloned());
    tokio::task::spawn_blocking(move || command.output()).await.unwrap().expect("the program can be started")
}

fn said(output: &Output) -> (Option<i32>, String) {
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[tokio::test]
async fn a_server_is_found_where_the_configuration_says() {
    let server = TestServer::start().await;
    let port = server.address().port().to_string();
    let by_port = ask(&[], &[("PORT", port.clone())]).await;
    assert_eq!(said(&by_port), (Some(0), String::new()));
    let by_address = ask(&[], &[("LISTEN_ADDR", format!("127.0.0.1:{port}"))]).await;
    assert_eq!(said(&by_address), (Some(0), String::new()));
    let wrong = ask(&[], &[("PORT", "many".to_owned())]).await;
    assert_eq!(wrong.status.code(), Some(64), "{wrong:?}");

    let address = server.address().to_string();
    server.stop().await;
    let (code, text) = said(&ask(&["--address", &address], &[]).await);
    assert_eq!(code, Some(1));
    assert!(text.contains(&format!("{address} does not answer")), "{text}");
}

#[tokio::test]
async fn a_server_that_goes_away_is_live_but_not_ready() {
    let builder = TestServer::on(Backend::Sqlite).await.expect("SQLite is always there");
    let server = builder.env("SHUTDOWN_GRACE_SECONDS", "20").start().await;
    let address = server.address().to_string();
    let stop = TaskTracker::new().spawn(server.stop());
    let unready = loop {
        let output = ask(&["--address", &address], &[]).await;
        if output.status.code() != Some(0) {
            break said(&output);
        }
        sleep(Duration::from_millis(50)).await;
    };
    let expected = format!("amber: {address} answers 503 Service Unavailable to /readyz\n");
    assert_eq!(unready, (Some(1), expected));
    assert_eq!(said(&ask(&["--address", &address, "--live"], &[]).await), (Some(0), String::new()));
    stop.abort();
}
