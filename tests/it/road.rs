//! The whole road: a post on X becomes a row in the feed, a number on a dashboard, and a page in a partner's frame.

use std::time::Duration;

use amber_sdk::v1::{
    GetDashboardDataRequest, GetHealthRequest, GetMetricsRequest, MediaKind, Post, RunStatus, SentimentLabel,
    TriggerIngestionRequest,
};
use amber_server::sandbox::Draft;
use amber_tests::Backend;
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

use crate::stage::{Stage, on_both_databases, succeeded};

on_both_databases! {
    posts_on_x_become_a_feed_with_all_that_belongs_to_them,
    what_was_read_is_counted_on_the_dashboard_in_its_frame_and_for_operators,
}

const PARTNER: &str = "https://partner.example";
const HINDI: &str = "आज का दिन अच्छा है और सब लोग खुश हैं";

fn long_text() -> String {
    format!("{}The end.", "A wonderful success for everybody & good news. ".repeat(12))
}

/// Two leaders with a picture, a long text and a text in Hindi between them, one post a minute.
async fn read_by_amber(backend: Backend) -> Option<Stage> {
    let stage = Stage::on(backend).await?;
    stage.add("ada").await;
    stage.add("bob").await;
    let drafts = [
        ("ada", Draft::new("I love this great and wonderful day! #Joy").photo(Some("A sunrise"))),
        ("bob", Draft::new("This is a terrible, awful failure. #Joy")),
        ("ada", Draft::new(HINDI)),
        ("bob", Draft::new(long_text())),
    ];
    for (author, draft) in drafts {
        stage.advance(Duration::from_mins(1));
        stage.x.post(author, draft).unwrap();
    }
    let run = stage.run_as(TriggerIngestionRequest::default()).await;
    let counted = succeeded(&run);
    assert_eq!((counted.fetched, counted.inserted, run.leaders_total, run.leaders_done), (4, 4, 2, 2), "{run:?}");
    Some(stage)
}

async fn json_of(stage: &Stage, path: &str) -> Value {
    let answer = stage.server.http.get(stage.server.url(path)).send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK, "{path}");
    answer.json().await.expect("JSON")
}

async fn posts_on_x_become_a_feed_with_all_that_belongs_to_them(backend: Backend) {
    let Some(stage) = read_by_amber(backend).await else { return };
    let posts = stage.stored().await;
    let [long, hindi, sad, happy] = posts.as_slice() else { panic!("{posts:?}") };
    let label = |post: &Post| post.sentiment.as_ref().unwrap().label();

    assert_eq!((long.text.clone(), long.truncated), (long_text(), false));
    assert_eq!((hindi.language.as_str(), hindi.text.as_str()), ("hi", HINDI));
    let unscored = hindi.sentiment.clone().unwrap();
    assert_eq!((unscored.label(), unscored.score), (SentimentLabel::Unscored, None));
    assert_eq!(unscored.unscored_reason, "language");

    assert_eq!([label(happy), label(sad)], [SentimentLabel::Positive, SentimentLabel::Negative]);
    assert!(happy.sentiment.as_ref().unwrap().score.unwrap() > 0.0);
    assert!(sad.sentiment.as_ref().unwrap().score.unwrap() < 0.0);
    assert_eq!(happy.language, "en");
    assert_eq!(happy.hashtags, ["Joy"]);
    let author = happy.author.clone().unwrap();
    assert_eq!((author.handle.as_str(), author.name.as_str(), happy.leader_name.as_str()), ("ada", "ADA", "ADA"));
    assert_eq!(happy.permalink, format!("https://x.com/ada/status/{}", happy.external_id));
    let [photo] = happy.media.as_slice() else { panic!("{happy:?}") };
    assert_eq!((photo.kind(), photo.alt_text.as_deref()), (MediaKind::Photo, Some("A sunrise")));
    assert!(photo.url.starts_with("https://"), "{photo:?}");
    let metrics = happy.metrics.unwrap();
    assert!(metrics.likes.is_some() && metrics.reposts.is_some() && metrics.replies.is_some(), "{metrics:?}");
    let truth = stage.x.posts_of("ada").unwrap();
    assert_eq!(happy.post_time.unwrap().seconds, truth[1].id.posted_at().as_second());

    let feed = json_of(&stage, "/api/feed?source=x").await;
    let listed = feed["posts"].as_array().unwrap();
    let ids: Vec<_> = listed.iter().map(|post| post["id"].as_str().unwrap()).collect();
    assert_eq!(ids, posts.iter().map(|post| post.id.as_str()).collect::<Vec<_>>(), "both list the same in one order");
    assert_eq!(feed["total"], 4);
    let shown = &listed[3];
    assert_eq!(shown["content"], happy.text);
    assert_eq!((&shown["sentiment"], &shown["language"]), (&json!("Positive"), &json!("en")));
    assert_eq!((&shown["author"]["handle"], &shown["permalink"]), (&json!("ada"), &json!(happy.permalink)));
    assert_eq!((&listed[0]["content"], &listed[1]["sentiment"]), (&json!(long_text()), &json!("Unscored")));
}

/// Opens the frame as the browser of a viewer does.
async fn open_frame(stage: &Stage, token: &str) -> Response {
    let request = stage.server.http.post(stage.server.url("/embed/v1/dashboards/main"));
    let form = format!("token={token}");
    let request = request.header("origin", PARTNER).header("sec-fetch-dest", "iframe");
    request.header("content-type", "application/x-www-form-urlencoded").body(form).send().await.expect("an answer")
}

async fn what_was_read_is_counted_on_the_dashboard_in_its_frame_and_for_operators(backend: Backend) {
    let Some(stage) = read_by_amber(backend).await else { return };
    let request = GetDashboardDataRequest { dashboard_id: "main".to_owned(), days: 7 };
    let data = stage.amber.dashboards().get_dashboard_data(request).await.unwrap().into_inner();
    let counts = data.sentiment.unwrap().counts.unwrap();
    assert_eq!((data.total_posts, data.days.len()), (4, 7));
    assert_eq!((counts.positive, counts.negative, counts.unscored), (2, 1, 1), "{counts:?}");
    assert_eq!(data.days.iter().map(|day| day.posts).sum::<i64>(), 4);
    let mut leaders: Vec<_> = data.leaders.iter().map(|row| (row.handle.as_str(), row.posts)).collect();
    leaders.sort_unstable();
    assert_eq!(leaders, [("ada", 2), ("bob", 2)]);
    assert_eq!((data.topics[0].hashtag.to_lowercase().as_str(), data.topics[0].posts), ("joy", 2));

    let ask = json!({"dashboardId": "main", "allowedOrigins": [PARTNER], "userId": "viewer-1"});
    let issue =
        stage.server.http.post(stage.server.url("/api/embed/token")).bearer_auth(stage.server.token("admin").await);
    let issued: Value = issue.json(&ask).send().await.unwrap().json().await.unwrap();
    let token = issued["token"].as_str().unwrap_or_else(|| panic!("{issued}"));
    let frame = open_frame(&stage, token).await;
    assert_eq!(frame.status(), StatusCode::OK);
    let policy = frame.headers()["content-security-policy"].to_str().unwrap().to_owned();
    let ancestors = policy.split(';').map(str::trim).find(|rule| rule.starts_with("frame-ancestors"));
    assert_eq!(ancestors, Some(format!("frame-ancestors {PARTNER}").as_str()));
    let page = frame.text().await.unwrap();
    for shown in ["ADA", "BOB", "joy"] {
        assert!(page.to_lowercase().contains(&shown.to_lowercase()), "{shown} is missing: {page}");
    }
    assert!(!page.contains("terrible"), "the page holds numbers, no posts");
    let again = open_frame(&stage, token).await;
    assert_eq!(again.status(), StatusCode::UNAUTHORIZED);
    assert!(again.text().await.unwrap().contains("TOKEN_REPLAYED"));
    tell_operators(&stage).await;
}

/// Health and metrics in each of their forms.
async fn tell_operators(stage: &Stage) {
    let health = stage.amber.health().get_health(GetHealthRequest {}).await.unwrap().into_inner();
    let counts = health.database.unwrap().counts.unwrap();
    assert_eq!((counts.leaders, counts.posts, health.stats.unwrap().total_ingests), (2, 4, 1));
    let health = json_of(stage, "/api/health").await;
    assert_eq!(health["checks"]["database"]["stats"]["posts"], 4, "{health}");
    assert_eq!((&health["status"], &health["stats"]["totalIngests"]), (&json!("ok"), &json!(1)));

    let request = GetMetricsRequest { include_prometheus_text: true };
    let metrics = stage.amber.metrics().get_metrics(request).await.unwrap().into_inner();
    let snapshot = metrics.snapshot.unwrap();
    assert_eq!((snapshot.ingestion_processed, snapshot.ingestion_failed), (4, 0), "{snapshot:?}");
    assert_eq!((snapshot.embed_token_requested, snapshot.embed_token_validated), (1, 1), "{snapshot:?}");
    let old = json_of(stage, "/api/metrics").await;
    assert_eq!(old["ingest"]["ingestion_processed"], 4, "{old}");
    let request = stage.server.http.get(stage.server.url("/api/metrics")).header("accept", "text/plain");
    let text = request.send().await.unwrap().text().await.unwrap();
    assert!(text.lines().any(|line| line == "ingestion_processed 4"), "{text}");
    assert!(metrics.prometheus_text.contains("amber_"), "{}", metrics.prometheus_text);
    assert_eq!(stage.status().await.last_run.unwrap().status(), RunStatus::Succeeded);
}
