//! Lasting misbehaviour.

use super::*;

fn tormented(torture: Torture) -> (Sandbox, UserId, Hands) {
    let (sandbox, ada, hands) = with_ada();
    sandbox.set_torture(torture);
    (sandbox, ada, hands)
}

fn next_of(page: &Value) -> String {
    format!("&pagination_token={}", page["meta"]["next_token"].as_str().unwrap())
}

#[tokio::test]
async fn offset_tokens_shift_when_posts_come_and_go() {
    let (sandbox, ada, hands) = tormented(Torture { tokens: Tokens::Offset, ..Torture::default() });
    let posts = post_many(&sandbox, &hands, 15);
    let uri = format!("/2/users/{ada}/tweets?max_results=5");
    let first = get(&sandbox, &uri).await.body;
    let second = format!("{uri}{}", next_of(&first));
    assert_eq!(ids(&[get(&sandbox, &second).await.body]), newest_first(&posts[5..10]));
    sandbox.post("ada", "New").unwrap();
    assert_eq!(ids(&[get(&sandbox, &second).await.body]), newest_first(&posts[6..11]), "one is repeated");
    sandbox.delete(posts[13]).unwrap();
    sandbox.delete(posts[12]).unwrap();
    assert_eq!(ids(&[get(&sandbox, &second).await.body]), newest_first(&posts[4..9]), "one is passed by");
}

#[tokio::test]
async fn a_token_expires_after_its_time() {
    let life = TokenLife::Time(Duration::from_mins(1));
    let (sandbox, ada, hands) = tormented(Torture { token_life: Some(life), ..Torture::default() });
    post_many(&sandbox, &hands, 8);
    let uri = format!("/2/users/{ada}/tweets?max_results=5");
    let second = format!("{uri}{}", next_of(&get(&sandbox, &uri).await.body));
    hands.forward(Duration::from_mins(1));
    assert_eq!(get(&sandbox, &second).await.status, StatusCode::OK);
    hands.forward(Duration::from_secs(1));
    let refused = get(&sandbox, &second).await;
    let named = &refused.body["errors"][0]["parameters"]["pagination_token"];
    assert_eq!((refused.status, named.is_array()), (StatusCode::BAD_REQUEST, true), "{}", refused.body);
}

#[tokio::test]
async fn a_token_expires_after_its_requests() {
    let life = TokenLife::Requests(2);
    let (sandbox, ada, hands) = tormented(Torture { token_life: Some(life), ..Torture::default() });
    post_many(&sandbox, &hands, 8);
    let uri = format!("/2/users/{ada}/tweets?max_results=5");
    let second = format!("{uri}{}", next_of(&get(&sandbox, &uri).await.body));
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(get(&sandbox, &second).await.status.as_u16());
    }
    assert_eq!(statuses, [200, 200, 400]);
}

#[tokio::test]
async fn some_posts_are_seen_late_and_none_later_than_the_most() {
    let lateness = Lateness { chance: 0.5, most: Duration::from_mins(10) };
    let (sandbox, ada, hands) = tormented(Torture { lateness: Some(lateness), ..Torture::default() });
    let posts: Vec<PostId> = (0..40).map(|_| sandbox.post("ada", "At once").unwrap()).collect();
    let at_once = ids(&pages(&sandbox, ada, "max_results=100").await);
    assert!((10..=30).contains(&at_once.len()), "{} of 40", at_once.len());
    assert_eq!(sandbox.ever_seen_of("ada").unwrap().len(), at_once.len());
    let lookup = format!("/2/tweets?ids={}", newest_first(&posts).join(","));
    assert_eq!(get(&sandbox, &lookup).await.body["errors"].as_array().unwrap().len(), 40 - at_once.len());
    hands.forward(Duration::from_mins(10));
    assert_eq!(ids(&pages(&sandbox, ada, "max_results=100").await), newest_first(&posts));
    let delays: BTreeSet<i64> =
        sandbox.ever_seen_of("ada").unwrap().iter().map(|post| post.seen_from.as_millisecond() - NOON_MS).collect();
    assert!(delays.len() > 10 && delays.last().unwrap() <= &600_000, "{delays:?}");
}

#[tokio::test]
async fn one_post_can_be_told_to_be_late() {
    let (sandbox, ada, hands) = with_ada();
    let late = sandbox.post_late("ada", "Late", Duration::from_mins(5)).unwrap();
    let soon = post_many(&sandbox, &hands, 1)[0];
    assert_eq!(ids(&pages(&sandbox, ada, "max_results=5").await), newest_first(&[soon]));
    hands.forward(Duration::from_mins(4));
    assert_eq!(ids(&pages(&sandbox, ada, "max_results=5").await), newest_first(&[late, soon]));
}

#[tokio::test]
async fn posts_vanish_in_the_middle_of_a_walk_but_were_seen() {
    let (sandbox, ada, hands) = tormented(Torture { deletions: 0.5, ..Torture::default() });
    let posts = post_many(&sandbox, &hands, 60);
    pages(&sandbox, ada, "max_results=5").await;
    let (left, seen) = (sandbox.posts_of("ada").unwrap(), sandbox.ever_seen_of("ada").unwrap());
    assert!((1..=12).contains(&(60 - left.len())), "{} are left", left.len());
    assert_eq!(seen.iter().map(|post| post.id).collect::<Vec<_>>(), posts.iter().rev().copied().collect::<Vec<_>>());
    let gone: Vec<PostId> = seen.iter().filter(|post| post.deleted_at.is_some()).map(|post| post.id).collect();
    assert_eq!(gone.len(), 60 - left.len());
    assert!(left.iter().all(|post| !gone.contains(&post.id)));
}

#[tokio::test]
async fn what_was_never_seen_is_not_told_as_seen() {
    let (sandbox, _, hands) = with_ada();
    let hidden = sandbox.post_late("ada", "Hidden", Duration::from_mins(5)).unwrap();
    sandbox.delete(hidden).unwrap();
    let edited = sandbox.post("ada", "First").unwrap();
    hands.forward(Duration::from_mins(1));
    let newer = sandbox.edit(edited, "Second").unwrap();
    sandbox.delete(edited).unwrap();
    hands.forward(Duration::from_hours(1));
    let seen = sandbox.ever_seen_of("ada").unwrap();
    assert_eq!(
        seen.iter().map(|post| (post.id, post.versions.clone())).collect::<Vec<_>>(),
        [(newer, vec![edited, newer])]
    );
}

#[tokio::test]
async fn bounds_can_be_inclusive() {
    let (sandbox, ada, hands) = tormented(Torture { bounds: Bounds::Inclusive, ..Torture::default() });
    let posts = post_many(&sandbox, &hands, 12);
    let query = format!("max_results=5&since_id={}&until_id={}", posts[1], posts[9]);
    assert_eq!(ids(&pages(&sandbox, ada, &query).await), newest_first(&posts[1..10]));
}

#[tokio::test]
async fn answers_are_compressed_for_those_who_accept_it() {
    let (sandbox, ada, hands) = tormented(Torture { gzip: true, ..Torture::default() });
    post_many(&sandbox, &hands, 8);
    let uri = format!("/2/users/{ada}/tweets?max_results=5");
    let (_, headers, plain) = raw(&sandbox, &uri).await;
    assert_eq!(headers.get("content-encoding"), None);
    let request = Request::get(uri.as_str()).header("authorization", format!("Bearer {BEARER}"));
    let request = request.header("accept-encoding", "br, gzip").body(Body::empty()).unwrap();
    let answer = sandbox.router().oneshot(request).await.unwrap();
    assert_eq!(answer.headers()["content-encoding"], "gzip");
    let packed = answer.into_body().collect().await.unwrap().to_bytes();
    let mut unpacked = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&packed[..]), &mut unpacked).unwrap();
    assert!(packed.len() < unpacked.len());
    assert_eq!(unpacked, plain.unwrap());
}

#[tokio::test]
async fn faults_happen_as_often_as_their_chance_says_and_alike_for_one_seed() {
    let statuses = async |seed| {
        let fault = Fault::Status(503, "{}".to_owned());
        let (sandbox, ada, _) = tormented(Torture { seed, faults: vec![(0.2, fault)], ..Torture::default() });
        let mut statuses = Vec::new();
        for _ in 0..400 {
            statuses.push(get(&sandbox, &format!("/2/users/{ada}/tweets")).await.status.as_u16());
        }
        statuses
    };
    let (one, again, other) = (statuses(1).await, statuses(1).await, statuses(2).await);
    let failed = one.iter().filter(|status| **status == 503).count();
    assert!((50..=110).contains(&failed), "{failed} of 400");
    assert!(one == again && one != other);
}

#[tokio::test]
async fn several_faults_can_happen_to_one_answer() {
    let faults = [Fault::ShortPageWithToken, Fault::Twisted(Twist::PostNames), Fault::Twisted(Twist::NumbersAsStrings)];
    let faults = faults.into_iter().map(|fault| (1.0, fault)).collect();
    let (sandbox, ada, hands) = tormented(Torture { faults, ..Torture::default() });
    post_many(&sandbox, &hands, 8);
    let page = get(&sandbox, &format!("/2/users/{ada}/tweets?max_results=5")).await.body;
    assert_eq!(page["meta"]["result_count"], "3");
    assert!(page["data"][0]["edit_history_post_ids"].is_array());
    sandbox.set_torture(Torture::default());
    assert_eq!(get(&sandbox, &format!("/2/users/{ada}/tweets?max_results=5")).await.body["meta"]["result_count"], 5);
}

#[tokio::test]
async fn the_tap_hears_every_answer_and_whether_it_is_true() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let (mut options, _) = options();
    let ear = Arc::clone(&heard);
    options.tap = Some(Arc::new(move |exchange: &Exchange| {
        ear.lock().unwrap().push((exchange.path.clone(), exchange.status, exchange.is_true));
    }));
    let sandbox = Sandbox::empty(options);
    sandbox.add_user("Ada", "ada").unwrap();
    sandbox.fail_next(1, Fault::BrokenJson);
    raw(&sandbox, "/2/users/by?usernames=ada").await.2.unwrap();
    get(&sandbox, "/2/users/by?usernames=ada").await;
    get(&sandbox, "/2/nothing").await;
    request(&sandbox, "/2/tweets?ids=1", "").await;
    let path = |path: &str| path.to_owned();
    let expected = [
        (path("/2/users/by"), 200, false),
        (path("/2/users/by"), 200, true),
        (path("/2/nothing"), 404, true),
        (path("/2/tweets"), 401, true),
    ];
    assert_eq!(*heard.lock().unwrap(), expected);
}
