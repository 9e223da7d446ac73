//! Planned misbehaviour.

use super::*;

fn ada_with_posts() -> (Sandbox, String, Vec<PostId>) {
    let (sandbox, ada, hands) = with_ada();
    let posts = post_many(&sandbox, &hands, 8);
    (sandbox, format!("/2/users/{ada}/tweets?max_results=5"), posts)
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
async fn limits_are_told_in_every_spelling_and_window() {
    let (sandbox, uri, _) = ada_with_posts();
    let reset = Timestamp::from_second(1_700_000_000).unwrap();
    let window = |window, remaining| LimitHeader::Window { window, limit: 900, remaining, reset };
    let wait = LimitHeader::RetryAfter(Duration::from_secs(30));
    sandbox.fail_next(1, Fault::Refused(vec![window(LimitWindow::Short, 14), wait]));
    sandbox.fail_next(1, Fault::Refused(vec![LimitHeader::RetryAt(reset)]));
    sandbox.fail_next(1, Fault::Told(vec![window(LimitWindow::AppDay, 0), window(LimitWindow::UserDay, 5)]));
    let said = |headers: &HeaderMap, name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    let (status, headers, _) = raw(&sandbox, &uri).await;
    assert_eq!((status.as_u16(), said(&headers, "retry-after")), (429, Some("30".to_owned())));
    assert_eq!(said(&headers, "x-rate-limit-remaining"), Some("14".to_owned()));
    let (status, headers, _) = raw(&sandbox, &uri).await;
    assert_eq!((status.as_u16(), said(&headers, "x-rate-limit-reset")), (429, None));
    assert_eq!(said(&headers, "retry-after"), Some("Tue, 14 Nov 2023 22:13:20 GMT".to_owned()));
    let (status, headers, body) = raw(&sandbox, &uri).await;
    assert_eq!((status.as_u16(), body.unwrap().len() > 100), (200, true));
    assert_eq!(said(&headers, "x-app-limit-24hour-remaining"), Some("0".to_owned()));
    assert_eq!(said(&headers, "x-app-limit-24hour-reset"), Some("1700000000".to_owned()));
    assert_eq!(said(&headers, "x-user-limit-24hour-remaining"), Some("5".to_owned()));
    assert_eq!(said(&headers, "x-rate-limit-limit"), Some("1500".to_owned()), "the true window stays");
}

#[tokio::test]
async fn a_canned_answer_has_its_own_status_headers_and_body() {
    let (sandbox, uri, _) = ada_with_posts();
    let headers =
        vec![("x-rate-limit-remaining".to_owned(), "39999".to_owned()), ("no name".to_owned(), String::new())];
    sandbox.fail_next(1, Fault::Canned(Canned { status: 403, headers, body: "{\"title\":\"No\"}".to_owned() }));
    let got = get(&sandbox, &uri).await;
    assert_eq!((got.status.as_u16(), got.body), (403, serde_json::json!({"title": "No"})));
    assert_eq!(got.headers["x-rate-limit-remaining"], "39999");
    assert_eq!(got.headers.get("x-rate-limit-limit"), None);
}

#[tokio::test]
async fn a_wrong_end_hides_what_is_left() {
    let (sandbox, ada, hands) = with_ada();
    let posts = post_many(&sandbox, &hands, 8);
    sandbox.fail_next(1, Fault::WrongEnd);
    assert_eq!(ids(&pages(&sandbox, ada, "max_results=5").await), newest_first(&posts[5..]));
    sandbox.fail_next(1, Fault::WrongEmptyEnd);
    let page = get(&sandbox, &format!("/2/users/{ada}/tweets")).await.body;
    assert_eq!(page, serde_json::json!({"meta": {"result_count": 0}}));
}

#[tokio::test]
async fn a_token_can_be_refused_once() {
    let (sandbox, ada, hands) = with_ada();
    let posts = post_many(&sandbox, &hands, 8);
    sandbox.fail_next(1, Fault::TokenExpired);
    let uri = format!("/2/users/{ada}/tweets?max_results=5");
    let first = get(&sandbox, &uri).await.body;
    let next = format!("{uri}&pagination_token={}", first["meta"]["next_token"].as_str().unwrap());
    let refused = get(&sandbox, &next).await;
    assert_eq!((refused.status.as_u16(), &refused.body["title"]), (400, &"Invalid Request".into()));
    assert!(refused.body["errors"][0]["parameters"]["pagination_token"].is_array(), "{}", refused.body);
    assert_eq!(ids(&[get(&sandbox, &next).await.body]), newest_first(&posts[..3]));
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
    for fault in [Fault::Reset, Fault::HeadOnly, Fault::Hangup] {
        sandbox.fail_next(1, fault);
        assert!(raw(&sandbox, &uri).await.2.is_err());
        assert_eq!(get(&sandbox, &uri).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_slow_answer_is_true_in_the_end() {
    let (sandbox, uri, _) = ada_with_posts();
    sandbox.fail_next(1, Fault::Slow(Duration::from_millis(40)));
    let start = tokio::time::Instant::now();
    assert_eq!(get(&sandbox, &uri).await.body["meta"]["result_count"], 5);
    assert!(start.elapsed() >= Duration::from_millis(40));
}

#[tokio::test(start_paused = true)]
async fn a_dripping_answer_is_whole_in_the_end() {
    let (sandbox, uri, _) = ada_with_posts();
    sandbox.fail_next(1, Fault::Drip { pieces: 4, pause: Duration::from_secs(3) });
    let start = tokio::time::Instant::now();
    let mut body = request(&sandbox, &uri, BEARER).await.into_body();
    let mut pieces = Vec::new();
    while let Some(piece) = body.frame().await {
        pieces.push(piece.unwrap().into_data().unwrap());
    }
    assert_eq!((pieces.len(), start.elapsed()), (4, Duration::from_secs(12)));
    let whole: Value = serde_json::from_slice(&pieces.concat()).unwrap();
    assert_eq!(whole["meta"]["result_count"], 5);
}
