//! What happened to tokens can be read afterwards.

use amber_sdk::v1::{EmbedAuditAction as Action, EmbedAuditEvent, ErrorReason, ListEmbedAuditEventsRequest};
use amber_tests::TestServer;
use serde_json::json;
use tokio::time::{Duration, sleep, timeout};
use tonic::Code;

use super::{SITE, asked, get, issue, issuing, post, redeem, refused, renew};

async fn events(server: &TestServer, request: ListEmbedAuditEventsRequest) -> Vec<EmbedAuditEvent> {
    let admin = server.sdk_as_admin().await;
    admin.embed_tokens().list_embed_audit_events(request).await.expect("events").into_inner().events
}

/// Refusals are written soon, not at once.
async fn all_events(server: &TestServer, count: usize) -> Vec<EmbedAuditEvent> {
    let written = async {
        loop {
            let found = events(server, ListEmbedAuditEventsRequest::default()).await;
            if found.len() >= count {
                return found;
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_secs(10), written).await.expect("every line is written")
}

#[tokio::test]
async fn the_whole_life_of_a_token_is_written_down_without_the_token() {
    let server = TestServer::start().await;
    let amber = issuing(&server).await;
    let token = issue(&amber).await;
    let session = redeem(&server, &token).await.expect("a session");
    refused(redeem(&server, &token).await);
    let fresh = issue(&amber).await;
    renew(&server, &session, &fresh).await.expect("more time");
    refused(redeem(&server, "forged.by.nobody").await);
    let (signed, _) = token.rsplit_once('.').expect("three parts");
    refused(redeem(&server, &format!("{signed}.AAAA")).await);
    let admin = server.token("admin").await;
    assert_eq!(post(&server, "/api/embed/revoke", &admin, &json!({ "dashboardId": "sales" })).await.status, 200);

    let found = all_events(&server, 6).await;
    let mut actions: Vec<_> = found.iter().map(EmbedAuditEvent::action).collect();
    actions.sort_by_key(|action| *action as i32);
    let expected =
        [Action::Issued, Action::Issued, Action::Redeemed, Action::Renewed, Action::Refused, Action::Revoked];
    assert_eq!(actions, expected, "what was not signed is not written down");
    let of = |action| found.iter().find(|event| event.action() == action).expect("such an event");
    let issued = of(Action::Issued);
    assert_eq!((issued.client_id.as_str(), issued.network.as_str()), ("key:admin", "127.0.0.0/24"));
    assert_eq!((of(Action::Redeemed).origin.as_str(), of(Action::Redeemed).subject.as_str()), (SITE, "anonymous"));
    assert_eq!(of(Action::Refused).reason(), ErrorReason::TokenReplayed);
    let revoked = of(Action::Revoked);
    assert_eq!((revoked.detail.as_str(), revoked.client_id.as_str()), ("dashboard:sales", "user:admin-1"));
    let text = format!("{found:?}");
    assert!(!text.contains(&token) && !text.contains(&session), "no secret is written down");
}

#[tokio::test]
async fn the_audit_is_read_page_by_page_and_by_filters() {
    let server = TestServer::start().await;
    let amber = issuing(&server).await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(amber.embed_tokens().issue_embed_token(asked()).await.expect("a token").into_inner().token_id);
    }
    ids.reverse();
    let admin = server.sdk_as_admin().await;
    let (mut read, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListEmbedAuditEventsRequest { page_size: 2, page_token, ..Default::default() };
        let page = admin.embed_tokens().list_embed_audit_events(request).await.expect("a page").into_inner();
        assert!(page.events.len() <= 2);
        read.extend(page.events.into_iter().map(|event| event.token_id));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(read, ids, "newest first");
    let one = ListEmbedAuditEventsRequest { token_id: ids[2].clone(), ..Default::default() };
    assert_eq!(events(&server, one).await.len(), 1);
    let none = ListEmbedAuditEventsRequest { client_id: "key:nobody".into(), ..Default::default() };
    assert!(events(&server, none).await.is_empty());
    let used = ListEmbedAuditEventsRequest { action: Action::Redeemed.into(), ..Default::default() };
    assert!(events(&server, used).await.is_empty());

    let token = server.token("admin").await;
    let page = get(&server, "/api/embed/audit?page_size=3&action=issued&dashboard_id=sales", &token).await.json();
    assert_eq!((page["events"].as_array().map(Vec::len), &page["events"][0]["tokenId"]), (Some(3), &json!(ids[0])));
    let next = page["next_cursor"].as_str().expect("there are more");
    let page = get(&server, &format!("/api/embed/audit?page_token={next}"), &token).await.json();
    assert_eq!((page["events"].as_array().map(Vec::len), &page["next_cursor"]), (Some(2), &json!(null)));
    for (path, status) in [("?page_token=!", 400), ("?action=odd", 400), ("?dashboard_id=a/b", 400)] {
        assert_eq!(get(&server, &format!("/api/embed/audit{path}"), &token).await.status, status, "{path}");
    }
    assert_eq!(get(&server, "/api/embed/audit", server.api_key()).await.status, 403);
    let negative = ListEmbedAuditEventsRequest { page_size: -1, ..Default::default() };
    let refusal = refused(admin.embed_tokens().list_embed_audit_events(negative).await);
    assert_eq!(refusal, (Code::InvalidArgument, ErrorReason::FieldInvalid));
}

#[tokio::test]
async fn a_server_that_stops_writes_what_waits() {
    let server = TestServer::start().await;
    let token = issue(&issuing(&server).await).await;
    redeem(&server, &token).await.expect("a session");
    for _ in 0..20 {
        refused(redeem(&server, &token).await);
    }
    let next = server.twin();
    let folder = server.stop().await;
    let next = next.start().await;
    let refusals = ListEmbedAuditEventsRequest { action: Action::Refused.into(), ..Default::default() };
    assert_eq!(events(&next, refusals).await.len(), 20);
    drop(folder);
}
