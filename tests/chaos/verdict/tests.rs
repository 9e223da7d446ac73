//! Every rule is shown a history that breaks it.

use serde_json::json;

use super::*;
use crate::history::{Post, Run, Stream};

const LEADER: Uuid = Uuid::from_u128(1);
const STREAM: Uuid = Uuid::from_u128(2);
const RUN: Uuid = Uuid::from_u128(3);

fn commit(version: i64, top: i64, inserted: i64) -> Commit {
    Commit {
        stream_id: STREAM,
        cursor_version: version,
        lease_epoch: version + 4,
        run_id: Some(RUN),
        cursor: json!({"top": top, "gaps": []}),
        counters: Counters { fetched: inserted + 1, inserted, unchanged: 1, ..Counters::default() },
    }
}

/// Three posts in two pages of one run, and one deleted post that was never stored.
fn sound() -> (History, Truth) {
    let post = |id: &str| Post {
        root_id: id.to_owned(),
        external_id: format!("{id}0"),
        leader_id: LEADER,
        posted_at: 5 * DAY + 7,
    };
    let history = History {
        posts: ["11", "12", "13"].map(post).into(),
        streams: vec![Stream { id: STREAM, cursor: json!({"top": 130, "gaps": []}), cursor_version: 2 }],
        commits: vec![commit(1, 120, 2), commit(2, 130, 1)],
        runs: vec![Run {
            id: RUN,
            trigger: "schedule".to_owned(),
            tick: Some(7),
            ended_at: Some(8),
            status: "succeeded".to_owned(),
            pages: 2,
            counters: Counters { fetched: 5, inserted: 3, unchanged: 2, ..Counters::default() },
        }],
        tasks: 0,
        counts: [((LEADER, 5), 3)].into(),
        refusals: 0,
    };
    let shown = ["11", "12", "13"].map(|id| (id.to_owned(), format!("{id}0"))).into();
    (history, Truth { shown, deleted: ["14".to_owned()].into() })
}

/// What is found after one thing went wrong.
#[track_caller]
fn after(goes_wrong: impl FnOnce(&mut History, &mut Truth)) -> String {
    let (mut history, mut truth) = sound();
    goes_wrong(&mut history, &mut truth);
    findings(&history, &truth).join("\n")
}

#[test]
fn a_sound_history_has_no_findings() {
    assert_eq!(after(|_, _| ()), "");
}

#[test]
fn a_deleted_post_may_be_stored_or_not() {
    let found = after(|_, truth| {
        truth.shown.remove("11");
        truth.deleted.insert("11".to_owned());
    });
    assert_eq!(found, "");
}

#[test]
fn a_lost_post_is_found() {
    let found = after(|_, truth| drop(truth.shown.insert("15".to_owned(), "15".to_owned())));
    assert_eq!(found, "post 15 is lost");
}

#[test]
fn a_post_that_is_stored_twice_is_found() {
    let found = after(|history, _| history.posts.push(history.posts[0].clone()));
    assert!(found.contains("post 11 is stored 2 times"), "{found}");
}

#[test]
fn a_post_that_was_never_on_x_is_found() {
    let found = after(|_, truth| drop(truth.shown.remove("12")));
    assert_eq!(found, "post 12 was never on X");
}

#[test]
fn an_old_version_is_found() {
    let found = after(|history, _| history.posts[0].external_id = "11".to_owned());
    assert_eq!(found, "post 11 is stored as of version 11");
}

#[test]
fn a_fork_a_hole_and_a_lost_tail_of_the_chain_are_found() {
    let fork = after(|history, _| history.commits[1].cursor_version = 1);
    assert!(fork.contains("is at 2, its chain is [1, 1]"), "{fork}");
    let hole = after(|history, _| {
        history.commits[1].cursor_version = 3;
        history.streams[0].cursor_version = 3;
    });
    assert!(hole.contains("is at 3, its chain is [1, 3]"), "{hole}");
    let tail = after(|history, _| history.streams[0].cursor_version = 3);
    assert!(tail.contains("is at 3, its chain is [1, 2]"), "{tail}");
    let orphan = after(|history, _| history.streams.clear());
    assert!(orphan.contains("has no stream"), "{orphan}");
}

#[test]
fn a_cursor_that_goes_back_is_found() {
    let found = after(|history, _| history.commits[1].cursor["top"] = json!(110));
    assert!(found.contains("version 2 of stream 00000000-0000-0000-0000-000000000002 goes back"), "{found}");
    let found = after(|history, _| history.streams[0].cursor["top"] = json!(140));
    assert!(found.contains("is not that of its last page"), "{found}");
}

#[test]
fn a_page_under_an_older_lease_is_found() {
    let found = after(|history, _| history.commits[1].lease_epoch = 4);
    assert_eq!(found, "version 2 of stream 00000000-0000-0000-0000-000000000002 is a zombie's");
}

#[test]
fn a_tick_of_two_runs_or_none_is_found() {
    let found = after(|history, _| {
        let other = Run { id: Uuid::from_u128(4), pages: 0, counters: Counters::default(), ..history.runs[0].clone() };
        history.runs.push(other);
    });
    assert_eq!(found, "tick 7 made 2 runs");
    for (trigger, tick) in [("schedule", None), ("manual", Some(7))] {
        let found = after(|history, _| {
            history.runs[0].trigger = trigger.to_owned();
            history.runs[0].tick = tick;
        });
        assert!(found.contains("has the tick"), "{trigger} {tick:?}: {found}");
    }
}

#[test]
fn a_run_or_a_task_without_an_end_is_found() {
    let found = after(|history, _| history.runs[0].ended_at = None);
    assert_eq!(found, "run 00000000-0000-0000-0000-000000000003 is succeeded for ever");
    assert_eq!(after(|history, _| history.tasks = 3), "3 tasks are left");
}

#[test]
fn an_open_gap_is_found() {
    let found = after(|history, _| {
        let gap = json!([{"lo": 1, "hi": 9, "cursor": 5}]);
        history.commits[1].cursor["gaps"] = gap.clone();
        history.streams[0].cursor["gaps"] = gap;
    });
    assert_eq!(found, "stream 00000000-0000-0000-0000-000000000002 has 1 gaps");
}

#[test]
fn a_ledger_that_does_not_balance_is_found() {
    let found = after(|history, _| {
        history.commits[0].counters.fetched += 1;
        history.runs[0].counters.fetched += 1;
    });
    assert_eq!(found, "version 1 of stream 00000000-0000-0000-0000-000000000002 is off");
    let found = after(|history, _| drop(history.posts.pop()));
    assert!(found.contains("the ledger has 3 posts, the table 2"), "{found}");
}

#[test]
fn a_run_that_counts_other_than_its_pages_is_found() {
    let found = after(|history, _| history.runs[0].counters.inserted += 1);
    assert!(found.starts_with("run 00000000-0000-0000-0000-000000000003 has (2"), "{found}");
    let found = after(|history, _| history.runs[0].pages = 1);
    assert!(found.starts_with("run 00000000-0000-0000-0000-000000000003 has (1"), "{found}");
}

#[test]
fn a_day_that_counts_other_than_its_posts_is_found() {
    let found = after(|history, _| history.counts = [((LEADER, 5), 2), ((LEADER, 6), 1)].into());
    assert!(found.starts_with("days count"), "{found}");
}

#[test]
fn a_refusal_is_found() {
    assert_eq!(after(|history, _| history.refusals = 2), "X had to refuse 2 requests");
}

#[test]
fn of_many_findings_a_few_are_shown() {
    let found = after(|_, truth| truth.shown.extend((20..40).map(|id| (id.to_string(), id.to_string()))));
    assert_eq!(found.lines().count(), SHOWN + 1, "{found}");
    assert!(found.ends_with("and 15 more like this"), "{found}");
}
