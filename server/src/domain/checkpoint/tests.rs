//! What a checkpoint is after pages, ends, refusals and waits.

use super::*;

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

fn at(hour: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + hour * 3_600).unwrap()
}

fn id(hour: i64) -> ExternalId {
    first_snowflake_at(at(hour))
}

#[test]
fn the_head_asks_again_for_the_overlap() {
    let state = Checkpoint::started(id(1), id(5));
    assert_eq!(state.head_since(HOUR), Some(id(4)));
    assert_eq!(Checkpoint::default().head_since(Duration::ZERO), None);
}

#[test]
fn a_head_page_opens_a_gap_and_only_its_end_closes_it() {
    let state = Checkpoint::started(id(0), id(1)).with_head_page(id(1), id(8), id(9));
    let gap = state.gaps[0];
    assert_eq!((gap.lo, gap.hi, gap.cursor), (id(1).0, id(9).0, id(8).0));
    assert_eq!(state.high_water, Some(id(0).0 - 1), "the mark must not pass a gap");

    let state = state.with_gap_page(gap, id(3));
    let gap = state.gaps[0];
    assert_eq!(gap.cursor, id(3).0);

    let state = state.without_gap(gap);
    assert!(state.gaps.is_empty());
    assert_eq!(state.high_water, Some(id(9).0));
}

#[test]
fn a_stream_that_never_catches_up_keeps_a_bounded_state_and_loses_nothing() {
    let mut state = Checkpoint::started(id(0), id(1));
    for hour in 1..500 {
        state = state.with_head_page(id(hour), id(hour + 2), id(hour + 3));
    }
    assert_eq!(state.gaps.len(), Checkpoint::MAX_GAPS);
    for hour in 1..500 {
        let missing = id(hour).0 + 1;
        assert!(state.gaps.iter().any(|gap| gap.lo < missing && missing < gap.cursor), "hour {hour}");
    }
}

#[test]
fn the_mark_waits_for_the_last_gap() {
    let state =
        Checkpoint::started(id(0), id(1)).with_head_page(id(1), id(4), id(5)).with_head_page(id(5), id(8), id(9));
    let closed_newer = state.without_gap(state.gaps[1]);
    assert_eq!(closed_newer.high_water, Some(id(0).0 - 1));
    assert_eq!(closed_newer.without_gap(closed_newer.gaps[0]).high_water, Some(id(9).0));
}

#[test]
fn a_deep_look_reaches_a_day_back_and_as_far_as_the_last_one() {
    let state = Checkpoint { deep_at: Some(at(90)), ..Checkpoint::started(id(0), id(100)) };
    assert_eq!(state.deep_since(HOUR, DAY), Some(id(76)), "a day before the newest post");
    let state = Checkpoint { deep_at: Some(at(50)), ..state };
    assert_eq!(state.deep_since(HOUR, DAY), Some(id(49)), "the last look, when that is longer ago");
    assert!(state.is_deep_due(at(74), DAY) && !state.is_deep_due(at(73), DAY));
    assert!(Checkpoint::default().is_deep_due(at(0), DAY));
    assert_eq!(Checkpoint::default().deep_since(HOUR, DAY), None);
}

#[test]
fn a_deep_look_leaves_what_is_below_the_first_read_to_the_backfill() {
    let state = Checkpoint::started(id(95), id(100));
    assert_eq!(state.deep_since(HOUR, DAY), Some(id(94)));
    let quiet = Checkpoint::started(id(100), id(100));
    assert_eq!(quiet.deep_since(HOUR, DAY), quiet.head_since(HOUR), "never less than any other look");
}

#[test]
fn a_deep_look_takes_the_gaps_that_it_covers_with_it_but_for_stuck_ones() {
    let state = Checkpoint::started(id(0), id(10))
        .with_head_page(id(10), id(19), id(20))
        .with_head_page(id(20), id(29), id(30))
        .with_head_page(id(5), id(40), id(40));
    assert_eq!(state.gaps, [Gap::new(id(5).0, id(40).0, id(40).0)]);

    let state = Checkpoint::started(id(0), id(10)).with_head_page(id(10), id(19), id(20));
    let state = state.with_gap_stuck(state.gaps[0], at(30)).with_head_page(id(5), id(40), id(40));
    assert_eq!(state.gaps.len(), 2);
}

#[test]
fn a_gap_remembers_since_when_it_is_stuck_until_it_moves() {
    let state = Checkpoint::started(id(0), id(1)).with_head_page(id(1), id(8), id(9));
    let state = state.with_gap_stuck(state.gaps[0], at(10));
    let state = state.with_gap_stuck(state.gaps[0], at(20));
    assert_eq!(state.gaps[0].stuck_since, Some(at(10)));
    let state = state.with_gap_page(state.gaps[0], id(5));
    assert_eq!(state.gaps[0].stuck_since, None);
}

#[test]
fn a_gap_that_was_given_up_no_longer_holds_back_the_mark() {
    let state = Checkpoint::started(id(0), id(1)).with_head_page(id(1), id(8), id(9));
    let gap = state.gaps[0];
    let state = state.with_gap_given_up(gap, at(40), GivenUp::Stuck);
    assert_eq!((state.gaps.len(), state.high_water), (0, Some(id(9).0)));
    let lost = Unreachable { lo: id(1).0, hi: id(8).0, since: at(40), reason: GivenUp::Stuck };
    assert_eq!(state.unreachable, [lost]);

    let state = state.with_head_page(id(0), id(10), id(11));
    let state = state.without_gap(state.gaps[0]);
    assert_eq!(state.unreachable, [], "a later look read it after all");
}

#[test]
fn what_was_given_up_stays_bounded_and_covers_all() {
    let mut state = Checkpoint::started(id(0), id(1));
    for hour in 1..200 {
        state = state.with_head_page(id(hour), id(hour + 2), id(hour + 3));
        state = state.with_gap_given_up(state.gaps[0], at(500), GivenUp::Limit);
    }
    assert_eq!(state.unreachable.len(), Checkpoint::MAX_GAPS);
    for hour in 1..200 {
        let missing = id(hour).0 + 1;
        assert!(state.unreachable.iter().any(|lost| lost.lo < missing && missing < lost.hi), "hour {hour}");
    }
}

#[test]
fn a_checkpoint_of_before_these_fields_is_read() {
    let old = r#"{"high_water":7,"top":9,"gaps":[{"lo":1,"hi":9,"cursor":5}]}"#;
    let read: Checkpoint = serde_json::from_str(old).unwrap();
    let expected =
        Checkpoint { high_water: Some(7), top: Some(9), gaps: vec![Gap::new(1, 9, 5)], ..Checkpoint::default() };
    assert_eq!(read, expected);
}

#[test]
fn a_checkpoint_survives_being_written_down() {
    let state = Checkpoint::default().backfill_below(id(9)).seen_deep(at(3));
    let state = state.with_gap_stuck(state.gaps[0], at(4)).with_head_page(id(10), id(12), id(12));
    let state = state.with_gap_given_up(state.gaps[1], at(5), GivenUp::Limit);
    let state = Checkpoint { bounded: true, account_since: Some(at(6)), ..state }.of_account(UserId(7));
    let written = serde_json::to_string(&state).unwrap();
    assert_eq!(serde_json::from_str::<Checkpoint>(&written).unwrap(), state);
}

#[test]
fn what_a_clock_that_ran_far_ahead_wrote_down_is_not_believed() {
    let ahead = Checkpoint::started_empty(at(9_999)).seen_deep(at(9_999));
    assert_eq!(ahead.clone().believed(at(50)), Checkpoint::default(), "it would hide all posts until then");
    assert_eq!(ahead.clone().believed(at(9_999)), ahead);
    let read = Checkpoint::started(id(0), id(1));
    assert_eq!(read.clone().seen_deep(at(9_999)).believed(at(50)), read, "the next look is from far back");
    for known in [Checkpoint::started_empty(at(9_999)), read] {
        let since = |told| Checkpoint { account_since: Some(told), ..known.clone() }.believed(at(50)).account_since;
        assert_eq!((since(at(50)), since(at(9_999))), (Some(at(50)), None), "all posts would be of before");
    }
}

#[test]
fn a_checkpoint_is_used_for_its_own_account_alone() {
    let unknown = Checkpoint::started(id(3), id(9));
    assert_eq!(unknown.clone().for_account(UserId(7), at(1)), unknown, "one of before accounts were written down");
    let known = unknown.of_account(UserId(7));
    assert_eq!(known.clone().for_account(UserId(7), at(1)), known);
    let other = known.for_account(UserId(8), at(1));
    assert_eq!(other, Checkpoint { account_since: Some(at(1)), ..Checkpoint::default() });
}
