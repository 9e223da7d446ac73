//! Planned misbehaviour.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

fn ada_with_posts() -> (Sandbox, String, Vec<PostId>) {
    let (sandbox, ada, hands) = with_ada();
    let posts = post_many(&sandbox, &hands, 8);
    (sandbox, format!("/2/users/{ada}/tweets?max_results=5"), posts)
}

async fn raw(sandbox: &Sandbox, uri: &str) -> (StatusCode, HeaderMap, Result<Vec<u8>, axum::Error>) {
    let (head, body) = request(sandbox, uri, BEARER).await.into_parts();
    (head.status, head.headers, body.collect().await.map(|body| body.to_bytes().to_vec()))
}

#[tokio::test]
async fn faults_happen_in_order_and_then_no_more() {
    let (sandbox, uri, _) = ada_with_posts();
    sandbox.fail_next(2, Fault::Status(503, r#"{"title":"Service Unavailable"}"#.into()));
    sandbox.fail_next(1, Fault::EmptyBody);
    for _ in 0..2 {
        let got = get(&sandbox, &uri).await;
        assert_eq!((got.status.as_u16(), &got.body["title"]), (503, &"Service Unavailable".into()));
    }
    let (status, _, body) = raw(&sandbox, &uri).await;
    assert_eq!((status, body.unwrap().len()), (StatusCode::OK, 0));
    assert_eq!(get(&sandbox, &uri).await.body["meta"]["result_count"], 5);
}

#[tokio::test]
async fn an_imposed_limit_says_what_it_is_told_to_say() {
    let (sandbox, uri, _) = ada_with_posts();
    let reset = Timestamp::from_second(1_800_000_000).unwrap();
    sandbox.fail_next(1, Fault::RateLimited { retry_after: Some(Duration::from_secs(7)), reset: Some(reset) });
    sandbox.fail_next(1, Fault::RateLimited { retry_after: None, reset: None });
    let (status, headers, _) = raw(&sandbox, &uri).await;
    assert_eq!(
        (status.as_u16(), &headers["retry-after"], &headers["x-rate-limit-reset"]),
        (429, &"7".parse().unwrap(), &"1800000000".parse().unwrap())
    );
    let (status, headers, _) = raw(&sandbox, &uri).await;
    assert_eq!((status.as_u16(), headers.get("retry-after"), headers.get("x-rate-limit-reset")), (429, None, None));
}

#[tokio::test]
async fn broken_json_and_web_pages_are_no_json() {
    let (sandbox, uri, _) = ada_with_posts();
    sandbox.fail_next(1, Fault::BrokenJson);
    sandbox.fail_next(1, Fault::Html);
    let (status, _, body) = raw(&sandbox, &uri).await;
    let body = body.unwrap();
    assert_eq!((status, body[0]), (StatusCode::OK, b'{'));
    assert!(serde_json::from_slice::<Value>(&body).is_err());
    let (status, headers, body) = raw(&sandbox, &uri).await;
    assert_eq!((status, &headers["content-type"]), (StatusCode::OK, &"text/html; charset=utf-8".parse().unwrap()));
    assert!(body.unwrap().starts_with(b"<!DOCTYPE html>"));
}

#[tokio::test]
async fn short_and_empty_pages_lead_on_without_loss() {
    let (sandbox, ada, hands) = with_ada();
    let posts = post_many(&sandbox, &hands, 8);
    sandbox.fail_next(1, Fault::ShortPageWithToken);
    sandbox.fail_next(2, Fault::EmptyPageWithToken);
    assert_eq!(get(&sandbox, "/2/users/by?usernames=ada").await.status, StatusCode::OK);
    let pages = pages(&sandbox, ada, "max_results=5").await;
    let counts: Vec<i64> = pages.iter().map(|page| page["meta"]["result_count"].as_i64().unwrap()).collect();
    assert_eq!((counts, ids(&pages)), (vec![3, 0, 0, 5], newest_first(&posts)));
}

#[tokio::test]
async fn one_record_is_malformed_and_its_neighbours_are_not() {
    let (sandbox, uri, posts) = ada_with_posts();
    sandbox.fail_next(1, Fault::MalformedRecord);
    let data = get(&sandbox, &uri).await.body["data"].take();
    let texts: Vec<bool> = data.as_array().unwrap().iter().map(|post| post["text"].is_string()).collect();
    assert_eq!(texts, [true, true, false, true, true]);
    assert_eq!((&data[2]["id"], &data[2]["created_at"]), (&posts[5].to_string().into(), &"yesterday".into()));
}

#[tokio::test]
async fn a_reset_cuts_the_answer_and_the_next_one_is_whole() {
    let (sandbox, uri, _) = ada_with_posts();
    sandbox.fail_next(1, Fault::Reset);
    assert!(raw(&sandbox, &uri).await.2.is_err());
    assert_eq!(get(&sandbox, &uri).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_slow_answer_is_true_in_the_end() {
    let (sandbox, uri, _) = ada_with_posts();
    sandbox.fail_next(1, Fault::Slow(Duration::from_millis(40)));
    let start = tokio::time::Instant::now();
    assert_eq!(get(&sandbox, &uri).await.body["meta"]["result_count"], 5);
    assert!(start.elapsed() >= Duration::from_millis(40));
}

#[tokio::test]
async fn a_served_sandbox_cuts_the_connection_and_stops_when_told() {
    let (sandbox, uri, _) = ada_with_posts();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    sandbox.fail_next(1, Fault::Reset);
    let served = sandbox.clone().serve(listener, async { stopped.await.unwrap() });
    let ask = async {
        let request =
            format!("GET {uri} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {BEARER}\r\nconnection: close\r\n\r\n");
        let mut answers = [String::new(), String::new()];
        for answer in &mut answers {
            let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
            stream.write_all(request.as_bytes()).await.unwrap();
            stream.read_to_string(answer).await.unwrap();
        }
        stop.send(()).unwrap();
        answers
    };
    let (served, [cut, whole]) = tokio::join!(served, ask);
    served.unwrap();
    // A chunked body ends with an empty chunk; this one does not.
    assert!(!cut.ends_with("0\r\n\r\n") && !cut.contains("result_count"), "{cut}");
    assert!(whole.starts_with("HTTP/1.1 200 OK") && whole.contains("\"result_count\":5"), "{whole}");
}
