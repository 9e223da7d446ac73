//! The sandbox on a port, byte by byte.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;

/// Asks once on a connection of its own; answers every byte up to its end.
async fn ask(address: SocketAddr, uri: &str) -> String {
    let request =
        format!("GET {uri} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {BEARER}\r\nconnection: close\r\n\r\n");
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

/// Serves `sandbox` while `asking` runs.
async fn while_served<T>(sandbox: &Sandbox, asking: impl AsyncFnOnce(SocketAddr) -> T) -> T {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let served = sandbox.clone().serve(listener, async { stopped.await.unwrap() });
    let asking = async {
        let told = asking(address).await;
        stop.send(()).unwrap();
        told
    };
    tokio::join!(served, asking).1
}

#[tokio::test]
async fn a_connection_breaks_where_the_fault_says() {
    let (sandbox, ada, hands) = with_ada();
    post_many(&sandbox, &hands, 8);
    let uri = format!("/2/users/{ada}/tweets?max_results=5");
    for fault in [Fault::Hangup, Fault::HeadOnly, Fault::Reset] {
        sandbox.fail_next(1, fault);
    }
    let answers = while_served(&sandbox, async |address| {
        let mut answers = Vec::new();
        for _ in 0..4 {
            answers.push(ask(address, &uri).await);
        }
        answers
    });
    let [nothing, head, part, whole] = &answers.await[..] else { panic!("four answers") };
    assert_eq!(nothing, "");
    assert!(head.starts_with("HTTP/1.1 200 OK") && head.ends_with("\r\n\r\n"), "{head}");
    // A chunked body ends with an empty chunk; this one does not.
    assert!(part.contains("{\"data\":[") && !part.ends_with("0\r\n\r\n") && !part.contains("result_count"), "{part}");
    assert!(whole.starts_with("HTTP/1.1 200 OK") && whole.contains("\"result_count\":5"), "{whole}");
}

#[tokio::test]
async fn many_callers_are_answered_at_once_and_the_stop_waits_for_them() {
    let (sandbox, ada, hands) = with_ada();
    post_many(&sandbox, &hands, 8);
    let uri = format!("/2/users/{ada}/tweets?max_results=5");
    sandbox.fail_next(50, Fault::Slow(Duration::from_millis(50)));
    let start = tokio::time::Instant::now();
    let answers =
        while_served(&sandbox, async |address| futures::future::join_all((0..50).map(|_| ask(address, &uri))).await);
    assert!(answers.await.iter().all(|answer| answer.contains("\"result_count\":5")));
    assert!(start.elapsed() < Duration::from_millis(50 * 50), "one after the other: {:?}", start.elapsed());
}
