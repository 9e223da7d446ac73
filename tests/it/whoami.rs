//! For whom the server takes a caller, by gRPC and by HTTP, and that it tells no secret.

use amber_sdk::Credentials;
use amber_sdk::v1::{ApiKeyScope, CallerKind, ErrorReason, Role, WhoAmIRequest, WhoAmIResponse};
use amber_server::domain::Clock;
use amber_tests::{Backend, TestServer};
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use tonic::Code;

use crate::auth::callers;
use crate::wire::{Answer, reason_of};

/// What a caller is to be told, by its column: kind, id, role and scopes.
fn expected(column: usize, ids: &[String]) -> (CallerKind, String, Role, Vec<ApiKeyScope>) {
    use ApiKeyScope::{DashboardRead, EmbedIssue, EmbedRevoke};
    let user = |id: &str, role| (CallerKind::User, id.to_owned(), role, Vec::new());
    let key =
        |id: &str, scopes: &[ApiKeyScope]| (CallerKind::ApiKey, id.to_owned(), Role::Unspecified, scopes.to_vec());
    match column {
        0 => (CallerKind::Anonymous, String::new(), Role::Unspecified, Vec::new()),
        1 => user("viewer-1", Role::Viewer),
        2 => user("reviewer-1", Role::Reviewer),
        3 => user("admin-1", Role::Admin),
        4 => key("admin", &[EmbedIssue, EmbedRevoke, DashboardRead]),
        6 => key(&ids[0], &[EmbedIssue]),
        7 => key(&ids[1], &[EmbedRevoke]),
        8 => key(&ids[2], &[DashboardRead]),
        _ => unreachable!("an embed token is refused"),
    }
}

fn shown(told: &WhoAmIResponse) -> Value {
    let or_null = |text: &str| if text.is_empty() { Value::Null } else { json!(text) };
    let name = |name: &str, prefix: &str| name.trim_start_matches(prefix).to_lowercase();
    let role = (told.role() != Role::Unspecified).then(|| name(told.role().as_str_name(), "ROLE_"));
    let scopes = told.scopes().map(|scope| name(scope.as_str_name(), "API_KEY_SCOPE_").replace('_', "."));
    let kind = name(told.kind().as_str_name(), "CALLER_KIND_").replace("api_key", "key");
    json!({
        "kind": kind, "id": or_null(&told.id), "clientId": or_null(&told.client_id), "role": role,
        "scopes": scopes.collect::<Vec<_>>(),
    })
}

#[tokio::test]
async fn everybody_is_told_who_they_are_and_no_secret() {
    let server = TestServer::start().await;
    let callers = callers(&server).await;
    let keys = server.http.get(server.url("/api/api-keys")).bearer_auth(server.token("admin").await);
    let keys = Answer::to(keys).await.json()["apiKeys"].clone();
    let of = |name: &str| {
        let keys = keys.as_array().unwrap();
        keys.iter().find(|key| key["name"] == name).unwrap()["id"].as_str().unwrap().to_owned()
    };
    let ids = ["embed.issue", "embed.revoke", "dashboard.read"].map(of);
    for (column, (who, credential)) in callers.into_iter().enumerate() {
        let by_http = server.http.get(server.url("/api/whoami"));
        let by_http = credential.iter().fold(by_http, RequestBuilder::bearer_auth);
        let by_http = Answer::to(by_http).await;
        let credentials = credential.clone().map_or(Credentials::None, Credentials::admin_jwt);
        let by_grpc = server.sdk_as(credentials).await.auth().who_am_i(WhoAmIRequest {}).await;
        if column == 5 {
            assert_eq!(by_http.status, 401, "{who}: {by_http:?}");
            let invalid = (Code::Unauthenticated, ErrorReason::CredentialInvalid);
            assert_eq!(reason_of(&by_grpc.unwrap_err(), who), invalid);
            continue;
        }
        let told = by_grpc.unwrap().into_inner();
        let (kind, id, role, scopes) = expected(column, &ids);
        let said = (told.kind(), told.id.clone(), told.role(), told.scopes().collect::<Vec<_>>());
        assert_eq!(said, (kind, id.clone(), role, scopes), "{who}");
        let prefix = match kind {
            CallerKind::User => "user:",
            CallerKind::ApiKey => "key:",
            _ => "",
        };
        assert_eq!(told.client_id, format!("{prefix}{id}"), "{who}");
        assert_eq!(told.expire_time.is_some(), kind == CallerKind::User, "{who}");

        let mut body = by_http.json();
        let expires = body.as_object_mut().unwrap().remove("expiresAt").unwrap();
        assert_eq!((by_http.status, body), (200, shown(&told)), "{who}");
        let expires = expires.as_str().map(|text| text.parse::<jiff::Timestamp>().unwrap().as_second());
        assert_eq!(expires, told.expire_time.map(|at| at.seconds), "{who}");
        if let Some(credential) = credential {
            assert!(!by_http.text().contains(&credential) && !format!("{told:?}").contains(&credential), "{who}");
        }
    }
}

#[tokio::test]
async fn a_token_says_when_it_ends_and_a_scraper_what_it_is() {
    let builder = TestServer::on(Backend::Sqlite).await.expect("SQLite is always there");
    let scraper = "a-token-that-reads-metrics-and-nothing-else";
    let server = builder.env("METRICS_TOKEN", scraper).start().await;
    let secret = server.bootstrap_secret();
    let body = json!({ "adminId": "asha", "secret": secret, "role": "viewer", "lifetime": 90 });
    let issued = Answer::to(server.http.post(server.url("/api/admin/token")).json(&body)).await.json();
    let told = async |credential: &str| {
        let request = server.http.get(server.url("/api/whoami")).bearer_auth(credential);
        Answer::to(request).await.json()
    };
    let asha = told(issued["token"].as_str().unwrap()).await;
    assert_eq!(
        (&asha["id"], &asha["role"], &asha["clientId"]),
        (&json!("asha"), &json!("viewer"), &json!("user:asha"))
    );
    let ends: jiff::Timestamp = asha["expiresAt"].as_str().unwrap().parse().unwrap();
    assert_eq!(ends.as_second(), server.clock.now().as_second() + 90);
    let nobody = json!({
        "kind": "scraper", "id": null, "clientId": null, "role": null, "scopes": [], "expiresAt": null,
    });
    assert_eq!(told(scraper).await, nobody);
}
