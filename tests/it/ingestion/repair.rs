//! Checkpoints are looked at and reset, refused records are listed, replayed and discarded.

use std::time::Duration;

use amber_sdk::v1::{
    DiscardQuarantineRequest, ErrorReason, GetCheckpointRequest, ListCheckpointsRequest, ListQuarantineRequest,
    QuarantineStatus, QuarantinedRecord, ReplayQuarantineRequest, ResetCheckpointRequest, StreamCheckpoint,
};
use amber_server::sandbox::Fault;
use amber_tests::Backend;
use futures::TryStreamExt;
use reqwest::Method;
use serde_json::{Value, json};
use tonic::{Code, Status};

use crate::stage::{Stage, on_both_databases, succeeded};
use crate::wire::{Answer, reason_of};

on_both_databases! {
    a_checkpoint_that_is_reset_is_read_anew_without_loss_and_without_duplicates,
    checkpoints_are_listed_by_key_page_by_page,
    a_refused_record_is_listed_replayed_and_discarded,
}

async fn ask(stage: &Stage, method: Method, path: &str, body: Value) -> Answer {
    let request =
        stage.server.http.request(method, stage.server.url(path)).bearer_auth(stage.server.token("admin").await);
    Answer::to(if body.is_null() { request } else { request.json(&body) }).await
}

async fn checkpoint(stage: &Stage, key: &str) -> Result<StreamCheckpoint, Status> {
    let asked = stage.amber.ingestion().get_checkpoint(GetCheckpointRequest { key: key.to_owned() }).await?;
    Ok(asked.into_inner().checkpoint.expect("it is answered"))
}

async fn a_checkpoint_that_is_reset_is_read_anew_without_loss_and_without_duplicates(backend: Backend) {
    let Some(stage) = Stage::on(backend).await else { return };
    stage.add("ada").await;
    stage.write("ada", 6);
    assert_eq!(succeeded(&stage.run().await).inserted, 6);
    let before = checkpoint(&stage, "x:ada").await.unwrap();
    assert!(!before.high_water_mark.is_empty() && before.json.contains(&before.high_water_mark), "{before:?}");

    let reset = ResetCheckpointRequest { key: "x:ada".to_owned() };
    stage.amber.ingestion().reset_checkpoint(reset).await.expect("an admin may");
    let empty = checkpoint(&stage, "x:ada").await.unwrap();
    assert!(empty.high_water_mark.is_empty() && empty.version > before.version, "{empty:?}");
    assert_eq!(stage.stored().await.len(), 6, "nothing that is stored is deleted");
    stage.write("ada", 1);
    let anew = succeeded(&stage.run().await);
    assert_eq!((anew.inserted, anew.unchanged), (1, 6), "a new stream would read the same");
    stage.assert_complete(&["ada"]).await;

    let reset = ask(&stage, Method::DELETE, "/api/ingestion/checkpoints/x:ada%23backfill", Value::Null).await;
    assert_eq!((reset.status, reset.json()), (200, json!({ "success": true })));
    for (path, status) in [("x:nobody", 404), ("nonsense", 400), ("x%20y:z", 400), ("%FF", 400)] {
        for method in [Method::GET, Method::DELETE] {
            let refused = ask(&stage, method, &format!("/api/ingestion/checkpoints/{path}"), Value::Null).await;
            assert_eq!(refused.status, status, "{path}");
            refused.problem(path);
        }
    }
    let unknown = checkpoint(&stage, "fb:page").await.expect_err("there is none");
    assert_eq!(reason_of(&unknown, "fb:page"), (Code::NotFound, ErrorReason::CheckpointNotFound));
    let bad = checkpoint(&stage, "page").await.expect_err("it is no key");
    assert_eq!(reason_of(&bad, "page"), (Code::InvalidArgument, ErrorReason::FieldInvalid));
}

async fn checkpoints_are_listed_by_key_page_by_page(backend: Backend) {
    let Some(stage) = Stage::on(backend).await else { return };
    for handle in ["cyd", "ada", "bob"] {
        stage.add(handle).await;
    }
    succeeded(&stage.run().await);
    let by_pages = ListCheckpointsRequest { page_size: 1, ..Default::default() };
    let listed: Vec<StreamCheckpoint> = stage.amber.checkpoints(by_pages).try_collect().await.unwrap();
    let mut keys: Vec<&str> = listed.iter().map(|checkpoint| checkpoint.key.as_str()).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["x:ada", "x:ada#backfill", "x:bob", "x:bob#backfill", "x:cyd", "x:cyd#backfill"]);

    let first = ask(&stage, Method::GET, "/api/ingestion/checkpoints?page_size=4", Value::Null).await.json();
    let rest = format!("/api/ingestion/checkpoints?cursor={}", first["next_cursor"].as_str().unwrap());
    let rest = ask(&stage, Method::GET, &rest, Value::Null).await.json();
    let shown = [&first, &rest].map(|page| page["checkpoints"].as_array().unwrap().clone()).concat();
    let shown: Vec<_> = shown.iter().map(|checkpoint| checkpoint["key"].as_str().unwrap()).collect();
    let in_order: Vec<_> = listed.iter().map(|checkpoint| checkpoint.key.as_str()).collect();
    assert_eq!(shown, in_order);
    assert_eq!(rest["next_cursor"], Value::Null);
}

async fn a_refused_record_is_listed_replayed_and_discarded(backend: Backend) {
    let Some(stage) = Stage::on(backend).await else { return };
    let leader = stage.add("ada").await;
    stage.write("ada", 3);
    stage.x.fail_next(1, Fault::MalformedRecord);
    assert_eq!(succeeded(&stage.run().await).quarantined, 1);
    let list = |status: QuarantineStatus| {
        let asked = ListQuarantineRequest { status: status.into(), leader_id: leader.clone(), ..Default::default() };
        stage.amber.quarantine(asked).try_collect::<Vec<QuarantinedRecord>>()
    };
    let open = list(QuarantineStatus::Open).await.unwrap();
    let [record] = open.as_slice() else { panic!("{open:?}") };
    assert!(!record.reason.is_empty() && serde_json::from_str::<Value>(&record.raw).is_ok(), "{record:?}");
    assert_eq!((record.leader_id.as_str(), record.attempts), (leader.as_str(), 0));

    // It was broken on the way: no later reading makes a post of it.
    let replay = ReplayQuarantineRequest { leader_id: leader.clone(), ..Default::default() };
    let replayed = stage.amber.ingestion().replay_quarantine(replay).await.unwrap().into_inner();
    assert_eq!((replayed.stored, replayed.refused, replayed.passed_over), (0, 1, 0));
    assert_eq!(list(QuarantineStatus::Open).await.unwrap()[0].attempts, 1);
    let again = ask(&stage, Method::POST, "/api/ingestion/quarantine/replay", json!({ "ids": [record.id] })).await;
    assert_eq!(again.json(), json!({ "stored": 0, "refused": 1, "passed_over": 0 }));

    let discard = DiscardQuarantineRequest { ids: vec![record.id.clone()] };
    let discarded = stage.amber.ingestion().discard_quarantine(discard.clone()).await.unwrap().into_inner();
    assert_eq!((discarded.discarded, discarded.passed_over), (1, 0));
    let twice = stage.amber.ingestion().discard_quarantine(discard).await.unwrap().into_inner();
    assert_eq!((twice.discarded, twice.passed_over), (0, 1));
    assert_eq!(list(QuarantineStatus::Open).await.unwrap(), []);
    assert!(list(QuarantineStatus::Discarded).await.unwrap()[0].close_time.is_some());
    let shown = ask(&stage, Method::GET, "/api/ingestion/quarantine?status=discarded", Value::Null).await.json();
    assert_eq!((&shown["records"][0]["id"], &shown["next_cursor"]), (&json!(record.id), &Value::Null));
    let nobody = ask(&stage, Method::GET, "/api/ingestion/quarantine?leader=nobody", Value::Null).await.json();
    assert_eq!(nobody["records"], json!([]), "an id that nobody has matches nothing");
    stage.advance(Duration::from_hours(2));
    stage.run_dry().await;
}

#[tokio::test]
async fn a_bad_request_about_records_is_refused_with_its_reason() {
    let stage = Stage::on(Backend::Sqlite).await.expect("SQLite is always there");
    let expected = (Code::InvalidArgument, ErrorReason::FieldInvalid);
    let id = "00000000-0000-4000-8000-000000000000".to_owned();
    let cases = [
        (Vec::new(), ""),
        (vec!["nope".to_owned()], ""),
        (vec![id.clone(); 101], ""),
        (vec![id.clone()], id.as_str()),
        (Vec::new(), "nope"),
    ];
    for (ids, leader) in cases {
        let what = format!("{} ids and the leader {leader:?}", ids.len());
        let body = json!({ "ids": ids, "leaderId": leader });
        assert_eq!(ask(&stage, Method::POST, "/api/ingestion/quarantine/replay", body).await.status, 400, "{what}");
        let asked = ReplayQuarantineRequest { ids: ids.clone(), leader_id: leader.to_owned() };
        let refusal = stage.amber.ingestion().replay_quarantine(asked).await.expect_err(&what);
        assert_eq!(reason_of(&refusal, &what), expected, "{what}");
        if leader.is_empty() {
            let refusal = stage.amber.ingestion().discard_quarantine(DiscardQuarantineRequest { ids }).await;
            assert_eq!(reason_of(&refusal.expect_err(&what), &what), expected, "{what}");
        }
    }
    for bad in ["status=odd", "page_size=-1", "page_size=x", "cursor=nonsense"] {
        let refused = ask(&stage, Method::GET, &format!("/api/ingestion/quarantine?{bad}"), Value::Null).await;
        assert_eq!(refused.status, 400, "{bad}");
        refused.problem(bad);
    }
    let odd = ListQuarantineRequest { status: 99, ..Default::default() };
    let refusal = stage.amber.ingestion().list_quarantine(odd).await.expect_err("no such status");
    assert_eq!(reason_of(&refusal, "status 99"), expected);
}
