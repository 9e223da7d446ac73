//! How long, how much and how slowly a connection may speak.

use std::time::Duration;

use amber_sdk::v1::ListLeadersRequest;
use amber_sdk::{Amber, Options};
use amber_tests::{Authority, Backend, TestServer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, timeout};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// The numbers of frames and settings (RFC 9113, sections 6 and 6.5.2).
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const MAX_CONCURRENT_STREAMS: u16 = 3;
const MAX_HEADER_LIST_SIZE: u16 = 6;

async fn server_with(variables: &[(&str, &str)]) -> TestServer {
    let builder = TestServer::on(Backend::Sqlite).await.expect("SQLite is always there");
    variables.iter().fold(builder, |builder, (name, value)| builder.env(name, *value)).start().await
}

/// Type and payload of the next frame; None at the end.
async fn frame(stream: &mut TcpStream) -> Option<(u8, Vec<u8>)> {
    let mut head = [0; 9];
    stream.read_exact(&mut head).await.ok()?;
    let mut payload = vec![0; usize::from(head[1]) << 8 | usize::from(head[2])];
    stream.read_exact(&mut payload).await.ok()?;
    Some((head[3], payload))
}

/// A connection by HTTP/2 on which nothing is asked.
async fn idle_http2(server: &TestServer) -> TcpStream {
    let mut stream = TcpStream::connect(server.address()).await.expect("the server listens");
    stream.write_all(PREFACE).await.unwrap();
    stream.write_all(&[0, 0, 0, SETTINGS, 0, 0, 0, 0, 0]).await.unwrap();
    stream
}

#[tokio::test]
async fn callers_are_told_how_many_calls_and_how_long_heads_a_connection_takes() {
    let server = TestServer::start().await;
    let mut stream = idle_http2(&server).await;
    let (kind, payload) = frame(&mut stream).await.expect("the server speaks HTTP/2");
    assert_eq!(kind, SETTINGS);
    let settings: Vec<(u16, u32)> = payload
        .chunks(6)
        .map(|pair| (u16::from_be_bytes([pair[0], pair[1]]), u32::from_be_bytes([pair[2], pair[3], pair[4], pair[5]])))
        .collect();
    assert!(settings.contains(&(MAX_CONCURRENT_STREAMS, 256)), "{settings:?}");
    assert!(settings.contains(&(MAX_HEADER_LIST_SIZE, 32_768)), "{settings:?}");

    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let long = format!("GET /livez HTTP/1.1\r\nhost: a\r\nx-long: {}\r\n\r\n", "x".repeat(100_000));
    let _ = stream.write_all(long.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431 "), "{answer}");
}

#[tokio::test]
async fn a_connection_is_ended_when_it_is_old_and_no_call_fails_for_it() {
    let server = server_with(&[("MAX_CONNECTION_AGE_SECONDS", "1")]).await;
    let started = Instant::now();
    let amber = Amber::connect(Options::new(server.url(""))).await.expect("the server listens");
    let mut http1 = TcpStream::connect(server.address()).await.unwrap();
    http1.write_all(b"GET /livez HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    let mut http2 = idle_http2(&server).await;

    let ended = async {
        while frame(&mut http2).await.expect("a word of farewell").0 != GOAWAY {}
        let goodbye = started.elapsed();
        let mut rest = Vec::new();
        http1.read_to_end(&mut rest).await.expect("an orderly end");
        assert!(rest.starts_with(b"HTTP/1.1 200"));
        goodbye
    };
    // Its own connections are ended on the way, too.
    let busy = async {
        let mut calls = 0;
        while started.elapsed() < Duration::from_secs(4) || calls < 50 {
            amber.leaders().list_leaders(ListLeadersRequest::default()).await.expect("no call fails");
            calls += 1;
        }
    };
    let (goodbye, ()) = tokio::join!(timeout(Duration::from_secs(20), ended), busy);
    let goodbye = goodbye.expect("old connections end");
    assert!((Duration::from_millis(850)..Duration::from_secs(10)).contains(&goodbye), "{goodbye:?}");
}

#[tokio::test]
async fn young_connections_stay() {
    let server = server_with(&[("MAX_CONNECTION_AGE_SECONDS", "0")]).await;
    let mut http2 = idle_http2(&server).await;
    let farewell = async { while frame(&mut http2).await.expect("it stays").0 != GOAWAY {} };
    assert!(timeout(Duration::from_secs(3), farewell).await.is_err(), "nobody is sent away");
}

#[tokio::test]
async fn who_does_not_say_what_it_speaks_holds_no_connection_for_long() {
    let mut servers = vec![server_with(&[]).await];
    let authority = Authority::new();
    if let Some(authority) = &authority {
        let own = authority.certify("amber", 2);
        let file = |path: &std::path::Path| path.display().to_string();
        let (certificate, key) = (file(&own.certificate), file(&own.key));
        servers.push(server_with(&[("TLS_CERT_PATH", certificate.as_str()), ("TLS_KEY_PATH", key.as_str())]).await);
    }
    let mut held = Vec::new();
    for server in &servers {
        // Nothing, a part of the preface of HTTP/2, a part of a head, a part of a handshake.
        for said in [&b""[..], b"PRI * HT", b"GET /livez HT", b"\x16\x03\x01"] {
            let mut stream = TcpStream::connect(server.address()).await.unwrap();
            stream.write_all(said).await.unwrap();
            held.push((said, stream));
        }
    }
    let started = Instant::now();
    for (said, mut stream) in held {
        let mut rest = Vec::new();
        let ended = timeout(Duration::from_secs(25), stream.read_to_end(&mut rest)).await;
        assert!(ended.is_ok(), "{:?} holds a connection", String::from_utf8_lossy(said));
    }
    assert!(started.elapsed() < Duration::from_secs(22), "{:?}", started.elapsed());
}

/// A connection from another address of this machine.
async fn connect_from(address: &str, server: &TestServer) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(format!("{address}:0").parse().unwrap()).unwrap();
    let mut stream = socket.connect(server.address()).await.expect("the server listens");
    // A connection that is refused may be gone by now.
    let _ = stream.write_all(b"GET /livez HTTP/1.1\r\nhost: a\r\n\r\n").await;
    stream
}

/// Whether the server answers by it.
async fn is_served(stream: &mut TcpStream) -> bool {
    let mut said = [0; 15];
    let answer = timeout(Duration::from_secs(20), stream.read_exact(&mut said)).await;
    answer.expect("it is answered or closed").is_ok() && said == *b"HTTP/1.1 200 OK"
}

#[tokio::test]
async fn one_address_cannot_take_the_places_of_all() {
    let server = server_with(&[("MAX_CONNECTIONS_PER_ADDRESS", "2"), ("TRUSTED_PROXY_CIDRS", "127.0.0.4/32")]).await;
    let mut held = Vec::new();
    for (address, served) in [("127.0.0.2", true), ("127.0.0.2", true), ("127.0.0.2", false), ("127.0.0.3", true)] {
        let mut stream = connect_from(address, &server).await;
        assert_eq!(is_served(&mut stream).await, served, "{address}");
        held.push(stream);
    }
    for _ in 0..5 {
        let mut stream = connect_from("127.0.0.4", &server).await;
        assert!(is_served(&mut stream).await, "through a trusted proxy many call");
        held.push(stream);
    }
    let refused = "amber_connections_refused_total{bound=\"address\"}";
    assert_eq!(crate::resources::measured(&server, refused).await, Some(1.0));

    held.remove(0);
    let again = async { while !is_served(&mut connect_from("127.0.0.2", &server).await).await {} };
    timeout(Duration::from_secs(20), again).await.expect("a place that is given back is free");
}
