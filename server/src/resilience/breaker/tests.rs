//! Tests of the circuit breaker in paused time.

use proptest::prelude::*;
use tokio::time::advance;

use super::*;

const OPEN_FOR: Duration = Duration::from_mins(5);

fn fail(breaker: &CircuitBreaker, times: u32) {
    for _ in 0..times {
        breaker.permit().unwrap().fail();
    }
}

fn opened() -> CircuitBreaker {
    let breaker = CircuitBreaker::default();
    fail(&breaker, 5);
    breaker
}

#[tokio::test(start_paused = true)]
async fn five_failures_in_a_row_open_it_for_five_minutes() {
    let breaker = CircuitBreaker::default();
    fail(&breaker, 4);
    assert_eq!(breaker.snapshot().state, BreakerState::Closed);
    fail(&breaker, 1);
    let expected = BreakerSnapshot { state: BreakerState::Open, consecutive_failures: 5, open_for: Some(OPEN_FOR) };
    assert_eq!(breaker.snapshot(), expected);
    assert_eq!(breaker.permit().unwrap_err(), Open { retry_after: OPEN_FOR });
    advance(Duration::from_millis(299_999)).await;
    assert_eq!(breaker.permit().unwrap_err(), Open { retry_after: Duration::from_millis(1) });
}

#[tokio::test(start_paused = true)]
async fn a_success_in_between_starts_the_count_again() {
    let breaker = CircuitBreaker::default();
    fail(&breaker, 4);
    breaker.permit().unwrap().succeed();
    fail(&breaker, 4);
    assert_eq!(breaker.snapshot().state, BreakerState::Closed);
    assert_eq!(breaker.snapshot().consecutive_failures, 4);
}

#[tokio::test(start_paused = true)]
async fn a_half_open_breaker_lets_exactly_one_call_through() {
    let breaker = opened();
    advance(OPEN_FOR).await;
    assert_eq!(breaker.snapshot().state, BreakerState::HalfOpen);
    let probe = breaker.permit().unwrap();
    assert!(probe.is_probe());
    assert_eq!(breaker.permit().unwrap_err(), Open { retry_after: Duration::ZERO });
    probe.succeed();
    let closed = BreakerSnapshot { state: BreakerState::Closed, consecutive_failures: 0, open_for: None };
    assert_eq!(breaker.snapshot(), closed);
    assert!(!breaker.permit().unwrap().is_probe());
}

#[tokio::test(start_paused = true)]
async fn a_failed_probe_opens_it_again_for_the_whole_time() {
    let breaker = opened();
    advance(OPEN_FOR).await;
    breaker.permit().unwrap().fail();
    assert_eq!(breaker.permit().unwrap_err(), Open { retry_after: OPEN_FOR });
}

#[tokio::test(start_paused = true)]
async fn a_probe_dropped_without_an_outcome_leaves_its_place() {
    let breaker = opened();
    advance(OPEN_FOR).await;
    drop(breaker.permit().unwrap());
    assert!(breaker.permit().unwrap().is_probe());
}

#[tokio::test(start_paused = true)]
async fn a_dropped_permit_of_a_closed_breaker_counts_neither_way() {
    let breaker = CircuitBreaker::default();
    fail(&breaker, 3);
    drop(breaker.permit().unwrap());
    assert_eq!(breaker.snapshot().consecutive_failures, 3);
}

#[tokio::test(start_paused = true)]
async fn a_late_outcome_of_an_earlier_phase_is_ignored() {
    let breaker = CircuitBreaker::default();
    let (slow_success, slow_failure) = (breaker.permit().unwrap(), breaker.permit().unwrap());
    fail(&breaker, 5);
    advance(Duration::from_secs(100)).await;
    slow_success.succeed();
    slow_failure.fail();
    assert_eq!(breaker.snapshot().open_for, Some(Duration::from_secs(200)));
    assert_eq!(breaker.snapshot().consecutive_failures, 5);
}

proptest! {
    /// Against the plain rule: open exactly when the last five outcomes were failures.
    #[test]
    fn it_opens_exactly_after_five_failures_in_a_row(outcomes in prop::collection::vec(prop::bool::weighted(0.3), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let breaker = CircuitBreaker::default();
            for (done, success) in outcomes.iter().enumerate() {
                let permit = breaker.permit().unwrap();
                if *success { permit.succeed() } else { permit.fail() }
                let streak = outcomes[..=done].iter().rev().take_while(|success| !**success).count();
                let open = breaker.snapshot().state == BreakerState::Open;
                assert_eq!(open, streak >= 5, "{:?}", &outcomes[..=done]);
                if open {
                    return;
                }
            }
        });
        prop_assert!(true);
    }
}
