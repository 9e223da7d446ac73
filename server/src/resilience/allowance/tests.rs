//! The laws by which limits are learnt.

use jiff::ToSpan;
use proptest::prelude::*;

use super::WindowKind::{AppDay, Short};
use super::*;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

/// A window of 60 calls that is over `seconds` after the start.
fn window(remaining: u64, seconds: i64) -> Window {
    Window { limit: Some(60), remaining, reset: NOW + seconds.seconds(), over_at: NOW + seconds.seconds() }
}

fn knowing(told: &[(WindowKind, Window)]) -> Allowance {
    let mut allowance = Allowance::default();
    for (kind, window) in told {
        allowance.learn(*kind, *window);
    }
    allowance
}

#[test]
fn of_the_same_window_the_smaller_rest_counts() {
    let allowance = knowing(&[(Short, window(40, 900)), (Short, window(37, 900)), (Short, window(39, 900))]);
    assert_eq!(allowance.short().unwrap().remaining, 37);
}

#[test]
fn a_later_window_replaces_and_an_earlier_one_is_ignored() {
    let mut allowance = knowing(&[(Short, window(0, 900)), (Short, window(59, 1_800))]);
    assert_eq!(allowance.short().unwrap().remaining, 59);
    allowance.learn(Short, window(0, 900));
    assert_eq!((allowance.short().unwrap().remaining, allowance.resting_until(NOW)), (59, None));
}

#[test]
fn calls_under_way_are_taken_off_once() {
    let allowance = knowing(&[(Short, window(10, 900))]);
    assert_eq!([0, 3, 10, 12].map(|under_way| allowance.permits(NOW, under_way, under_way)), [10, 7, 0, 0]);
}

#[test]
fn a_call_whose_answer_is_lost_is_taken_off_every_window_that_goes_on() {
    let mut allowance = knowing(&[(Short, window(1, 900)), (AppDay, window(3, 40_000))]);
    allowance.lost(NOW, 1);
    assert_eq!(allowance.resting_until(NOW), Some(NOW + 900.seconds()));
    // The window of a quarter of an hour is over by then.
    allowance.lost(NOW + 900.seconds(), 1);
    assert_eq!(allowance.permits(NOW + 900.seconds(), 0, 0), 1);
    allowance.lost(NOW + 900.seconds(), 5);
    assert_eq!(allowance.resting_until(NOW + 900.seconds()), Some(NOW + 40_000.seconds()));
}

#[test]
fn a_used_up_window_rests_until_it_is_over() {
    let allowance = knowing(&[(Short, window(0, 900))]);
    assert_eq!(allowance.resting_until(NOW), Some(NOW + 900.seconds()));
    assert_eq!(allowance.resting_until(NOW + 900.seconds()), None);
}

#[test]
fn the_latest_of_the_used_up_windows_counts() {
    let allowance = knowing(&[(Short, window(0, 900)), (AppDay, window(0, 40_000))]);
    assert_eq!(allowance.resting_until(NOW), Some(NOW + 40_000.seconds()));
    let left = knowing(&[(Short, window(20, 900)), (AppDay, window(3, 40_000))]);
    assert_eq!((left.resting_until(NOW), left.permits(NOW, 1, 1)), (None, 2));
    assert_eq!(left.permits(NOW + 901.seconds(), 0, 0), 3, "the day's window bounds probes too");
}

#[test]
fn an_unknown_window_lets_few_calls_through_and_is_not_used_up() {
    let mut allowance = Allowance::default();
    assert_eq!(
        (allowance.permits(NOW, 0, 0), allowance.permits(NOW, 1, 1)),
        (1, 0),
        "nothing is known: a window may hold one"
    );
    allowance.admitted();
    assert_eq!([0, 3, 4].map(|recent| allowance.permits(NOW, 4, recent)), [4, 1, 0], "windows are never told");
    let over = knowing(&[(Short, window(0, 900))]);
    assert_eq!(over.permits(NOW + 900.seconds(), 0, 0), 4);
    let tiny = Window { limit: Some(2), ..window(0, 900) };
    assert_eq!(knowing(&[(Short, tiny)]).permits(NOW + 900.seconds(), 0, 0), 2, "not more than the next one can hold");
}

#[test]
fn a_refusal_rests_within_its_bounds() {
    let refusal = |seconds, longest, unit| Refusal {
        rest: Duration::from_secs(seconds),
        longest: Duration::from_secs(longest),
        unit,
    };
    for (refusal, expected) in [
        (refusal(0, 900, 0.0), 1_000),
        (refusal(5_000, 900, 0.0), 900_000),
        (refusal(5_000, 86_400, 0.0), 5_000_000),
        (refusal(100, 900, 0.5), 101_000),
        (refusal(10, 900, 1.0), 11_000),
    ] {
        let mut allowance = Allowance::default();
        let until = allowance.refused(NOW, refusal);
        assert_eq!((until.as_millisecond(), allowance.resting_until(NOW)), (expected, Some(until)), "{refusal:?}");
    }
}

#[test]
fn refusals_are_counted_until_a_call_is_admitted() {
    let mut allowance = Allowance::default();
    let refusal = Refusal { rest: Duration::from_secs(1), longest: Duration::from_mins(15), unit: 0.0 };
    allowance.refused(NOW, refusal);
    allowance.refused(NOW, refusal);
    assert_eq!(allowance.refusals(), 2);
    allowance.admitted();
    assert_eq!((allowance.refusals(), allowance.resting_until(NOW)), (0, Some(NOW + 1.second())));
}

#[test]
fn what_is_written_down_reads_the_same() {
    let mut allowance = knowing(&[(Short, window(7, 900)), (AppDay, window(0, 40_000))]);
    allowance.refused(NOW, Refusal { rest: Duration::from_secs(9), longest: Duration::from_mins(15), unit: 0.3 });
    let written = serde_json::to_value(&allowance).unwrap();
    assert_eq!(serde_json::from_value::<Allowance>(written).unwrap(), allowance);
}

fn answers() -> impl Strategy<Value = Vec<(WindowKind, Window)>> {
    let kind = prop_oneof![Just(Short), Just(AppDay)];
    let answer = (kind, 0_u64..5, 1_i64..4).prop_map(|(kind, left, reset)| (kind, window(left, reset * 900)));
    prop::collection::vec(answer, 0..12)
}

proptest! {
    #[test]
    fn the_order_of_answers_and_their_repetition_do_not_matter(told in answers(), turns in 0_usize..12, again in answers()) {
        let mut turned: Vec<_> = told.iter().chain(&again).copied().collect();
        if !turned.is_empty() {
            let turns = turns % turned.len();
            turned.rotate_left(turns);
        }
        turned.extend(told.iter().rev());
        let plain: Vec<_> = told.into_iter().chain(again).collect();
        prop_assert_eq!(knowing(&plain), knowing(&turned));
    }

    #[test]
    fn another_answer_of_a_window_never_gives_permits_back(told in answers(), left in 0_u64..5, under_way in 0_u64..5) {
        let mut allowance = knowing(&told);
        let Some(known) = allowance.short().copied() else { return Ok(()) };
        let before = allowance.permits(NOW, under_way, under_way);
        allowance.learn(Short, Window { remaining: left, ..known });
        prop_assert!(allowance.permits(NOW, under_way, under_way) <= before);
    }
}

#[test]
fn what_a_clock_that_ran_far_ahead_wrote_down_is_not_believed() {
    let later = NOW + 31_536_000.seconds();
    let mut allowance = knowing(&[(Short, Window { over_at: later + 900.seconds(), ..window(0, 900) })]);
    let refusal = Refusal { rest: Duration::from_mins(15), longest: Duration::from_mins(15), unit: 0.0 };
    allowance.refused(later, refusal);
    let believed = allowance.clone().believed(NOW);
    assert_eq!((believed.resting_until(NOW), believed.short()), (None, None));
    assert_eq!(allowance.clone().believed(later), allowance, "the clock was right");

    let longest = Refusal { rest: Duration::from_hours(24), longest: Duration::from_hours(24), unit: 1.0 };
    let mut right = knowing(&[(Short, window(0, 900)), (AppDay, window(0, 86_400))]);
    right.refused(NOW, longest);
    assert_eq!(right.clone().believed(NOW), right, "nothing is longer than this");
}
