//! Tests of the circuit breaker on a clock that is moved by hand.

use proptest::prelude::*;

use super::*;

const SETTINGS: BreakerSettings =
    BreakerSettings { failure_threshold: 5, open_for: Duration::from_mins(5), probe_for: Duration::from_mins(1) };

/// A breaker and its time.
#[derive(Default)]
struct Bench {
    circuit: Circuit,
    now: Timestamp,
}

impl Bench {
    fn opened() -> Self {
        let mut bench = Self::default();
        bench.fail(5);
        bench
    }

    fn pass(&mut self) -> Result<Pass, Open> {
        self.circuit.pass(self.now, &SETTINGS)
    }

    fn fail(&mut self, times: u32) {
        for _ in 0..times {
            let pass = self.pass().unwrap();
            self.circuit.fail(pass, self.now, &SETTINGS);
        }
    }

    fn state(&self) -> BreakerState {
        self.circuit.snapshot(self.now, &SETTINGS).state
    }

    fn advance(&mut self, by: Duration) {
        self.now += by;
    }
}

#[test]
fn five_failures_in_a_row_open_it_for_five_minutes() {
    let mut bench = Bench::default();
    assert_eq!(BreakerSettings::default(), SETTINGS);
    bench.fail(4);
    assert_eq!(bench.state(), BreakerState::Closed);
    bench.fail(1);
    let open_for = SETTINGS.open_for;
    let expected = BreakerSnapshot { state: BreakerState::Open, consecutive_failures: 5, open_for: Some(open_for) };
    assert_eq!(bench.circuit.snapshot(bench.now, &SETTINGS), expected);
    assert_eq!(bench.pass(), Err(Open { retry_after: open_for }));
    bench.advance(Duration::from_millis(299_999));
    assert_eq!(bench.pass(), Err(Open { retry_after: Duration::from_millis(1) }));
}

#[test]
fn a_success_in_between_starts_the_count_again() {
    let mut bench = Bench::default();
    bench.fail(4);
    let pass = bench.pass().unwrap();
    bench.circuit.succeed(pass);
    bench.fail(4);
    assert_eq!((bench.state(), bench.circuit.failures), (BreakerState::Closed, 4));
}

#[test]
fn a_half_open_breaker_lets_exactly_one_call_through() {
    let mut bench = Bench::opened();
    bench.advance(SETTINGS.open_for);
    assert_eq!(bench.state(), BreakerState::HalfOpen);
    let probe = bench.pass().unwrap();
    assert!(probe.is_probe);
    assert_eq!(bench.pass(), Err(Open { retry_after: Duration::ZERO }));
    bench.circuit.succeed(probe);
    let closed = BreakerSnapshot { state: BreakerState::Closed, consecutive_failures: 0, open_for: None };
    assert_eq!(bench.circuit.snapshot(bench.now, &SETTINGS), closed);
    assert!(!bench.pass().unwrap().is_probe);
}

#[test]
fn a_failed_probe_opens_it_again_for_the_whole_time() {
    let mut bench = Bench::opened();
    bench.advance(SETTINGS.open_for);
    bench.fail(1);
    assert_eq!(bench.pass(), Err(Open { retry_after: SETTINGS.open_for }));
}

#[test]
fn a_probe_that_is_never_told_of_leaves_its_place_when_its_time_is_over() {
    let mut bench = Bench::opened();
    bench.advance(SETTINGS.open_for);
    let lost = bench.pass().unwrap();
    bench.advance(SETTINGS.probe_for.checked_sub(Duration::from_millis(1)).unwrap());
    assert_eq!(bench.pass(), Err(Open { retry_after: Duration::ZERO }));
    bench.advance(Duration::from_millis(1));
    let next = bench.pass().unwrap();
    assert!(next.is_probe);
    bench.circuit.succeed(lost);
    assert_eq!(bench.state(), BreakerState::HalfOpen, "the lost probe has nothing to say any more");
    bench.circuit.succeed(next);
    assert_eq!(bench.state(), BreakerState::Closed);
}

#[test]
fn asking_whether_a_call_would_pass_takes_nothing() {
    let mut bench = Bench::opened();
    assert_eq!(bench.circuit.check(bench.now, &SETTINGS), Err(Open { retry_after: SETTINGS.open_for }));
    bench.advance(SETTINGS.open_for);
    assert_eq!(
        (bench.circuit.check(bench.now, &SETTINGS), bench.circuit.check(bench.now, &SETTINGS)),
        (Ok(()), Ok(()))
    );
    assert!(bench.pass().unwrap().is_probe);
    assert_eq!(bench.circuit.check(bench.now, &SETTINGS), Err(Open { retry_after: Duration::ZERO }));
}

#[test]
fn a_late_outcome_of_an_earlier_phase_is_ignored() {
    let mut bench = Bench::default();
    let (slow_success, slow_failure) = (bench.pass().unwrap(), bench.pass().unwrap());
    bench.fail(5);
    bench.advance(Duration::from_secs(100));
    bench.circuit.succeed(slow_success);
    bench.circuit.fail(slow_failure, bench.now, &SETTINGS);
    let snapshot = bench.circuit.snapshot(bench.now, &SETTINGS);
    assert_eq!((snapshot.open_for, snapshot.consecutive_failures), (Some(Duration::from_secs(200)), 5));
}

proptest! {
    /// Against the plain rule: open exactly when the last five outcomes were failures.
    #[test]
    fn it_opens_exactly_after_five_failures_in_a_row(outcomes in prop::collection::vec(prop::bool::weighted(0.3), 1..60)) {
        let mut bench = Bench::default();
        for (done, success) in outcomes.iter().enumerate() {
            let pass = bench.pass().unwrap();
            if *success { bench.circuit.succeed(pass) } else { bench.circuit.fail(pass, bench.now, &SETTINGS) }
            let streak = outcomes[..=done].iter().rev().take_while(|success| !**success).count();
            let open = bench.state() == BreakerState::Open;
            prop_assert_eq!(open, streak >= 5, "{:?}", &outcomes[..=done]);
            if open {
                break;
            }
        }
    }

    /// Whatever happens: no call passes in the five minutes after it opened, and no two probes are under way at once.
    #[test]
    fn an_open_breaker_rests_and_has_one_probe(steps in prop::collection::vec((0_u8..4, 0_u64..400), 1..80)) {
        let mut bench = Bench::default();
        let mut under_way: Vec<Pass> = Vec::new();
        let (mut opened_at, mut probe_since) = (None, None::<Timestamp>);
        for (step, seconds) in steps {
            let was = bench.state();
            match (step, under_way.pop()) {
                (0, pass) => {
                    under_way.extend(pass);
                    bench.advance(Duration::from_secs(seconds));
                }
                (1, Some(pass)) => bench.circuit.succeed(pass),
                (2, Some(pass)) => bench.circuit.fail(pass, bench.now, &SETTINGS),
                (_, pass) => {
                    under_way.extend(pass);
                    if let Ok(pass) = bench.pass() {
                        let rested = opened_at.is_none_or(|at| bench.now.duration_since(at).as_secs() >= 300);
                        prop_assert!(!pass.is_probe || rested);
                        prop_assert!(was != BreakerState::Open);
                        let alone = probe_since.is_none_or(|at| bench.now.duration_since(at).as_secs() >= 60);
                        prop_assert!(!pass.is_probe || alone, "two probes at once");
                        if pass.is_probe {
                            probe_since = Some(bench.now);
                        }
                        under_way.push(pass);
                    }
                }
            }
            if was != bench.state() && step != 0 {
                opened_at = (bench.state() == BreakerState::Open).then_some(bench.now);
                probe_since = None;
            }
        }
    }
}

#[test]
fn what_a_clock_that_ran_far_ahead_wrote_down_keeps_nobody_out() {
    let year = Duration::from_hours(365 * 24);
    let mut bench = Bench { now: Timestamp::UNIX_EPOCH + year, ..Bench::default() };
    bench.fail(5);
    bench.now -= year;
    assert_eq!(bench.state(), BreakerState::HalfOpen);
    let mut probing = Bench { circuit: bench.circuit, now: bench.now };
    bench.now += year + SETTINGS.open_for;
    bench.pass().unwrap();
    probing.circuit.probe_until = bench.circuit.probe_until;
    assert!(probing.pass().unwrap().is_probe, "a probe of that clock is given up");
    assert_eq!(probing.pass(), Err(Open { retry_after: Duration::ZERO }), "one of a right clock is waited for");
}
