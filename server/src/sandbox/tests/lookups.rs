//! Users by name, posts by id, credentials, limits and the log.

use super::*;

const PROTECTED: &str = "https://api.twitter.com/2/problems/not-authorized-for-resource";
const NOT_FOUND: &str = "https://api.twitter.com/2/problems/resource-not-found";

#[tokio::test]
async fn users_come_with_partial_errors_for_those_who_cannot() {
    let (sandbox, ada, _) = with_ada();
    for name in ["bob", "cyd"] {
        sandbox.add_user(name, name).unwrap();
    }
    sandbox.set_state("bob", UserState::Suspended).unwrap();
    sandbox.set_state("cyd", UserState::Deactivated).unwrap();
    let got = get(&sandbox, "/2/users/by?usernames=ADA,bob,cyd,missing1").await;
    assert_eq!(got.status, StatusCode::OK);
    let user = serde_json::json!([{"id": ada.to_string(), "name": "Ada", "username": "ada"}]);
    assert_eq!(got.body["data"], user);
    let told: Vec<_> = got.body["errors"].as_array().unwrap().iter().map(|e| (&e["title"], &e["detail"])).collect();
    let told: Vec<_> = told.into_iter().map(|(t, d)| (t.as_str().unwrap(), d.as_str().unwrap())).collect();
    assert_eq!(
        told,
        [
            ("Forbidden", "User has been suspended: [bob]."),
            ("Not Found Error", "Could not find user with usernames: [cyd]."),
            ("Not Found Error", "Could not find user with usernames: [missing1]."),
        ]
    );
    assert!(got.body["errors"].as_array().unwrap().iter().all(|error| error["type"] == NOT_FOUND));
}

#[tokio::test]
async fn one_bad_name_spoils_the_request() {
    let (sandbox, _, _) = with_ada();
    let too_many = vec!["a"; 101].join(",");
    for names in ["ada,no-name", "ada,", "", "sixteen_letters_", too_many.as_str()] {
        let got = get(&sandbox, &format!("/2/users/by?usernames={names}")).await;
        assert_eq!(got.status, StatusCode::BAD_REQUEST, "{names}");
    }
    assert_eq!(get(&sandbox, &format!("/2/users/by?usernames={}", vec!["ada"; 100].join(","))).await.status, 200);
}

#[tokio::test]
async fn a_protected_user_is_found_but_their_timeline_is_a_problem() {
    let (sandbox, ada, _) = with_ada();
    let post = sandbox.post("ada", "Hidden").unwrap();
    sandbox.set_state("ada", UserState::Protected).unwrap();
    let user = get(&sandbox, "/2/users/by?usernames=ada&user.fields=protected").await.body;
    assert_eq!(user["data"][0]["protected"], true);
    let got = get(&sandbox, &format!("/2/users/{ada}/tweets")).await;
    assert_eq!((got.status, keys(&got.body)), (StatusCode::OK, BTreeSet::from(["errors"])));
    let error = &got.body["errors"][0];
    assert_eq!(
        (&error["type"], &error["parameter"], &error["resource_type"]),
        (&PROTECTED.into(), &"id".into(), &"user".into())
    );
    let lookup = get(&sandbox, &format!("/2/tweets?ids={post}")).await.body;
    assert_eq!(lookup["errors"][0]["type"], PROTECTED);
    assert!(lookup.get("data").is_none());
}

#[tokio::test]
async fn posts_are_found_by_id_and_missing_ones_are_named() {
    let (sandbox, _, hands) = with_ada();
    let posts = post_many(&sandbox, &hands, 3);
    sandbox.delete(posts[1]).unwrap();
    let got = get(&sandbox, &format!("/2/tweets?ids={},{},{}", posts[2], posts[1], posts[0])).await.body;
    assert_eq!(ids(std::slice::from_ref(&got)), [posts[2].to_string(), posts[0].to_string()]);
    assert_eq!(got["errors"][0]["resource_id"], posts[1].to_string());
    assert_eq!(got["errors"][0]["detail"], format!("Could not find tweet with ids: [{}].", posts[1]));
    assert_eq!(got["errors"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_renamed_user_keeps_their_id() {
    let (sandbox, ada, _) = with_ada();
    sandbox.rename("ada", "ada_2").unwrap();
    let got = get(&sandbox, "/2/users/by?usernames=ada_2,ada").await.body;
    assert_eq!((&got["data"][0]["id"], &got["errors"][0]["value"]), (&ada.to_string().into(), &"ada".into()));
    assert_eq!(sandbox.rename("ada_2", "not a name"), Err(Error::InvalidUsername("not a name".into())));
}

#[tokio::test]
async fn another_bearer_is_refused_without_rate_limit_headers() {
    let (sandbox, _, _) = with_ada();
    for bearer in ["", "sandbox-bearer2", "SANDBOX-BEARER"] {
        let answer = request(&sandbox, "/2/users/by?usernames=ada", bearer).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        assert!(answer.headers().keys().all(|name| !name.as_str().starts_with("x-rate-limit")));
        let body: Value = serde_json::from_slice(&answer.into_body().collect().await.unwrap().to_bytes()).unwrap();
        let recorded = serde_json::json!(
            {"type": "about:blank", "title": "Unauthorized", "detail": "Unauthorized", "status": 401});
        assert_eq!(body, recorded);
    }
}

#[tokio::test]
async fn an_exhausted_endpoint_answers_429_until_its_reset() {
    let (mut options, hands) = options();
    options.limits.timeline = Allowance { requests: 2, window: Duration::from_mins(15) };
    let sandbox = Sandbox::empty(options);
    let uri = format!("/2/users/{}/tweets", sandbox.add_user("Ada", "ada").unwrap());
    let said = |got: &Got, name: &str| got.headers[name].to_str().unwrap().to_owned();
    let first = get(&sandbox, &uri).await;
    assert_eq!((said(&first, "x-rate-limit-limit"), said(&first, "x-rate-limit-remaining")), ("2".into(), "1".into()));
    get(&sandbox, &uri).await;
    hands.forward(Duration::from_mins(14));
    let third = get(&sandbox, &uri).await;
    assert_eq!((third.status, said(&third, "x-rate-limit-remaining")), (StatusCode::TOO_MANY_REQUESTS, "0".into()));
    assert_eq!(said(&third, "x-rate-limit-reset"), (NOON_MS / 1000 + 900).to_string());
    assert_eq!(third.body["title"], "Too Many Requests");
    assert_eq!(get(&sandbox, "/2/users/by?usernames=ada").await.status, StatusCode::OK);
    hands.forward(Duration::from_mins(1));
    assert_eq!(get(&sandbox, &uri).await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_log_holds_what_was_asked_and_when() {
    let (sandbox, ada, hands) = with_ada();
    get(&sandbox, "/2/users/by?usernames=ada").await;
    hands.forward(Duration::from_secs(3));
    get(&sandbox, &format!("/2/users/{ada}/tweets")).await;
    let seen = sandbox.requests();
    assert_eq!((seen[0].path.as_str(), seen[0].query.as_str()), ("/2/users/by", "usernames=ada"));
    assert_eq!((seen[1].path.clone(), seen[1].query.as_str()), (format!("/2/users/{ada}/tweets"), ""));
    assert_eq!(seen[1].at.duration_since(seen[0].at).as_secs(), 3);
}
