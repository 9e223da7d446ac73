//! Fields, texts, entities and what is included beside the data.

use super::*;

async fn first_post(sandbox: &Sandbox, user: UserId, query: &str) -> Value {
    get(sandbox, &format!("/2/users/{user}/tweets?{query}")).await.body
}

/// The code points of `text` from `start` to `end`, exclusive.
fn part(text: &Value, entity: &Value) -> String {
    let (start, end) = (entity["start"].as_u64().unwrap(), entity["end"].as_u64().unwrap());
    let length = usize::try_from(end - start).unwrap();
    text.as_str().unwrap().chars().skip(usize::try_from(start).unwrap()).take(length).collect()
}

#[tokio::test]
async fn fields_appear_only_when_they_are_asked_for() {
    let (sandbox, ada, hands) = with_ada();
    sandbox.post("ada", Draft::new("All of it #tag").photo(Some("alt"))).unwrap();
    hands.forward(Duration::from_hours(2));
    let default = BTreeSet::from(["edit_history_tweet_ids", "id", "text"]);
    let plain = first_post(&sandbox, ada, "max_results=5").await;
    assert_eq!((keys(&plain["data"][0]), keys(&plain)), (default, BTreeSet::from(["data", "meta"])));
    let asked = first_post(&sandbox, ada, "tweet.fields=created_at,lang,public_metrics,note_tweet").await;
    let with_three = BTreeSet::from(["created_at", "edit_history_tweet_ids", "id", "lang", "public_metrics", "text"]);
    assert_eq!(keys(&asked["data"][0]), with_three);
    let expanded = first_post(&sandbox, ada, "expansions=author_id,attachments.media_keys&user.fields=verified").await;
    assert_eq!(keys(&expanded["includes"]), BTreeSet::from(["media", "users"]));
    assert_eq!(keys(&expanded["includes"]["media"][0]), BTreeSet::from(["media_key", "type"]));
    assert_eq!(keys(&expanded["includes"]["users"][0]), BTreeSet::from(["id", "name", "username", "verified"]));
    assert_eq!(expanded["data"][0]["attachments"]["media_keys"][0], expanded["includes"]["media"][0]["media_key"]);
}

#[tokio::test]
async fn the_time_in_the_id_is_the_time_of_posting() {
    let (sandbox, ada, hands) = with_ada();
    let posts = post_many(&sandbox, &hands, 3);
    let body = first_post(&sandbox, ada, "tweet.fields=created_at").await;
    for (post, id) in body["data"].as_array().unwrap().iter().zip(posts.iter().rev()) {
        let number: i64 = post["id"].as_str().unwrap().parse().unwrap();
        let created: Timestamp = post["created_at"].as_str().unwrap().parse().unwrap();
        assert_eq!((number >> 22) + 1_288_834_974_657, created.as_millisecond() + 250);
        assert_eq!(id.posted_at().as_second(), created.as_second());
    }
    assert_eq!(body["data"][2]["created_at"], "2026-01-15T12:01:00.000Z");
}

#[tokio::test]
async fn a_long_post_is_cut_and_its_note_has_it_all() {
    let (sandbox, ada, _) = with_ada();
    let typed = format!("{} #जलसंरक्षण, & #EndTag", "five < six & ".repeat(30));
    sandbox.post("ada", typed.as_str()).unwrap();
    sandbox.post("ada", "x".repeat(280)).unwrap();
    let body = first_post(&sandbox, ada, "tweet.fields=note_tweet,entities").await;
    let (short, long) = (&body["data"][0], &body["data"][1]);
    assert_eq!((short.get("note_tweet"), short["text"].as_str().unwrap().len()), (None, 280));
    let note = &long["note_tweet"];
    assert_eq!(note["text"], typed.replace('&', "&amp;").replace('<', "&lt;"));
    let tags: Vec<String> =
        note["entities"]["hashtags"].as_array().unwrap().iter().map(|tag| part(&note["text"], tag)).collect();
    assert_eq!(tags, ["#जलसंरक्षण", "#EndTag"]);
    assert_eq!(note["entities"]["hashtags"][0]["tag"], "जलसंरक्षण");
    let text = long["text"].as_str().unwrap();
    assert!(text.contains("… https://t.co/") && text.starts_with("five &lt; six &amp; five"), "{text}");
    assert_eq!(part(&long["text"], &long["entities"]["urls"][0]), long["entities"]["urls"][0]["url"].as_str().unwrap());
}

#[tokio::test]
async fn a_retweet_is_cut_and_the_original_is_included_whole() {
    let (sandbox, ada, hands) = with_ada();
    let bob = sandbox.add_user("Bob", "bob").unwrap();
    let typed = "A report of some length & <detail>. ".repeat(5) + "#End";
    let original = sandbox.post("bob", Draft::new(typed.as_str()).photo(None)).unwrap();
    hands.forward(Duration::from_hours(9));
    sandbox.post("ada", Draft::new("").about(Reference::Retweeted, original)).unwrap();
    let query = "tweet.fields=entities,public_metrics&media.fields=url\
                 &expansions=referenced_tweets.id.author_id,referenced_tweets.id.attachments.media_keys";
    let body = first_post(&sandbox, ada, query).await;
    let (post, source) = (&body["data"][0], &body["includes"]["tweets"][0]);
    let text = post["text"].as_str().unwrap();
    let unescaped = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    assert!(text.starts_with("RT @bob: A report") && text.ends_with('…') && unescaped.chars().count() <= 140, "{text}");
    assert_eq!(post["referenced_tweets"][0]["id"], original.to_string());
    assert_eq!(post["entities"]["mentions"][0]["id"], bob.to_string());
    assert_eq!(part(&post["text"], &post["entities"]["mentions"][0]), "@bob");
    assert_eq!(source["id"], original.to_string());
    assert!(source["text"].as_str().unwrap().contains("#End https://t.co/"));
    let counts = |post: &Value| {
        (post["public_metrics"]["retweet_count"].as_i64(), post["public_metrics"]["like_count"].as_i64())
    };
    assert_eq!((counts(post).0, counts(post).1), (counts(source).0, Some(0)));
    assert_eq!(body["includes"]["users"][0]["username"], "bob");
    assert!(body["includes"]["media"][0]["url"].is_string());

    sandbox.delete(original).unwrap();
    let orphan = first_post(&sandbox, ada, query).await;
    assert_eq!(orphan["data"][0]["text"], post["text"]);
    assert_eq!((orphan.get("includes"), &orphan["errors"][0]["resource_id"]), (None, &original.to_string().into()));
}

#[tokio::test]
async fn media_carry_their_details_when_asked() {
    let (sandbox, ada, _) = with_ada();
    let film = Draft::new("Look").photo(Some("a \"b\"")).video(Duration::from_millis(61_500));
    sandbox.post("ada", film).unwrap();
    let query = "expansions=attachments.media_keys&tweet.fields=entities\
                 &media.fields=url,alt_text,variants,preview_image_url,duration_ms,width,height";
    let body = first_post(&sandbox, ada, query).await;
    let [photo, video] = &body["includes"]["media"].as_array().unwrap()[..] else { panic!("two media") };
    assert_eq!((&photo["type"], &photo["alt_text"]), (&"photo".into(), &"a \"b\"".into()));
    assert_eq!((&video["type"], &video["duration_ms"], video.get("url")), (&"video".into(), &61_500.into(), None));
    let rates: Vec<Option<u64>> =
        video["variants"].as_array().unwrap().iter().map(|variant| variant["bit_rate"].as_u64()).collect();
    assert_eq!(rates, [Some(256_000), None, Some(2_176_000), Some(832_000)]);
    let link = &body["data"][0]["entities"]["urls"][0];
    assert_eq!(
        (&link["media_key"], part(&body["data"][0]["text"], link)),
        (&photo["media_key"], link["url"].as_str().unwrap().to_owned())
    );
}

#[tokio::test]
async fn numbers_grow_with_time() {
    let (sandbox, ada, hands) = with_ada();
    sandbox.post("ada", "Count me").unwrap();
    let mut likes = Vec::new();
    for _ in 0..4 {
        let body = first_post(&sandbox, ada, "tweet.fields=public_metrics").await;
        likes.push(body["data"][0]["public_metrics"]["like_count"].as_i64().unwrap());
        hands.forward(Duration::from_hours(3));
    }
    assert!(likes[0] == 0 && likes.is_sorted_by(|a, b| a < b), "{likes:?}");
}

#[test]
fn languages_are_told_by_their_letters() {
    let tag = super::super::wording::language;
    assert_eq!(tag("नमस्ते everyone"), "hi");
    assert_eq!(tag("Hello #नमस्ते @you"), "en");
    assert_eq!(tag("RT @ada: 🙏 #Tag https://t.co/abcdefghij"), "und");
}
