//! Dashboards from their creation to their end, by gRPC and by JSON, and the numbers that they let through.

use std::time::Duration;

use amber_proto::v1::ErrorReason;
use amber_sdk::v1::{
    CreateDashboardRequest, Dashboard, DashboardSection, DashboardTheme, DeleteDashboardRequest,
    GetDashboardDataRequest, GetDashboardDataResponse, GetDashboardRequest, ListDashboardsRequest, Platform,
    UpdateDashboardRequest,
};
use amber_sdk::{Amber, Credentials};
use amber_tests::{Backend, TestServer};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tonic::{Code, Request, Status};

use crate::stage::{Stage, on_both_databases, succeeded};
use crate::wire::{Answer, reason_of};

on_both_databases! {
    a_dashboard_shows_the_posts_of_its_leaders_and_platforms_alone,
    a_session_reads_the_numbers_of_its_own_dashboard,
    the_list_goes_on_where_the_page_before_it_ended,
}

const UNKNOWN_LEADER: &str = "00000000-0000-4000-8000-000000000000";

fn titled(id: &str, title: &str) -> Dashboard {
    Dashboard { id: id.to_owned(), title: title.to_owned(), ..Dashboard::default() }
}

async fn create(amber: &Amber, dashboard: Dashboard) -> Result<Dashboard, Status> {
    let request = CreateDashboardRequest { dashboard: Some(dashboard) };
    amber.dashboards().create_dashboard(request).await.map(|created| created.into_inner().dashboard.unwrap())
}

async fn update(amber: &Amber, dashboard: Dashboard) -> Result<Dashboard, Status> {
    let request = UpdateDashboardRequest { dashboard: Some(dashboard) };
    amber.dashboards().update_dashboard(request).await.map(|updated| updated.into_inner().dashboard.unwrap())
}

async fn get(amber: &Amber, id: &str) -> Result<Dashboard, Status> {
    let request = GetDashboardRequest { dashboard_id: id.to_owned() };
    amber.dashboards().get_dashboard(request).await.map(|found| found.into_inner().dashboard.unwrap())
}

async fn delete(amber: &Amber, id: &str) -> Result<(), Status> {
    let request = DeleteDashboardRequest { dashboard_id: id.to_owned() };
    amber.dashboards().delete_dashboard(request).await.map(|_| ())
}

async fn data(amber: &Amber, id: &str) -> Result<GetDashboardDataResponse, Status> {
    let request = GetDashboardDataRequest { dashboard_id: id.to_owned(), days: 7 };
    amber.dashboards().get_dashboard_data(request).await.map(tonic::Response::into_inner)
}

#[track_caller]
fn refused<T: std::fmt::Debug>(outcome: Result<T, Status>, what: &str) -> (Code, ErrorReason) {
    reason_of(&outcome.expect_err(what), what)
}

#[tokio::test]
async fn a_dashboard_is_created_changed_and_deleted_for_good() {
    let server = TestServer::start().await;
    let amber = server.sdk_as_admin().await;
    let created = create(&amber, titled("ministers", " Ministers ")).await.unwrap();
    let all_but_posts: Vec<_> = (1..=6).collect();
    assert_eq!((created.title.as_str(), created.locale.as_str()), ("Ministers", "en"));
    assert_eq!((created.theme(), &created.sections), (DashboardTheme::Auto, &all_but_posts));
    assert_eq!(get(&amber, "ministers").await.unwrap(), created);

    server.clock.advance(Duration::from_mins(1));
    let wanted = Dashboard {
        title: "मंत्री".to_owned(),
        locale: "hi".to_owned(),
        theme: DashboardTheme::Dark.into(),
        platforms: vec![Platform::X.into()],
        sections: vec![DashboardSection::Posts.into(), DashboardSection::Totals.into()],
        ..created.clone()
    };
    let changed = update(&amber, wanted.clone()).await.unwrap();
    assert_ne!(changed.etag, created.etag);
    assert_eq!(
        (changed.create_time, changed.update_time.unwrap().seconds - 60),
        (created.create_time, created.create_time.unwrap().seconds)
    );
    assert_eq!(changed, Dashboard { etag: changed.etag.clone(), update_time: changed.update_time, ..wanted.clone() });

    let stale = update(&amber, wanted.clone()).await;
    assert_eq!(refused(stale, "an old etag"), (Code::Aborted, ErrorReason::DashboardChanged));
    update(&amber, Dashboard { etag: String::new(), ..wanted }).await.expect("without an etag the last writer wins");

    delete(&amber, "ministers").await.unwrap();
    let gone = (Code::NotFound, ErrorReason::DashboardNotFound);
    assert_eq!(refused(delete(&amber, "ministers").await, "the second deletion"), gone);
    assert_eq!(refused(get(&amber, "ministers").await, "a deleted one"), gone);
    assert_eq!(refused(update(&amber, titled("ministers", "New")).await, "a change of a deleted one"), gone);
    assert_eq!(refused(data(&amber, "ministers").await, "the numbers of a deleted one"), gone);
    let again = refused(create(&amber, titled("ministers", "New")).await, "an id that was taken");
    assert_eq!(again, (Code::AlreadyExists, ErrorReason::DashboardExists));
    assert_eq!(refused(get(&amber, "never").await, "one that never was"), gone);
    assert_eq!(data(&amber, "never").await.expect("an id without a dashboard shows everybody").total_posts, 0);
}

#[tokio::test]
async fn an_id_is_made_where_none_is_given_and_every_mistake_is_refused() {
    let server = TestServer::start().await;
    let amber = server.sdk_as_admin().await;
    let [one, other] =
        [create(&amber, titled("", "One")).await.unwrap(), create(&amber, titled("", "Two")).await.unwrap()];
    assert!(one.id.len() >= 32 && one.id != other.id, "{one:?}");
    let bad = (Code::InvalidArgument, ErrorReason::FieldInvalid);
    let fine = titled("fine", "Fine");
    let mistakes = [
        titled("fine", ""),
        titled("a/b", "A"),
        titled("fine", &"x".repeat(121)),
        Dashboard { locale: "de".to_owned(), ..fine.clone() },
        Dashboard { theme: 9, ..fine.clone() },
        Dashboard { sections: vec![1, 1], ..fine.clone() },
        Dashboard { sections: vec![0], ..fine.clone() },
        Dashboard { platforms: vec![0], ..fine.clone() },
        Dashboard { leader_ids: vec!["ada".to_owned()], ..fine.clone() },
        Dashboard { leader_ids: vec![UNKNOWN_LEADER.to_owned()], ..fine.clone() },
        Dashboard { leader_ids: vec![UNKNOWN_LEADER.to_owned(); 101], ..fine },
    ];
    for mistake in mistakes {
        let what = format!("{mistake:?}");
        assert_eq!(refused(create(&amber, mistake).await, &what), bad, "{what}");
    }
    let nothing = amber.dashboards().create_dashboard(CreateDashboardRequest { dashboard: None }).await;
    assert_eq!(refused(nothing, "no dashboard at all"), bad);
}

#[tokio::test]
async fn keys_read_dashboards_and_admins_alone_change_them() {
    let server = TestServer::start().await;
    let admin = server.sdk_as_admin().await;
    create(&admin, titled("main", "Main")).await.unwrap();
    let key = server.sdk_as(Credentials::api_key(server.api_key())).await;
    assert_eq!(get(&key, "main").await.unwrap().title, "Main");
    assert_eq!(
        key.dashboards().list_dashboards(ListDashboardsRequest::default()).await.unwrap().into_inner().dashboards.len(),
        1
    );
    let role = (Code::PermissionDenied, ErrorReason::RoleMissing);
    assert_eq!(refused(create(&key, titled("more", "More")).await, "a key that creates"), role);
    assert_eq!(refused(update(&key, titled("main", "More")).await, "a key that changes"), role);
    assert_eq!(refused(delete(&key, "main").await, "a key that deletes"), role);
    let nobody = server.sdk().await;
    let missing = (Code::Unauthenticated, ErrorReason::CredentialMissing);
    assert_eq!(refused(get(&nobody, "main").await, "nobody"), missing);
    let viewer = server.sdk_as(Credentials::admin_jwt(server.token("viewer").await)).await;
    assert_eq!(refused(get(&viewer, "main").await, "a viewer"), (Code::PermissionDenied, ErrorReason::ScopeMissing));
}

async fn the_list_goes_on_where_the_page_before_it_ended(backend: Backend) {
    let Some(builder) = TestServer::on(backend).await else { return };
    let server = builder.start().await;
    let amber = server.sdk_as_admin().await;
    // Two of a kind at every instant, so that the order within one counts.
    for number in 0..6 {
        create(&amber, titled(&format!("d{number}"), "D")).await.unwrap();
        server.clock.advance(Duration::from_secs(number % 2));
    }
    delete(&amber, "d3").await.unwrap();
    let (mut token, mut seen) = (String::new(), Vec::new());
    loop {
        let request = ListDashboardsRequest { page_size: 2, page_token: token };
        let page = amber.dashboards().list_dashboards(request).await.unwrap().into_inner();
        assert!(page.dashboards.len() <= 2);
        seen.extend(page.dashboards.into_iter().map(|dashboard| dashboard.id));
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(seen, ["d5", "d4", "d2", "d1", "d0"]);
    let odd = ListDashboardsRequest { page_size: 2, page_token: "odd".to_owned() };
    let odd = refused(amber.dashboards().list_dashboards(odd).await, "a token of no page");
    assert_eq!(odd, (Code::InvalidArgument, ErrorReason::PageTokenInvalid));
}

#[tokio::test]
async fn json_says_the_same() {
    let server = TestServer::start().await;
    let admin = server.token("admin").await;
    let ask = |method: Method, path: &str| -> RequestBuilder {
        server.http.request(method, server.url(path)).bearer_auth(&admin)
    };
    let body = json!({ "id": "main", "title": "Main", "sections": ["leaders", "totals"], "theme": "dark", "platforms": ["x"] });
    let created = Answer::to(ask(Method::POST, "/api/dashboards").json(&body)).await;
    assert_eq!(created.status, 201, "{created:?}");
    let mut expected = body.clone();
    let (etag, at) = (&created.json()["etag"], &created.json()["createdAt"]);
    let rest = json!({ "leaderIds": [], "locale": "en", "etag": etag, "createdAt": at, "updatedAt": at });
    expected.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    assert_eq!(created.json(), expected);
    assert_eq!(Answer::to(ask(Method::GET, "/api/dashboards/main")).await.json(), expected);
    let listed = Answer::to(ask(Method::GET, "/api/dashboards?page_size=1")).await.json();
    assert_eq!(listed, json!({ "dashboards": [expected], "next_cursor": Value::Null }));

    let put = |body: Value| Answer::to(ask(Method::PUT, "/api/dashboards/main").json(&body));
    let changed = put(json!({ "title": "Head", "etag": etag })).await;
    assert_eq!(
        (changed.status, &changed.json()["title"], &changed.json()["theme"]),
        (200, &json!("Head"), &json!("auto"))
    );
    for (answer, status, error, reason) in [
        (put(json!({ "title": "Late", "etag": etag })).await, 409, "dashboard_changed", "DASHBOARD_CHANGED"),
        (put(json!({ "title": "Odd", "etag": "odd" })).await, 400, "invalid_request", "FIELD_INVALID"),
        (put(json!({})).await, 400, "invalid_request", "FIELD_INVALID"),
        (
            Answer::to(ask(Method::POST, "/api/dashboards").json(&body)).await,
            409,
            "dashboard_exists",
            "DASHBOARD_EXISTS",
        ),
        (Answer::to(ask(Method::GET, "/api/dashboards/none")).await, 404, "not_found", "DASHBOARD_NOT_FOUND"),
        (Answer::to(server.http.get(server.url("/api/dashboards"))).await, 401, "unauthorized", "CREDENTIAL_MISSING"),
    ] {
        let problem = answer.problem(error);
        assert_eq!((answer.status, &problem["error"], &problem["reason"]), (status, &json!(error), &json!(reason)));
    }
    let wrong = Answer::to(ask(Method::POST, "/api/dashboards").json(&json!({ "title": 7, "leaderIds": "ada" }))).await;
    let named: Vec<_> = wrong.json()["fields"].as_array().unwrap().iter().map(|field| field["field"].clone()).collect();
    assert_eq!(named, ["title", "leaderIds"]);
    let deleted = Answer::to(ask(Method::DELETE, "/api/dashboards/main")).await;
    assert_eq!((deleted.status, deleted.json()), (200, json!({ "success": true })));
    assert_eq!(Answer::to(ask(Method::DELETE, "/api/dashboards/main")).await.status, 404);
}

/// Two leaders, of whom ada wrote two posts and bob three.
async fn two_leaders(backend: Backend) -> Option<(Stage, String, String)> {
    let stage = Stage::on(backend).await?;
    let (ada, bob) = (stage.add("ada").await, stage.add("bob").await);
    stage.write("ada", 2);
    stage.write("bob", 3);
    succeeded(&stage.run().await);
    Some((stage, ada, bob))
}

async fn a_dashboard_shows_the_posts_of_its_leaders_and_platforms_alone(backend: Backend) {
    let Some((stage, ada, _)) = two_leaders(backend).await else { return };
    let hers = Dashboard { leader_ids: vec![ada.clone()], ..titled("hers", "Hers") };
    let news = Dashboard { platforms: vec![Platform::News.into()], ..titled("news", "News") };
    let on_x = Dashboard { platforms: vec![Platform::X.into()], ..titled("on-x", "On X") };
    for dashboard in [hers.clone(), news, on_x] {
        create(&stage.amber, dashboard).await.unwrap();
    }
    for (id, posts, leaders) in [("hers", 2, 1), ("news", 0, 2), ("on-x", 5, 2), ("without-a-row", 5, 2)] {
        let shown = data(&stage.amber, id).await.unwrap();
        assert_eq!((shown.total_posts, shown.leaders.len()), (posts, leaders), "{id}");
    }
    let request = amber_sdk::v1::DeleteLeaderRequest { leader_id: ada };
    stage.amber.leaders().delete_leader(request).await.unwrap();
    let renamed = Dashboard { title: "Still hers".to_owned(), ..hers };
    update(&stage.amber, renamed).await.expect("a leader who is gone does not keep the title from changing");
    assert_eq!(data(&stage.amber, "hers").await.unwrap().total_posts, 0, "nobody, not everybody");
}

async fn a_session_reads_the_numbers_of_its_own_dashboard(backend: Backend) {
    let Some((stage, ada, _)) = two_leaders(backend).await else { return };
    create(&stage.amber, Dashboard { leader_ids: vec![ada], ..titled("hers", "Hers") }).await.unwrap();
    let session = crate::frame::open(&stage.server, "hers").await.session();
    let nobody = stage.server.sdk().await;
    let ask = async |id: &str, session: &str| {
        let mut request = Request::new(GetDashboardDataRequest { dashboard_id: id.to_owned(), days: 7 });
        request.metadata_mut().insert("embed-session", session.parse().unwrap());
        nobody.dashboards().get_dashboard_data(request).await.map(tonic::Response::into_inner)
    };
    assert_eq!(ask("hers", &session).await.unwrap().total_posts, 2);
    let elsewhere = refused(ask("main", &session).await, "another dashboard");
    assert_eq!(elsewhere, (Code::NotFound, ErrorReason::WrongDashboard));
    let ended = (Code::Unauthenticated, ErrorReason::SessionEnded);
    assert_eq!(refused(ask("hers", "odd").await, "no session"), ended);
    delete(&stage.amber, "hers").await.unwrap();
    let gone = (Code::NotFound, ErrorReason::DashboardNotFound);
    assert_eq!(refused(ask("hers", &session).await, "a deleted dashboard"), gone);
    stage.advance(Duration::from_mins(11));
    assert_eq!(refused(ask("hers", &session).await, "an old session"), ended);
}
