//! Stored posts are looked up again: counts are renewed, and what is gone from X goes from here within a day.

use std::time::Duration;

use amber_sdk::v1::Post;
use amber_server::sandbox::{Draft, Fault, PostId, Reference, UserState};
use amber_tests::{Backend, Builder};
use tokio::time::{sleep, timeout};

use crate::stage::{PATIENCE, Stage, on_both_databases, succeeded};

on_both_databases! {
    what_is_gone_from_x_goes_from_here_and_does_not_come_back,
    counts_are_renewed_long_after_a_post_was_read,
    the_posts_of_an_account_that_is_closed_go_with_it,
    a_repost_is_looked_up_without_its_original_and_keeps_its_text,
    an_answer_that_says_nothing_deletes_nothing,
    a_limited_lookup_waits_and_keeps_no_run_from_its_posts,
    nobody_looks_again_when_it_is_switched_off,
}

/// The job looks at its clock once a second: after this time it has seen what there is to see.
const TWO_LOOKS: Duration = Duration::from_millis(2_200);
/// Without chance, a new post is asked for after half a day.
const HALF_DAY: Duration = Duration::from_hours(12);
const DAY: Duration = Duration::from_hours(24);

/// A schedule that is never due in a test, so that posts are read when the test says so.
async fn stage(backend: Backend) -> Option<Stage> {
    stage_with(backend, |builder| builder).await
}

async fn stage_with(backend: Backend, set: impl FnOnce(Builder) -> Builder) -> Option<Stage> {
    let scheduled = |builder: Builder| {
        set(builder.env("X_INGEST_ENABLED", "true").env("X_INGEST_CRON", "0 0 29 2 *").env("X_INGEST_LIMIT", "300"))
    };
    let stage = Stage::with(backend, scheduled).await?;
    stage.runs_are(1).await;
    Some(stage)
}

/// The lookups of posts that X has seen.
fn lookups(stage: &Stage) -> Vec<String> {
    let requests = stage.x.requests().into_iter().filter(|request| request.path == "/2/tweets");
    requests.map(|request| request.query).collect()
}

async fn lookups_are(stage: &Stage, count: usize) {
    let reached = async {
        while lookups(stage).len() < count {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, reached).await.unwrap_or_else(|_| panic!("X saw {:?}", lookups(stage)));
    assert_eq!(lookups(stage).len(), count);
}

/// Waits until so many posts have had that outcome, and gives what is stored then.
async fn checked(stage: &Stage, outcome: &str, count: usize) -> Vec<Post> {
    let sample = format!("amber_recheck_posts_total{{outcome=\"{outcome}\"}}");
    let reached = async {
        while metric(stage, &sample).await != count.to_string() {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, reached).await.unwrap_or_else(|_| panic!("not {count} {outcome}; X saw {:?}", lookups(stage)));
    stage.stored().await
}

async fn metric(stage: &Stage, sample: &str) -> String {
    let text = stage.server.http.get(stage.server.url("/metrics")).send().await.unwrap().text().await.unwrap();
    let found = text.lines().find_map(|line| line.strip_prefix(sample)).map(|value| value.trim().to_owned());
    found.unwrap_or_else(|| panic!("{sample} is not in {text}"))
}

async fn deleted(stage: &Stage, reason: &str) -> String {
    metric(stage, &format!("amber_recheck_deleted_total{{reason=\"{reason}\"}}")).await
}

fn has(posts: &[Post], id: PostId) -> bool {
    posts.iter().any(|post| post.external_id == id.to_string())
}

async fn what_is_gone_from_x_goes_from_here_and_does_not_come_back(backend: Backend) {
    let Some(stage) = stage(backend).await else { return };
    stage.add("ada").await;
    let written = stage.write("ada", 130);
    assert_eq!(succeeded(&stage.run().await).inserted, 130);
    for id in &written[..4] {
        stage.x.delete(*id).unwrap();
    }
    stage.advance(HALF_DAY);
    lookups_are(&stage, 1).await;
    // The second hundred is asked for after a pause.
    stage.advance(Duration::from_secs(3));
    checked(&stage, "unchanged", 126).await;
    let left = checked(&stage, "deleted", 4).await;
    assert!(written[..4].iter().all(|id| !has(&left, *id)));
    assert_eq!(lookups(&stage).len(), 2, "{:?}", lookups(&stage));
    stage.assert_complete(&["ada"]).await;
    assert_eq!(deleted(&stage, "not_found").await, "4");

    assert_eq!(succeeded(&stage.run().await).inserted, 0);
    stage.assert_complete(&["ada"]).await;
}

async fn counts_are_renewed_long_after_a_post_was_read(backend: Backend) {
    let Some(mut stage) = stage(backend).await else { return };
    stage.add("ada").await;
    let written = stage.write("ada", 2);
    succeeded(&stage.run().await);
    let likes = |posts: &[Post]| posts[0].metrics.as_ref().and_then(|metrics| metrics.likes);
    let before = likes(&stage.stored().await);
    stage.advance(HALF_DAY);
    let after = checked(&stage, "unchanged", 2).await;
    assert!(likes(&after) > before);
    assert!(has(&after, written[0]) && has(&after, written[1]));
    stage.advance(DAY);
    stage.amber = stage.server.sdk_as_admin().await;
    assert!(likes(&checked(&stage, "unchanged", 4).await) > likes(&after));
    assert_eq!(lookups(&stage).len(), 2, "each post is asked for once a day");
}

async fn the_posts_of_an_account_that_is_closed_go_with_it(backend: Backend) {
    let Some(stage) = stage(backend).await else { return };
    for handle in ["ada", "locked", "gone"] {
        stage.add(handle).await;
        stage.write(handle, 2);
    }
    succeeded(&stage.run().await);
    stage.x.set_state("locked", UserState::Protected).unwrap();
    stage.x.set_state("gone", UserState::Deactivated).unwrap();
    stage.advance(HALF_DAY);
    assert_eq!(checked(&stage, "deleted", 4).await.len(), 2);
    stage.assert_complete(&["ada"]).await;
    assert_eq!((deleted(&stage, "not_authorized").await, deleted(&stage, "not_found").await), ("2".into(), "2".into()));
}

async fn a_repost_is_looked_up_without_its_original_and_keeps_its_text(backend: Backend) {
    let Some(stage) = stage(backend).await else { return };
    stage.add("ada").await;
    stage.x.add_user("Bob", "bob").unwrap();
    let words = "A word of Bob. ".repeat(16);
    let original = stage.x.post("bob", words.trim()).unwrap();
    stage.x.post("ada", Draft::new("").about(Reference::Retweeted, original)).unwrap();
    stage.advance(Duration::from_mins(1));
    stage.x.post("ada", Draft::new("Read this.").about(Reference::Quoted, original)).unwrap();
    succeeded(&stage.run().await);
    let reads = async || stage.status().await.usage.expect("it is counted").posts_this_month;
    let (before, read) = (stage.stored().await, reads().await);
    assert!(before[1].text.ends_with(words.trim()), "{before:?}");
    stage.advance(HALF_DAY);
    let after = checked(&stage, "unchanged", 2).await;
    assert_eq!(
        after.iter().map(|post| &post.text).collect::<Vec<_>>(),
        before.iter().map(|post| &post.text).collect::<Vec<_>>()
    );
    assert_eq!(reads().await - read, 2, "what they refer to is not asked for");
}

async fn an_answer_that_says_nothing_deletes_nothing(backend: Backend) {
    let Some(stage) = stage(backend).await else { return };
    stage.add("ada").await;
    let repeated = stage.write("ada", 1)[0];
    stage.x.post("ada", Draft::new("Read this.").about(Reference::Quoted, repeated)).unwrap();
    succeeded(&stage.run().await);
    let before = stage.stored().await;
    let oddities = [
        (200, "{}"),
        (200, r#"{"errors":[{"title":"Internal","detail":"try again","type":"about:blank"}]}"#),
        (401, r#"{"title":"Unauthorized"}"#),
    ];
    for (at, (status, body)) in oddities.into_iter().enumerate() {
        stage.x.fail_next(1, Fault::Status(status, body.to_owned()));
        stage.advance(if at == 0 { HALF_DAY } else { Duration::from_hours(2) });
        lookups_are(&stage, at + 1).await;
        sleep(TWO_LOOKS).await;
        assert_eq!(stage.stored().await, before, "{status} {body}");
    }
    stage.x.delete(repeated).unwrap();
    stage.advance(Duration::from_hours(2));
    assert_eq!(checked(&stage, "deleted", 1).await.len(), 1);
}

async fn a_limited_lookup_waits_and_keeps_no_run_from_its_posts(backend: Backend) {
    let Some(stage) = stage(backend).await else { return };
    stage.add("ada").await;
    let written = stage.write("ada", 2);
    succeeded(&stage.run().await);
    stage.x.delete(written[0]).unwrap();
    stage.x.fail_next(1, Fault::RateLimited { retry_after: Some(Duration::from_mins(10)), reset: None });
    stage.advance(HALF_DAY);
    lookups_are(&stage, 1).await;
    stage.advance(Duration::from_mins(9));
    sleep(TWO_LOOKS).await;
    lookups_are(&stage, 1).await;
    stage.write("ada", 2);
    assert_eq!(succeeded(&stage.run().await).inserted, 2, "timelines are read meanwhile");
    stage.advance(Duration::from_mins(30));
    assert!(!has(&checked(&stage, "deleted", 1).await, written[0]));
    stage.assert_complete(&["ada"]).await;
}

async fn nobody_looks_again_when_it_is_switched_off(backend: Backend) {
    let Some(stage) = stage_with(backend, |builder| builder.env("X_RECHECK_HOURS", "0")).await else { return };
    stage.add("ada").await;
    stage.write("ada", 2);
    succeeded(&stage.run().await);
    stage.advance(Duration::from_hours(20));
    sleep(TWO_LOOKS).await;
    lookups_are(&stage, 0).await;
}
