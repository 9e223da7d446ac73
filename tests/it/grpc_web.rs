//! Unary calls as browsers make them, and three protocols on one port.

use amber_sdk::v1::{
    ErrorReason, GetHealthRequest, GetHealthResponse, GetRunRequest, HealthStatus, ListPostsRequest, ListPostsResponse,
};
use amber_tests::TestServer;
use prost::Message;
use reqwest::RequestBuilder;
use tonic::Code;

use crate::wire::{Answer, grpc_web, reason_of};

fn call(server: &TestServer, method: &str) -> RequestBuilder {
    server.http.post(server.url(&format!("/amber.v1.{method}")))
}

#[tokio::test]
async fn a_call_is_answered_in_the_form_in_which_it_was_asked() {
    let server = TestServer::start().await;
    for as_text in [false, true] {
        let asked = ListPostsRequest { page_size: 5, ..Default::default() };
        let web = grpc_web(call(&server, "FeedService/ListPosts"), &asked.encode_to_vec(), as_text).await;
        assert_eq!((web.answer.status, web.status.code()), (200, Code::Ok), "{web:?}");
        let kind = web.answer.header("content-type");
        assert!(kind.starts_with(if as_text { "application/grpc-web-text" } else { "application/grpc-web" }), "{kind}");
        let message = ListPostsResponse::decode(web.message.expect("a message").as_slice()).unwrap();
        assert!(!message.watch_token.is_empty());
        assert_eq!(message, ListPostsResponse { watch_token: message.watch_token.clone(), ..Default::default() });
        assert!(!web.answer.header("x-request-id").is_empty() && !web.answer.header("x-ratelimit-limit").is_empty());
    }
}

#[tokio::test]
async fn a_refusal_of_the_call_and_of_the_gate_carry_their_reason() {
    let server = TestServer::start().await;
    let admin = server.token("admin").await;
    let asked = GetRunRequest { run_id: "nope".into() }.encode_to_vec();
    let method = || call(&server, "IngestionService/GetRun");
    for as_text in [false, true] {
        let cases = [
            (method().bearer_auth(&admin), Code::NotFound, ErrorReason::RunNotFound),
            (method(), Code::Unauthenticated, ErrorReason::CredentialMissing),
            (method().bearer_auth("wrong"), Code::Unauthenticated, ErrorReason::CredentialInvalid),
        ];
        for (request, code, reason) in cases {
            let web = grpc_web(request, &asked, as_text).await;
            assert_eq!(web.answer.status, 200, "the status is in the trailers: {web:?}");
            assert_eq!(reason_of(&web.status, "a refusal"), (code, reason), "{web:?}");
            assert!(web.answer.header("content-type").starts_with("application/grpc-web"), "{web:?}");
            assert_eq!(web.message, None);
        }
    }
}

#[tokio::test]
async fn one_port_speaks_grpc_grpc_web_and_json() {
    let server = TestServer::start().await;
    let h2 = reqwest::Client::builder().http2_prior_knowledge().no_proxy().build().unwrap();

    let by_grpc = server.sdk().await.health().get_health(GetHealthRequest {}).await.unwrap().into_inner();
    let web = grpc_web(call(&server, "HealthService/GetHealth"), b"", false).await;
    let by_web = GetHealthResponse::decode(web.message.unwrap().as_slice()).unwrap();
    let over_h2 = grpc_web(h2.post(server.url("/amber.v1.HealthService/GetHealth")), b"", false).await;
    assert_eq!(over_h2.status.code(), Code::Ok);
    assert_eq!((by_grpc.status(), by_web.status()), (HealthStatus::Ok, HealthStatus::Ok));
    for client in [&server.http, &h2] {
        let json = Answer::to(client.get(server.url("/api/health"))).await;
        assert_eq!((json.status, &json.json()["status"]), (200, &serde_json::json!("ok")));
    }
}

/// Whoever calls may write any path and call it gRPC, also one who is refused before a service is asked.
#[tokio::test]
async fn nothing_that_callers_make_up_becomes_a_label_of_the_metrics() {
    let server = TestServer::start().await;
    let made_up =
        ["/amber.v1.FeedService/MadeUp1", "/amber.v1.MadeUp2/ListPosts", "/api/posts/made-up-3", "/made-up-4"];
    for path in made_up {
        for kind in ["application/grpc", "application/grpc-web+proto", "application/json"] {
            for key in [None, Some("wrong")] {
                let call = server.http.post(server.url(path)).header("content-type", kind).body(vec![0; 5]);
                key.into_iter().fold(call, RequestBuilder::bearer_auth).send().await.expect("an answer");
            }
        }
    }
    let known = server.http.post(server.url("/amber.v1.FeedService/ListPosts")).bearer_auth("wrong");
    known.header("content-type", "application/grpc").body(vec![0; 5]).send().await.expect("an answer");
    let metrics = Answer::to(server.http.get(server.url("/metrics"))).await.text();
    assert!(!metrics.to_lowercase().contains("made-up") && !metrics.contains("MadeUp"), "{metrics}");
    for line in [
        r#"amber_requests_total{kind="grpc",route="/amber.v1.FeedService/ListPosts",code="16"} 1"#,
        r#"amber_requests_total{kind="grpc",route="/amber.v1.FeedService/{*rest}",code="16"} 2"#,
        r#"amber_requests_total{kind="grpc",route="/api/posts/{id}",code="405"} 2"#,
    ] {
        assert!(metrics.contains(line), "{line} of {metrics}");
    }
}
