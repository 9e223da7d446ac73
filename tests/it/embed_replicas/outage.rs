//! Without the database nothing is let in, whatever Redis says.

use std::time::Duration;

use amber_tests::{Flaky, Postgres};
use serde_json::json;
use tokio::time::Instant;

use super::pair::{Door, Replica, pair_on};

/// The longest that a call waits for the database (5 s), and some grace for a busy machine.
const LIMIT: Duration = Duration::from_secs(9);
const CLOSED: [&str; 2] = ["REPLAY_STORE_UNAVAILABLE", "DATABASE_UNAVAILABLE"];

/// How the database goes away.
#[derive(Debug, Clone, Copy)]
enum Loss {
    Frozen,
    Stopped,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_database_closes_every_door() {
    outage(Loss::Frozen).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_database_closes_every_door() {
    outage(Loss::Stopped).await;
}

async fn outage(loss: Loss) {
    let Some(postgres) = Postgres::shared() else { return };
    let (flaky, database) = Flaky::before_database(&postgres.database().await);
    let Some((programs, mut redis)) = pair_on(&database) else { return };
    let replicas = Replica::of(&programs).await;
    let long = json!({ "dashboardId": "d", "ttl": 300 });
    let (used, fresh) = (replicas[0].issue_for(&long).await.0, replicas[0].issue_for(&long).await.0);
    assert_eq!(replicas[0].open(Door::Rpc, &used).await, Ok(()));
    match loss {
        Loss::Frozen => flaky.stall().await,
        Loss::Stopped => flaky.cut().await,
    }
    for with_redis in [true, false] {
        if !with_redis {
            redis.stop();
        }
        for (token, door) in [(&used, Door::Rpc), (&fresh, Door::Rpc), (&used, Door::Frame), (&fresh, Door::Frame)] {
            let started = Instant::now();
            let refused = replicas[1].open(door, token).await.expect_err("nothing can be known");
            assert!(CLOSED.contains(&refused.as_str()), "{loss:?}, Redis {with_redis}, {door:?}: {refused}");
            assert!(started.elapsed() < LIMIT, "{loss:?}, Redis {with_redis}, {door:?}: {:?}", started.elapsed());
        }
    }
    flaky.heal().await;
    redis.restart();
    assert_eq!(replicas[1].open(Door::Frame, &fresh).await, Ok(()), "what was refused was not used up");
    for replica in &replicas {
        let replayed = Err("TOKEN_REPLAYED".to_owned());
        assert_eq!(
            (replica.open(Door::Rpc, &used).await, replica.open(Door::Frame, &fresh).await),
            (replayed.clone(), replayed)
        );
    }
}
