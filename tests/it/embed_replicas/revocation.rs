//! What one replica revokes, the other one refuses within a second.

use std::time::Duration;

use amber_sdk::v1::RevokeEmbedTokensRequest;
use amber_sdk::v1::revoke_embed_tokens_request::Selector;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::pair::{Door, Replica, pair};

/// The promise.
const WITHIN: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_replica_revokes_the_other_refuses_within_a_second() {
    let Some((programs, _redis)) = pair().await else { return };
    let [here, there] = Replica::of(&programs).await;
    let body = json!({ "dashboardId": "d", "userId": "viewer-7" });
    let selectors = [
        ("token", Selector::TokenId(String::new())),
        ("subject", Selector::Subject("viewer-7".to_owned())),
        ("dashboard", Selector::DashboardId("d".to_owned())),
        ("client", Selector::ClientId("key:admin".to_owned())),
        ("key", Selector::KeyId("k1".to_owned())),
        ("all", Selector::All(true)),
    ];
    let admin = here.by_admin().await;
    for (name, selector) in selectors {
        // A revocation reaches to the end of its second.
        sleep(Duration::from_millis(1_100)).await;
        let (token, token_id) = here.issue_for(&body).await;
        let session = there.session(&token).await.expect("a fresh token");
        let (unused, unused_id) = here.issue_for(&body).await;
        assert_eq!(refusal(&there, &session).await, None, "{name}: the session stands");

        let named = |id| if name == "token" { Selector::TokenId(id) } else { selector.clone() };
        let request = RevokeEmbedTokensRequest { selector: Some(named(token_id)) };
        admin.embed_tokens().revoke_embed_tokens(request).await.expect("an admin may revoke");
        let revoked = Instant::now();
        let reason = loop {
            let asked = revoked.elapsed();
            if let Some(reason) = refusal(&there, &session).await {
                break reason;
            }
            assert!(asked < WITHIN, "{name}: the session still stands after {asked:?}");
            sleep(Duration::from_millis(10)).await;
        };
        eprintln!("revoked by {name}: refused on the other replica after {:?}", revoked.elapsed());
        assert_eq!(reason, "TOKEN_REVOKED", "{name}");
        if name == "token" {
            let request = RevokeEmbedTokensRequest { selector: Some(named(unused_id)) };
            admin.embed_tokens().revoke_embed_tokens(request).await.expect("an admin may revoke");
        }
        for door in [Door::Rpc, Door::Frame] {
            assert_eq!(there.open(door, &unused).await, Err("TOKEN_REVOKED".to_owned()), "{name}, {door:?}");
        }
    }
}

/// Why a replica refuses the numbers of a standing page, if it does.
async fn refusal(replica: &Replica, session: &str) -> Option<String> {
    let answer = replica.content(session).send().await.expect("the replica answers");
    if answer.status().is_success() {
        return None;
    }
    let problem: Value = answer.json().await.expect("a problem");
    Some(problem["reason"].as_str().unwrap_or_else(|| panic!("no reason in {problem}")).to_owned())
}
