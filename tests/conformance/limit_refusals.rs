//! What Redis may refuse with: each call is decided all the same, and soon Redis is not asked any more.

use std::time::Duration;

use amber_server::rate_limit::Source;
use amber_tests::RedisCluster;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::limit_outage::{BUDGET, Calm, assert_prompt, plenty};
use crate::limiter::{identity, settings};

/// A server that gives the same answer to every command.
async fn grumpy(answer: &'static str) -> (String, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("redis://{}", listener.local_addr().unwrap());
    let mut server = JoinSet::new();
    server.spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            connections.spawn(say_always(stream, answer));
        }
    });
    (url, server)
}

/// A command is a list; none of those that are sent here holds a line that looks like the head of one.
async fn say_always(mut stream: TcpStream, answer: &str) {
    let mut chunk = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = stream.read(&mut chunk).await {
        let is_head = |line: &&[u8]| line.first() == Some(&b'*');
        let commands = chunk[..length].split(|byte| *byte == b'\n').filter(is_head).count();
        if stream.write_all(format!("{answer}\r\n").repeat(commands).as_bytes()).await.is_err() {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_redis_answers_no_call_fails() {
    for answer in [
        "-LOADING Redis is loading the dataset in memory",
        "-READONLY You can't write against a read only replica.",
        "-OOM command not allowed when used memory > 'maxmemory'.",
        "-MOVED 1 127.0.0.1:1",
        "-ASK 1 127.0.0.1:1",
        "-CLUSTERDOWN The cluster is down",
        "-TRYAGAIN Multiple keys request during rehashing of slot",
        "-MASTERDOWN Link with MASTER is down",
        "-NOSCRIPT No matching script.",
        "-NOAUTH Authentication required.",
        "-NOPERM this user has no permissions to run the 'evalsha' command",
        "-BUSY Redis is busy running a script.",
        "-ERR unknown command",
        ":1",
        "*1\r\n:1",
        "$-1",
        "+OK",
    ] {
        let (url, _server) = grumpy(answer).await;
        let calm = Calm::start(settings(&url, BUDGET));
        let mut waits = Vec::new();
        for n in 0..50 {
            let started = Instant::now();
            let ruling = calm.ask(&identity(&format!("caller-{n}")), plenty()).await;
            waits.push(started.elapsed());
            assert_eq!((ruling.decision.allowed, ruling.source), (true, Source::Local), "{answer}");
        }
        assert_prompt(waits, answer);
        calm.until_breaker_is(true).await;
        sleep(Duration::from_millis(200)).await;
        assert_eq!(calm.ask(&identity("asha"), plenty()).await.source, Source::Local, "{answer}: no probe believes it");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_node_of_a_cluster_is_no_redis_by_itself() {
    let Some(cluster) = RedisCluster::start() else { return };
    // Each caller has its bucket on some node, and two thirds of them elsewhere.
    let calm = Calm::start(settings(&cluster.nodes()[0].url(), BUDGET));
    for n in 0..50 {
        assert!(calm.ask(&identity(&format!("caller-{n}")), plenty()).await.decision.allowed);
    }
    calm.until_breaker_is(true).await;
}
