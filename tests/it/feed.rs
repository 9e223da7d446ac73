//! The feed as its readers meet it: filters, single posts, trends, tones, and posts that are told as they come.

use std::collections::BTreeSet;
use std::time::Duration;

use amber_sdk::v1::{
    AnalyzeSentimentRequest, ErrorReason, GetPostRequest, GetSentimentTrendRequest, ListPostsRequest, Post,
    SentimentLabel, WatchPostsRequest, WatchPostsResponse,
};
use amber_sdk::{Amber, Options, RetryPolicy};
use amber_tests::{Backend, TestServer};
use futures::TryStreamExt;
use futures::future::join_all;
use serde_json::json;
use tokio::time::{Instant, timeout};
use tonic::{Code, Streaming};

use crate::stage::{PATIENCE, Stage, on_both_databases, succeeded};
use crate::wire::{Answer, reason_of};

on_both_databases! {
    every_filter_leaves_what_it_names,
    one_post_is_answered_by_both_adapters,
    a_trend_counts_every_day_of_all_or_of_each,
    posts_are_told_as_they_come_at_every_replica_and_each_once,
    a_watch_goes_on_where_it_ended,
    a_watch_ends_with_its_server_and_says_where_to_go_on,
}

/// Two leaders whose posts differ in tone, language and time.
async fn fill(stage: &Stage) -> (String, String) {
    let (asha, ravi) = (stage.add("asha").await, stage.add("ravi").await);
    for (handle, text) in [
        ("asha", "I love this great progress"),
        ("asha", "This is a terrible disaster"),
        ("asha", "आज नई दिल्ली में किसानों के साथ बैठक की और नई योजना की घोषणा की"),
        ("ravi", "The meeting is on Monday"),
        ("ravi", "We love and celebrate this wonderful day"),
    ] {
        stage.advance(Duration::from_mins(10));
        stage.x.post(handle, text.to_owned()).expect("the account exists");
    }
    succeeded(&stage.run().await);
    (asha, ravi)
}

async fn texts(amber: &Amber, request: ListPostsRequest) -> Vec<String> {
    amber.posts(request).map_ok(|post| post.text).try_collect().await.expect("the feed is readable")
}

async fn every_filter_leaves_what_it_names(backend: Backend) {
    let Some(stage) = Stage::on(backend).await else { return };
    let (_, ravi) = fill(&stage).await;
    let all = stage.stored().await;
    let third = all[2].post_time;
    let sentiments = |label: SentimentLabel| ListPostsRequest { sentiments: vec![label.into()], ..Default::default() };
    let cases = [
        (sentiments(SentimentLabel::Negative), 1),
        (sentiments(SentimentLabel::Positive), 2),
        (sentiments(SentimentLabel::Unscored), 1),
        (ListPostsRequest { languages: vec!["HI".into()], ..Default::default() }, 1),
        (ListPostsRequest { languages: vec!["en".into(), "hi".into()], ..Default::default() }, 5),
        (ListPostsRequest { text: "LOVE".into(), ..Default::default() }, 2),
        (ListPostsRequest { text: "LOVE".into(), leader_ids: vec![ravi], ..Default::default() }, 1),
        (ListPostsRequest { text: "किसानों".into(), ..Default::default() }, 1),
        (ListPostsRequest { text: "%".into(), ..Default::default() }, 0),
        (ListPostsRequest { since: third, ..Default::default() }, 3),
        (ListPostsRequest { until: third, ..Default::default() }, 2),
    ];
    for (request, count) in cases {
        assert_eq!(texts(&stage.amber, request.clone()).await.len(), count, "{request:?}");
        let page = stage.amber.feed().list_posts(request).await.unwrap().into_inner();
        assert!(page.total_size_unknown && page.total_size == 0 && !page.watch_token.is_empty());
    }
    for (query, count) in [
        ("sentiment=Positive,negative", 3),
        ("language=hi", 1),
        ("text=LOVE", 2),
        ("since=2000-01-01T00:00:00Z&until=2001-01-01T00:00:00Z", 0),
        ("source=x", 5),
    ] {
        let answer = Answer::to(stage.server.http.get(stage.server.url(&format!("/api/feed?{query}")))).await.json();
        assert_eq!(answer["posts"].as_array().unwrap().len(), count, "{query}: {answer}");
        assert_eq!(answer["total"].is_null(), query != "source=x", "{query}");
    }
    let numbered = stage.server.http.get(stage.server.url("/api/feed?text=love&page=2"));
    assert_eq!(Answer::to(numbered).await.status, 400, "only the first page has a number");
}

async fn one_post_is_answered_by_both_adapters(backend: Backend) {
    let Some(stage) = Stage::on(backend).await else { return };
    let (asha, _) = fill(&stage).await;
    let listed = stage.stored().await.remove(0);
    let asked = GetPostRequest { post_id: listed.id.clone() };
    let post = stage.amber.feed().get_post(asked).await.unwrap().into_inner().post.unwrap();
    assert_eq!(post, listed);

    let ask = async |path: &str| Answer::to(stage.server.http.get(stage.server.url(path))).await;
    let feed = ask("/api/feed").await.json();
    assert_eq!(ask(&format!("/api/posts/{}", post.id)).await.json(), feed["posts"][0]);
    assert_eq!(ask("/api/posts/nope").await.status, 404);
    assert_eq!(ask("/api/posts").await.json(), feed["posts"]);
    let of_asha = ask(&format!("/api/posts?leaderId={asha}")).await.json();
    assert_eq!(of_asha.as_array().unwrap().len(), 3);
    // The old way to go on, and ours.
    let first = ask("/api/posts/paginated?limit=2").await.json();
    assert_eq!((first["items"].as_array().unwrap().len(), &first["hasMore"]), (2, &json!(true)));
    let cursor = first["nextCursor"].as_str().unwrap();
    let rest = ask(&format!("/api/posts/paginated?before={cursor}")).await.json();
    assert_eq!((rest["items"].as_array().unwrap().len(), &rest["hasMore"]), (3, &json!(false)));
    let instant = first["items"][1]["timestamp"].as_str().unwrap();
    assert_eq!(ask(&format!("/api/posts/paginated?before={instant}")).await.json(), rest);
}

async fn a_trend_counts_every_day_of_all_or_of_each(backend: Backend) {
    let Some(stage) = Stage::on(backend).await else { return };
    let (asha, ravi) = fill(&stage).await;
    let ask = async |request| stage.amber.feed().get_sentiment_trend(request).await.unwrap().into_inner().trends;
    let whole = ask(GetSentimentTrendRequest { days: 3, ..Default::default() }).await;
    assert_eq!((whole.len(), whole[0].leader_id.as_str(), whole[0].days.len()), (1, "", 3));
    let counts = whole[0].days.iter().filter_map(|day| day.sentiment.as_ref());
    let sum = counts.fold((0, 0, 0, 0), |sum, day| {
        (sum.0 + day.positive, sum.1 + day.neutral, sum.2 + day.negative, sum.3 + day.unscored)
    });
    assert_eq!(sum, (2, 1, 1, 1));
    assert!(whole[0].days.windows(2).all(|pair| pair[0].date < pair[1].date));

    let nobody = "00000000-0000-4000-8000-000000000000".to_owned();
    let leader_ids = vec![ravi.clone(), nobody, asha.clone()];
    let each = ask(GetSentimentTrendRequest { leader_ids, per_leader: true, ..Default::default() }).await;
    let of: Vec<_> = each.iter().map(|trend| trend.leader_id.as_str()).collect();
    assert_eq!(of, [ravi.as_str(), asha.as_str()], "in the order of the request, without those whom nobody knows");
    let posts: Vec<i64> = each.iter().map(|trend| trend.days.iter().map(|day| day.posts).sum()).collect();
    assert_eq!((posts, each[0].days.len()), (vec![2, 3], 30));
}

async fn open(amber: &Amber, request: WatchPostsRequest) -> Streaming<WatchPostsResponse> {
    let mut watch = amber.feed().watch_posts(request).await.expect("the watch is open").into_inner();
    let first = timeout(PATIENCE, watch.message()).await.expect("it comes at once").unwrap().unwrap();
    assert!(first.post.is_none() && !first.resume_token.is_empty(), "{first:?}");
    watch
}

/// The next `count` posts.
async fn told(watch: &mut Streaming<WatchPostsResponse>, count: usize) -> Vec<(Post, String)> {
    let mut posts = Vec::new();
    while posts.len() < count {
        let message = timeout(PATIENCE, watch.message()).await.expect("a post comes").unwrap().expect("no end");
        posts.extend(message.post.map(|post| (post, message.resume_token)));
    }
    posts
}

async fn posts_are_told_as_they_come_at_every_replica_and_each_once(backend: Backend) {
    // One process alone opens a file of SQLite, so there the second reader is at the same one.
    let Some(stage) = Stage::on(backend).await else { return };
    let (asha, _) = fill(&stage).await;
    let other = if backend == Backend::Postgres { Some(stage.server.twin().start().await) } else { None };
    let elsewhere = match &other {
        Some(other) => other.sdk().await,
        None => stage.server.sdk().await,
    };
    let mut here = open(&stage.server.sdk().await, WatchPostsRequest::default()).await;
    let mut there = open(&elsewhere, WatchPostsRequest::default()).await;
    let only_asha = WatchPostsRequest { leader_ids: vec![asha], text: "NUMBER 3".into(), ..Default::default() };
    let mut some = open(&elsewhere, only_asha).await;

    stage.write("asha", 5);
    stage.write("ravi", 4);
    succeeded(&stage.run().await);
    let expected: BTreeSet<_> = stage.stored().await.into_iter().take(9).map(|post| post.id).collect();
    for watch in [&mut here, &mut there] {
        let posts = told(watch, 9).await;
        let ids: BTreeSet<_> = posts.iter().map(|(post, _)| post.id.clone()).collect();
        assert_eq!(ids, expected, "each post once, and none of before");
    }
    let (fitting, _) = told(&mut some, 1).await.remove(0);
    assert_eq!(fitting.text, "asha writes number 3.");
}

async fn a_watch_goes_on_where_it_ended(backend: Backend) {
    let Some(stage) = Stage::on(backend).await else { return };
    fill(&stage).await;
    let amber = stage.server.sdk().await;
    let list = amber.feed().list_posts(ListPostsRequest::default()).await.unwrap().into_inner();
    stage.write("asha", 6);
    succeeded(&stage.run().await);
    let after = |resume_token: String| WatchPostsRequest { resume_token, ..Default::default() };
    let mut met = Vec::new();
    let mut token = list.watch_token;
    for _ in 0..3 {
        let mut watch = open(&amber, after(token.clone())).await;
        let mut posts = told(&mut watch, 2).await;
        token.clone_from(&posts[1].1);
        met.extend(posts.drain(..).map(|(post, _)| post.text));
    }
    let expected: Vec<_> = (0..6).map(|n| format!("asha writes number {n}.")).collect();
    assert_eq!(met, expected, "nothing between the list and the watch is lost, and nothing is told twice");

    // What is forgotten is told as such.
    stage.advance(Duration::from_hours(24 * 30));
    let beyond = amber.feed().watch_posts(after(beyond_the_end())).await.unwrap().into_inner().message().await;
    let refusal = reason_of(&beyond.expect_err("nothing has that place"), "a token of the future");
    assert_eq!(refusal, (Code::OutOfRange, ErrorReason::ResumeTokenExpired));
}

/// A token as another database may have given it.
fn beyond_the_end() -> String {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(b"\x02arrival 999999")
}

async fn a_watch_ends_with_its_server_and_says_where_to_go_on(backend: Backend) {
    let Some(stage) = Stage::on(backend).await else { return };
    fill(&stage).await;
    let mut watch = open(&stage.server.sdk().await, WatchPostsRequest::default()).await;
    let started = Instant::now();
    stage.server.stop().await;
    let refusal = timeout(PATIENCE, watch.message()).await.expect("it ends").expect_err("with its server");
    assert_eq!(reason_of(&refusal, "the end"), (Code::Unavailable, ErrorReason::ShuttingDown));
    assert!(started.elapsed() < Duration::from_secs(8), "nobody holds the server: {:?}", started.elapsed());
}

#[tokio::test]
async fn a_quiet_watch_is_kept_open() {
    let server = TestServer::start().await;
    let mut watch = open(&server.sdk().await, WatchPostsRequest::default()).await;
    let started = Instant::now();
    let beat = timeout(PATIENCE, watch.message()).await.expect("something comes").unwrap().expect("no end");
    assert!(beat.post.is_none() && !beat.resume_token.is_empty());
    assert!((12..30).contains(&started.elapsed().as_secs()), "{:?}", started.elapsed());
}

#[tokio::test]
async fn tones_are_told_by_both_adapters() {
    let server = TestServer::start().await;
    let texts = ["I love this great progress", "This is a terrible disaster", "नमस्ते, यह बहुत अच्छा है", ""];
    let asked = AnalyzeSentimentRequest { texts: texts.map(str::to_owned).into() };
    let told = server.sdk().await.feed().analyze_sentiment(asked).await.unwrap().into_inner().analyses;
    let labels: Vec<_> = told.iter().map(|found| found.sentiment.as_ref().unwrap().label()).collect();
    let (positive, negative) = (SentimentLabel::Positive, SentimentLabel::Negative);
    assert_eq!(labels, [positive, negative, SentimentLabel::Unscored, SentimentLabel::Unscored]);
    assert_eq!((told[0].language.as_str(), told[2].language.as_str()), ("en", "hi"));

    let batch = server.http.post(server.url("/api/sentiment/batch")).json(&json!({ "texts": ["great", null] }));
    let answer = Answer::to(batch).await.json();
    assert_eq!(answer["results"][0]["score"], json!(0.6249));
    assert_eq!(answer["results"][1]["text"], json!(null));
    for body in [json!({ "texts": "x" }), json!({ "texts": [1] }), json!({ "texts": vec!["x"; 101] })] {
        let refused = Answer::to(server.http.post(server.url("/api/sentiment/batch")).json(&body)).await;
        assert_eq!(refused.status, 400, "{body}");
    }
}

#[tokio::test]
async fn the_sdk_follows_posts_over_every_cut() {
    let Some(stage) = Stage::on(Backend::Sqlite).await else { return };
    stage.add("asha").await;
    let flaky = amber_tests::Flaky::in_front_of(stage.server.address());
    let patient = RetryPolicy { attempts: 50, longest_backoff: Duration::from_millis(200), ..RetryPolicy::default() };
    let options = Options::new(format!("http://{}", flaky.address())).retry(patient);
    let amber = Amber::connect(options).await.expect("the server listens");
    let list = amber.feed().list_posts(ListPostsRequest::default()).await.unwrap().into_inner();
    let after = WatchPostsRequest { resume_token: list.watch_token, ..Default::default() };
    let mut posts = std::pin::pin!(amber.watch_posts(after));
    for round in 0..3 {
        stage.write("asha", 2);
        succeeded(&stage.run().await);
        for _ in 0..2 {
            let new = timeout(PATIENCE, posts.try_next()).await.expect("it comes").expect("no end").unwrap();
            assert!(new.post.text.starts_with("asha writes"), "round {round}");
        }
        flaky.cut().await;
        flaky.heal().await;
    }
}

#[tokio::test]
async fn one_caller_cannot_take_the_places_of_all_who_follow() {
    let builder = TestServer::on(Backend::Sqlite).await.expect("SQLite is always there");
    let server = builder.env("TRUSTED_PROXY_CIDRS", "127.0.0.1/32").start().await;
    let amber = server.sdk().await;
    let watch = async |address: &str| {
        let mut call = tonic::Request::new(WatchPostsRequest::default());
        call.metadata_mut().insert("x-forwarded-for", address.parse().expect("ASCII"));
        amber.feed().watch_posts(call).await
    };
    let asked = join_all((0..201).map(|_| watch("192.0.2.1"))).await;
    let (open, refused): (Vec<_>, Vec<_>) = asked.into_iter().partition(Result::is_ok);
    assert_eq!((open.len(), refused.len()), (200, 1));
    for refusal in refused.into_iter().filter_map(Result::err) {
        assert_eq!(reason_of(&refusal, "one more"), (Code::ResourceExhausted, ErrorReason::TooManyWatchers));
    }
    watch("198.51.100.1").await.expect("others have places left");
}
