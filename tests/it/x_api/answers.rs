//! Every true answer of the fake is one that X's description allows.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use amber_server::domain::SystemClock;
use amber_server::sandbox::{Allowance, Draft, Exchange, Fault, Options, Sandbox, Twist, UserState};
use amber_tests::{FakeXApi, OpenApi, http_client};
use serde_json::Value;

const ALL: &str = "tweet.fields=attachments,author_id,conversation_id,created_at,edit_controls,entities,lang,note_tweet,\
                   possibly_sensitive,public_metrics,referenced_tweets,reply_settings,withheld\
                   &expansions=author_id,attachments.media_keys,referenced_tweets.id,referenced_tweets.id.author_id,\
                   referenced_tweets.id.attachments.media_keys,entities.mentions.username,edit_history_tweet_ids\
                   &media.fields=url,alt_text,variants,preview_image_url,duration_ms,width,height,media_key,type\
                   &user.fields=created_at,description,location,profile_image_url,protected,public_metrics,verified,\
                   verified_type,url,most_recent_tweet_id";

/// Asks with the right bearer token.
async fn ask(x: &FakeXApi, uri: &str) -> Value {
    let asked = http_client().get(format!("{}{uri}", x.url())).bearer_auth(FakeXApi::bearer()).send().await;
    asked.unwrap().json().await.unwrap()
}

fn ids(answer: &Value) -> Vec<&str> {
    let records = answer["data"].as_array().into_iter().flatten();
    records.map(|record| record["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn all_fields_of_all_kinds_of_posts_are_described() {
    // The fake holds each of its answers against the description.
    let x = FakeXApi::peopled(SystemClock).await;
    let user_fields = ALL.rsplit_once('&').unwrap().1;
    let leaders = Sandbox::demo_leaders();
    let names: Vec<&str> = leaders.iter().map(|leader| leader.handle).chain([Sandbox::ODDITIES, "nobody"]).collect();
    let users = ask(&x, &format!("/2/users/by?usernames={}&{user_fields}", names.join(","))).await;
    assert!(users["data"][0]["public_metrics"]["tweet_count"].as_i64() > Some(100), "{}", users["data"][0]);
    let mut posts = 0;
    for id in ids(&users) {
        ask(&x, &format!("/2/users?ids={id},1&{user_fields}")).await;
        let page = ask(&x, &format!("/2/users/{id}/tweets?max_results=99&{ALL}")).await;
        posts += ids(&page).len();
        let wanted = [ids(&page), vec!["12"]].concat().join(",");
        let found = ask(&x, &format!("/2/tweets?ids={wanted}&{ALL}")).await;
        assert_eq!(ids(&found), ids(&page));
    }
    assert!(posts > 500, "{posts}");
}

#[tokio::test]
async fn a_lookup_of_posts_says_why_it_lacks_some_as_described() {
    let x = FakeXApi::start(SystemClock).await;
    let mut wanted = Vec::new();
    for (name, state) in [
        ("active", UserState::Active),
        ("protected", UserState::Protected),
        ("suspended", UserState::Suspended),
        ("closed", UserState::Deactivated),
    ] {
        x.add_user(name, name).unwrap();
        wanted.push(x.post(name, Draft::new("Here")).unwrap());
        x.set_state(name, state).unwrap();
    }
    wanted.push(x.post("active", "Gone").unwrap());
    x.delete(wanted[4]).unwrap();
    let list = wanted.iter().map(ToString::to_string).collect::<Vec<_>>();
    let answer = ask(&x, &format!("/2/tweets?ids={}&{ALL}", list.join(","))).await;
    assert_eq!(ids(&answer), [&list[0]]);
    let told = |error: &Value| {
        let text = |name: &str| error[name].as_str().unwrap().to_owned();
        assert_eq!(text("resource_id"), text("value"));
        (text("value"), text("type").rsplit('/').next().unwrap().to_owned())
    };
    let told: Vec<(String, String)> = answer["errors"].as_array().unwrap().iter().map(told).collect();
    let refused = "not-authorized-for-resource".to_owned();
    let unknown = "resource-not-found".to_owned();
    let expected = [(1, &refused), (2, &refused), (3, &unknown), (4, &unknown)];
    assert_eq!(told, expected.map(|(place, kind)| (list[place].clone(), kind.clone())));
}

/// A fake after `set`, and what is said to it and by it, which is held against nothing.
async fn overheard(set: impl FnOnce(&mut Options)) -> (FakeXApi, Arc<Mutex<Vec<Exchange>>>) {
    let heard = Arc::<Mutex<Vec<Exchange>>>::default();
    let ear = heard.clone();
    let x = FakeXApi::with(SystemClock, |options| {
        options.tap = Some(Arc::new(move |exchange| ear.lock().unwrap().push(exchange.clone())));
        set(options);
    });
    (x.await, heard)
}

#[tokio::test]
async fn every_refusal_is_described() {
    let Some(openapi) = OpenApi::shared() else {
        eprintln!("skipped: AMBER_TEST_DATA is not set");
        return;
    };
    let (x, heard) = overheard(|options| {
        options.limits.posts = Allowance { requests: 0, window: Duration::from_mins(15) };
    })
    .await;
    let id = x.add_user("Ada", "ada").unwrap();
    x.set_state("ada", UserState::Suspended).unwrap();
    for uri in [
        format!("/2/users/{id}/tweets?max_results=4"),
        format!("/2/users/{id}/tweets?pagination_token=spent"),
        format!("/2/users/{id}/tweets"),
        "/2/tweets?ids=1".to_owned(),
        "/2/nothing".to_owned(),
    ] {
        ask(&x, &uri).await;
    }
    http_client().get(format!("{}/2/tweets?ids=1", x.url())).send().await.unwrap();
    let heard = heard.lock().unwrap().clone();
    let broken: Vec<(u16, Vec<String>)> = heard.iter().map(|e| (e.status, openapi.broken_by(e))).collect();
    let mut expected = [400, 400, 200, 429, 404, 401].map(|status| (status, Vec::new()));
    // These two were asked wrongly on purpose.
    expected[0].1 = vec![format!("GET /2/users/{id}/tweets: max_results is 4, which is out of range")];
    expected[4].1 = vec!["GET /2/nothing: there is no such path".to_owned()];
    assert_eq!(broken, expected);
}

#[tokio::test]
async fn an_answer_that_is_not_described_is_found() {
    let Some(openapi) = OpenApi::shared() else {
        eprintln!("skipped: AMBER_TEST_DATA is not set");
        return;
    };
    let (x, heard) = overheard(|_| ()).await;
    x.add_user("Ada", "ada").unwrap();
    x.fail_next(1, Fault::Twisted(Twist::UnknownFields));
    ask(&x, "/2/users/by?usernames=ada").await;
    let twisted = heard.lock().unwrap()[0].clone();
    assert_eq!(openapi.broken_by(&twisted), [""; 0], "it is known to be twisted");
    let pretended = Exchange { is_true: true, ..twisted };
    assert!(!openapi.broken_by(&pretended).is_empty());
}
