//! Tests that the proxy does to a connection what it says.

use std::io::ErrorKind;

use tokio::time::{Instant, timeout};

use super::*;

/// Long enough that silence means silence, short enough for a test.
const SILENCE: Duration = Duration::from_millis(100);

/// A server that sends back what it gets, and the proxy in front of it.
async fn echo() -> (JoinSet<()>, Flaky) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let flaky = Flaky::in_front_of(listener.local_addr().unwrap());
    let mut server = JoinSet::new();
    server.spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            connections.spawn(async move {
                let (mut from, mut to) = stream.split();
                tokio::io::copy(&mut from, &mut to).await.ok();
            });
        }
    });
    (server, flaky)
}

async fn say(stream: &mut TcpStream, word: &str) -> std::io::Result<String> {
    stream.write_all(word.as_bytes()).await?;
    hear(stream, word.len()).await
}

async fn hear(stream: &mut TcpStream, length: usize) -> std::io::Result<String> {
    let mut answer = vec![0; length];
    stream.read_exact(&mut answer).await?;
    Ok(String::from_utf8(answer).unwrap())
}

#[tokio::test]
async fn bytes_pass_and_the_end_of_a_stream_passes_too() {
    let (_server, flaky) = echo().await;
    let mut stream = TcpStream::connect(flaky.address()).await.unwrap();
    assert_eq!(say(&mut stream, "hello").await.unwrap(), "hello");

    stream.shutdown().await.unwrap();
    assert_eq!(stream.read(&mut [0; 1]).await.unwrap(), 0);
}

#[tokio::test]
async fn a_cut_resets_connections_and_refuses_new_ones_until_it_heals() {
    let (_server, flaky) = echo().await;
    let mut stream = TcpStream::connect(flaky.address()).await.unwrap();
    assert_eq!(say(&mut stream, "hello").await.unwrap(), "hello");

    flaky.cut().await;
    assert_eq!(stream.read(&mut [0; 1]).await.unwrap_err().kind(), ErrorKind::ConnectionReset);
    let refused = TcpStream::connect(flaky.address()).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);

    flaky.heal().await;
    let mut stream = TcpStream::connect(flaky.address()).await.unwrap();
    assert_eq!(say(&mut stream, "again").await.unwrap(), "again");
}

#[tokio::test]
async fn a_stall_accepts_and_passes_nothing_until_it_heals() {
    let (_server, flaky) = echo().await;
    flaky.stall().await;
    let mut stream = TcpStream::connect(flaky.address()).await.unwrap();
    assert!(timeout(SILENCE, say(&mut stream, "hello")).await.is_err(), "something passed");

    flaky.heal().await;
    assert_eq!(hear(&mut stream, 5).await.unwrap(), "hello");
}

#[tokio::test]
async fn a_delay_holds_each_direction_back() {
    let (_server, flaky) = echo().await;
    flaky.delay(SILENCE).await;
    let mut stream = TcpStream::connect(flaky.address()).await.unwrap();
    let start = Instant::now();
    assert_eq!(say(&mut stream, "hello").await.unwrap(), "hello");
    assert!(start.elapsed() >= 2 * SILENCE, "it took only {:?}", start.elapsed());
}

#[tokio::test]
async fn a_missing_server_looks_like_a_reset() {
    let nobody = Claim::claim();
    let flaky = Flaky::in_front_of(nobody.address());
    let mut stream = TcpStream::connect(flaky.address()).await.unwrap();
    assert_eq!(stream.read(&mut [0; 1]).await.unwrap_err().kind(), ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn what_is_lost_stays_lost_and_new_connections_pass_once_it_heals() {
    let (_server, flaky) = echo().await;
    let mut old = TcpStream::connect(flaky.address()).await.unwrap();
    assert_eq!(say(&mut old, "hello").await.unwrap(), "hello");

    flaky.lose().await;
    assert!(timeout(SILENCE, say(&mut old, "lost")).await.is_err());
    flaky.heal().await;
    assert!(timeout(SILENCE, say(&mut old, "still lost")).await.is_err());
    let mut new = TcpStream::connect(flaky.address()).await.unwrap();
    assert_eq!(say(&mut new, "hello").await.unwrap(), "hello");
}
