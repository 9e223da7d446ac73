//! Accounts that cannot be read, that change, or that are not found at once.

use std::time::Duration;

use amber_sdk::v1::LeaderState;
use amber_server::sandbox::{Fault, UserState};
use amber_tests::Backend;
use sea_orm::{ConnectionTrait, Database, Statement};
use tokio::time::{sleep, timeout};

use crate::stage::{PATIENCE, Stage, end_of, on_both_databases, run, succeeded};

on_both_databases! {
    an_account_that_cannot_be_read_is_a_state_and_no_failure,
    a_new_handle_does_not_lose_a_leader,
    a_leader_that_was_away_comes_back_under_a_new_handle,
    a_lookup_that_is_refused_does_not_keep_known_leaders_from_being_read,
    how_many_posts_x_counts_is_known_as_of_the_last_reading,
}

async fn state_of(stage: &Stage, leader: &str) -> LeaderState {
    let status = stage.status().await;
    status.leaders.iter().find(|progress| progress.leader_id == leader).expect("every leader is listed").state()
}

async fn an_account_that_cannot_be_read_is_a_state_and_no_failure(backend: Backend) {
    let Some(stage) = Stage::on(backend).await else { return };
    let states = [
        ("locked", UserState::Protected, LeaderState::Protected),
        ("banned", UserState::Suspended, LeaderState::Suspended),
        ("gone", UserState::Deactivated, LeaderState::NotFound),
    ];
    stage.add("ada").await;
    stage.write("ada", 2);
    let nobody = stage.follow("nobody").await;
    let mut leaders = Vec::new();
    for (handle, on_x, expected) in states {
        leaders.push((stage.add(handle).await, expected));
        stage.write(handle, 2);
        stage.x.set_state(handle, on_x).unwrap();
    }
    assert_eq!(succeeded(&stage.run().await).inserted, 2);
    stage.assert_complete(&["ada"]).await;
    for (leader, expected) in &leaders {
        assert_eq!(state_of(&stage, leader).await, *expected);
    }
    assert_eq!(state_of(&stage, &nobody).await, LeaderState::NotFound);

    // Those who come back are read; who leaves after being read is noticed.
    stage.x.set_state("ada", UserState::Suspended).unwrap();
    for (handle, ..) in states {
        stage.x.set_state(handle, UserState::Active).unwrap();
    }
    assert_eq!(succeeded(&stage.run().await).inserted, 6);
    stage.assert_complete(&["ada", "locked", "banned", "gone"]).await;
    let [active, banned] = [LeaderState::Active, LeaderState::Suspended];
    assert_eq!(state_of(&stage, &leaders[0].0).await, active);
    assert!(stage.status().await.leaders.iter().any(|l| l.handle == "ada" && l.state() == banned));
}

async fn a_new_handle_does_not_lose_a_leader(backend: Backend) {
    let Some(stage) = Stage::on(backend).await else { return };
    stage.add("ada").await;
    stage.write("ada", 2);
    succeeded(&stage.run().await);
    stage.x.rename("ada", "lovelace").unwrap();
    stage.write("lovelace", 3);
    assert_eq!(succeeded(&stage.run().await).inserted, 3);
    stage.assert_complete(&["lovelace"]).await;
    assert_eq!(stage.stored().await[0].author.as_ref().unwrap().handle, "lovelace");
}

async fn a_leader_that_was_away_comes_back_under_a_new_handle(backend: Backend) {
    let Some(stage) = Stage::on(backend).await else { return };
    let leader = stage.add("ada").await;
    stage.write("ada", 2);
    succeeded(&stage.run().await);
    stage.x.set_state("ada", UserState::Protected).unwrap();
    succeeded(&stage.run().await);
    assert_eq!(state_of(&stage, &leader).await, LeaderState::Protected);

    stage.x.rename("ada", "lovelace").unwrap();
    stage.x.set_state("lovelace", UserState::Active).unwrap();
    stage.x.add_user("Somebody else", "ada").unwrap();
    stage.write("ada", 2);
    stage.write("lovelace", 2);
    assert_eq!(succeeded(&stage.run().await).inserted, 2);
    stage.assert_complete(&["lovelace"]).await;
    assert_eq!(state_of(&stage, &leader).await, LeaderState::Active);
}

async fn a_lookup_that_is_refused_does_not_keep_known_leaders_from_being_read(backend: Backend) {
    let Some(stage) = Stage::on(backend).await else { return };
    stage.add("ada").await;
    stage.write("ada", 2);
    succeeded(&stage.run().await);
    stage.write("ada", 2);
    let bob = stage.add("bob").await;
    stage.write("bob", 2);
    stage.x.fail_next(1, Fault::RateLimited { retry_after: Some(Duration::from_mins(5)), reset: None });
    let refused = stage.ask_for(&[&bob]).await;
    let told = async {
        while stage.status().await.rate_limited_until.is_none() {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, told).await.expect("the refused lookup is told");
    let asked = stage.ask().await;
    let read = async {
        while run(&stage.amber, &asked).await.leaders_done < 1 {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, read).await.expect("the known leader is read");
    stage.assert_complete(&["ada"]).await;
    stage.advance(Duration::from_mins(6));
    let mut inserted = 0;
    for run in [refused, asked] {
        inserted += succeeded(&end_of(&stage.amber, &run).await).inserted;
    }
    assert_eq!(inserted, 4);
    stage.assert_complete(&["ada", "bob"]).await;
}

async fn how_many_posts_x_counts_is_known_as_of_the_last_reading(backend: Backend) {
    let Some(stage) = Stage::on(backend).await else { return };
    let database = Database::connect(stage.server.database()).await.unwrap();
    let query = Statement::from_string(database.get_database_backend(), "SELECT x_post_count FROM leaders");
    stage.add("ada").await;
    // The first time the account is looked up, later its posts are read alone.
    for written in [2, 3, 1] {
        stage.write("ada", written);
        succeeded(&stage.run().await);
        let counted: i64 = database.query_one_raw(query.clone()).await.unwrap().unwrap().try_get_by_index(0).unwrap();
        assert_eq!(counted, i64::try_from(stage.stored().await.len()).unwrap());
    }
}
