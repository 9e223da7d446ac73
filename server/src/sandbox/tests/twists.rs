//! True answers in other words.

use super::*;

const FIELDS: &str = "tweet.fields=created_at,public_metrics,note_tweet,referenced_tweets,reply_settings\
                      &expansions=author_id,attachments.media_keys,referenced_tweets.id&user.fields=public_metrics";

/// The same page, straight and with `fault`.
async fn straight_and_with(fault: Fault) -> (Value, Value) {
    let (sandbox, ada, hands) = with_ada();
    let original = sandbox.post("ada", Draft::new("x".repeat(300)).photo(None)).unwrap();
    for reference in [Reference::Retweeted, Reference::Quoted] {
        hands.forward(Duration::from_mins(1));
        sandbox.post("ada", Draft::new("Look").about(reference, original)).unwrap();
    }
    let uri = format!("/2/users/{ada}/tweets?{FIELDS}");
    let straight = get(&sandbox, &uri).await.body;
    sandbox.fail_next(1, fault);
    (straight, get(&sandbox, &uri).await.body)
}

async fn twisted(twist: Twist) -> (Value, Value) {
    straight_and_with(Fault::Twisted(twist)).await
}

#[tokio::test]
async fn numbers_become_strings() {
    let (straight, twisted) = twisted(Twist::NumbersAsStrings).await;
    assert_eq!((&straight["meta"]["result_count"], &twisted["meta"]["result_count"]), (&3.into(), &"3".into()));
    let followers = |page: &Value| page["includes"]["users"][0]["public_metrics"]["followers_count"].clone();
    assert_eq!(followers(&twisted), followers(&straight).to_string());
    assert_eq!(twisted["data"][0]["text"], straight["data"][0]["text"]);
}

#[tokio::test]
async fn unknown_members_are_everywhere() {
    let (straight, twisted) = twisted(Twist::UnknownFields).await;
    for place in ["", "/meta", "/data/1", "/data/1/public_metrics", "/includes/users/0"] {
        let (was, is) = (keys(straight.pointer(place).unwrap()), keys(twisted.pointer(place).unwrap()));
        assert_eq!(is.difference(&was).copied().collect::<Vec<_>>(), ["x_sandbox_new"], "{place}");
    }
}

#[tokio::test]
async fn kinds_are_unknown_but_reposts_stay_reposts() {
    let (_, twisted) = twisted(Twist::UnknownEnums).await;
    let kind = |place: &str| twisted.pointer(place).unwrap().as_str().unwrap().to_owned();
    assert_eq!(kind("/data/0/referenced_tweets/0/type"), "hologram");
    assert_eq!(kind("/data/1/referenced_tweets/0/type"), "retweeted");
    assert_eq!(kind("/includes/media/0/type"), "hologram");
    assert_eq!(kind("/data/0/reply_settings"), "only_on_sundays");
}

#[tokio::test]
async fn unknown_problems_stand_beside_the_true_ones_under_another_host() {
    let (straight, page) = twisted(Twist::UnknownProblems).await;
    assert_eq!((straight.get("errors"), page["errors"].as_array().unwrap().len()), (None, 1));
    assert_eq!(page["data"], straight["data"]);
    let (sandbox, _, _) = with_ada();
    sandbox.fail_next(1, Fault::Twisted(Twist::UnknownProblems));
    let body = get(&sandbox, "/2/users/by?usernames=nobody").await.body;
    let kinds: Vec<&str> =
        body["errors"].as_array().unwrap().iter().map(|error| error["type"].as_str().unwrap()).collect();
    let host = "https://problems.x.example/v3";
    assert_eq!(kinds, [format!("{host}/resource-not-found"), format!("{host}/never-heard-of")]);
}

#[tokio::test]
async fn the_request_decides_the_spelling_of_the_answer() {
    let (straight, _) = twisted(Twist::PostNames).await;
    let (sandbox, ada, hands) = with_ada();
    let original = sandbox.post("ada", Draft::new("x".repeat(300)).photo(None)).unwrap();
    for reference in [Reference::Retweeted, Reference::Quoted] {
        hands.forward(Duration::from_mins(1));
        sandbox.post("ada", Draft::new("Look").about(reference, original)).unwrap();
    }
    let newer = FIELDS.replace("tweet", "post");
    let page = get(&sandbox, &format!("/2/users/{ada}/tweets?{newer}")).await.body;
    let (was, is) = (&straight["data"][2], &page["data"][2]);
    assert_eq!((&is["note_post"], is.get("note_tweet")), (&was["note_tweet"], None));
    assert_eq!(is["edit_history_post_ids"], was["edit_history_tweet_ids"]);
    assert_eq!(is["public_metrics"]["repost_count"], was["public_metrics"]["retweet_count"]);
    assert_eq!(page["data"][1]["referenced_posts"][0]["type"], "reposted");
    assert_eq!(page["includes"]["posts"][0]["id"], original.to_string());
    assert_eq!(page["includes"]["users"][0]["public_metrics"]["post_count"], 3);
    assert!(!page.to_string().contains("tweet"), "{page}");
}

#[tokio::test]
async fn names_can_be_newer_or_mixed_whatever_was_asked() {
    let (straight, newer) = twisted(Twist::PostNames).await;
    let (_, mixed) = twisted(Twist::MixedNames).await;
    let count = |page: &Value, name: &str| page.to_string().matches(name).count();
    let all = count(&straight, "edit_history_tweet_ids");
    assert_eq!((count(&newer, "tweet"), count(&newer, "edit_history_post_ids")), (0, all));
    let (older, new) = (count(&mixed, "edit_history_tweet_ids"), count(&mixed, "edit_history_post_ids"));
    assert!(older > 0 && new > 0 && older + new == all, "{older} + {new} of {all}");
}

#[tokio::test]
async fn one_time_is_an_hour_from_what_the_id_says() {
    let (straight, twisted) = twisted(Twist::WrongTime).await;
    let time = |page: &Value, index: usize| page["data"][index]["created_at"].as_str().unwrap().parse().unwrap();
    let moved: Vec<i64> = (0..3)
        .map(|n| {
            let was: Timestamp = time(&straight, n);
            time(&twisted, n).duration_since(was).as_secs()
        })
        .collect();
    assert_eq!(moved, [0, 3_600, 0]);
}
