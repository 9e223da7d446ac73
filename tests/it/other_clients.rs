//! Clients that others write: Python's grpcio, and `buf curl` by gRPC and gRPC-web.

use std::path::{Path, PathBuf};
use std::process::Output;

use amber_tests::{Backend, find_program, setting};
use tokio::process::Command;

use crate::stage::{Stage, succeeded};

/// Lists, asks for what is refused, and follows, as the contract says, by stubs that are generated here.
const SCRIPT: &str = r#"
import sys
import grpc
from amber.v1 import feed_service_pb2 as feed, feed_service_pb2_grpc as feed_grpc, post_pb2 as post

channel = grpc.insecure_channel(sys.argv[1])
stub = feed_grpc.FeedServiceStub(channel)
page = stub.ListPosts(feed.ListPostsRequest(page_size=2, text="NUMBER"), timeout=10)
print("listed", len(page.posts), bool(page.next_page_token), page.total_size_unknown)
one = stub.GetPost(feed.GetPostRequest(post_id=page.posts[0].id), timeout=10).post
print("same", one == page.posts[0])
try:
    stub.ListPosts(feed.ListPostsRequest(page_size=-1), timeout=10)
except grpc.RpcError as refusal:
    details = dict(refusal.trailing_metadata())
    print("refused", refusal.code().name, b"FIELD_INVALID" in details["grpc-status-details-bin"])
told = stub.WatchPosts(feed.WatchPostsRequest(), timeout=20)
print("watching", bool(next(told).resume_token))
told.cancel()
analyses = stub.AnalyzeSentiment(feed.AnalyzeSentimentRequest(texts=["great"]), timeout=10).analyses
print("tone", post.SentimentLabel.Name(analyses[0].sentiment.label))
"#;

async fn stage() -> Stage {
    let stage = Stage::on(Backend::Sqlite).await.expect("SQLite is always there");
    stage.add("asha").await;
    stage.write("asha", 3);
    succeeded(&stage.run().await);
    stage
}

async fn run(command: &mut Command) -> (bool, String) {
    let Output { status, stdout, stderr } = command.kill_on_drop(true).output().await.expect("it can be started");
    (status.success(), format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr)))
}

fn proto() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").join("proto")
}

/// A Python that has grpcio; `tests/run` installs one into `target/tools`.
async fn python() -> Option<PathBuf> {
    let caller = std::env::current_exe().expect("a running program has a path");
    let target = caller.ancestors().nth(3).expect("tests lie in target/<profile>/deps");
    for python in [target.join("tools/bin/python"), PathBuf::from("python3")] {
        let mut command = Command::new(&python);
        command.args(["-c", "import grpc, grpc_tools"]);
        if command.output().await.is_ok_and(|ended| ended.status.success()) {
            return Some(python);
        }
    }
    let message = "Python's grpcio is not installed: pip install grpcio==1.85.1 grpcio-tools==1.85.1";
    assert!(setting("AMBER_REQUIRE_TOOLS").as_deref() != Some("1"), "{message}");
    eprintln!("skipped: {message}");
    None
}

#[tokio::test]
async fn python_lists_asks_and_follows() {
    let Some(python) = python().await else { return };
    let stage = stage().await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut generate = Command::new(&python);
    generate.args(["-m", "grpc_tools.protoc", "--proto_path"]).arg(proto());
    for kind in ["--python_out", "--grpc_python_out"] {
        generate.arg(kind).arg(folder.path());
    }
    for file in ["feed_service", "platform", "post"] {
        generate.arg(format!("amber/v1/{file}.proto"));
    }
    let (generated, said) = run(&mut generate).await;
    assert!(generated, "{said}");
    let mut client = Command::new(&python);
    client.args(["-c", SCRIPT, &stage.server.address().to_string()]).current_dir(folder.path());
    let (succeeded, said) = run(&mut client).await;
    assert!(succeeded, "{said}");
    let expected = [
        "listed 2 True True",
        "same True",
        "refused INVALID_ARGUMENT True",
        "watching True",
        "tone SENTIMENT_LABEL_POSITIVE",
    ];
    assert_eq!(said.lines().collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn buf_curl_calls_by_grpc_and_by_grpc_web() {
    let Some(buf) = find_program("buf", "pip install buf-bin==1.75.0") else { return };
    let stage = stage().await;
    for protocol in ["grpc", "grpcweb"] {
        let call = async |method: &str, message: &str| {
            let mut command = Command::new(&buf);
            command.args(["curl", "--protocol", protocol, "--http2-prior-knowledge", "--schema"]).arg(proto());
            command.args(["-d", message]).arg(stage.server.url(&format!("/amber.v1.FeedService/{method}")));
            run(&mut command).await
        };
        let (ok, said) = call("ListPosts", r#"{"pageSize": 1, "text": "number"}"#).await;
        assert!(ok && said.contains("asha writes number 2.") && said.contains("nextPageToken"), "{protocol}: {said}");
        let (ok, said) = call("ListPosts", r#"{"pageSize": -1}"#).await;
        assert!(!ok && said.contains("invalid_argument") && said.contains("page_size"), "{protocol}: {said}");
        let (ok, said) = call("AnalyzeSentiment", r#"{"texts": ["great"]}"#).await;
        assert!(ok && said.contains("SENTIMENT_LABEL_POSITIVE"), "{protocol}: {said}");
    }
}
