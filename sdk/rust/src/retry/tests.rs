//! The law of the backoff, and which refusals are repeated how often.

use std::cell::RefCell;
use std::future::ready;

use proptest::prelude::*;
use tonic_types::{ErrorDetails, StatusExt};

use super::*;

/// Calls that all fail alike: how many were made, and the waits between them.
async fn failing(policy: &RetryPolicy, refusal: &Status) -> (usize, Vec<Duration>) {
    let (calls, waits) = (RefCell::new(0), RefCell::new(Vec::new()));
    let call = || {
        *calls.borrow_mut() += 1;
        ready(Err::<(), _>(refusal.clone()))
    };
    let sleep = |wait| {
        waits.borrow_mut().push(wait);
        ready(())
    };
    let last = repeat(policy, call, || 1.0, sleep).await.expect_err("every call fails");
    assert_eq!(last.code(), refusal.code());
    (calls.into_inner(), waits.into_inner())
}

fn asking_for(wait: Duration) -> Status {
    Status::with_error_details(Code::ResourceExhausted, "slow down", ErrorDetails::with_retry_info(Some(wait)))
}

#[tokio::test]
async fn the_number_of_calls_is_bounded_and_waits_double() {
    let (calls, waits) = failing(&RetryPolicy::default(), &Status::unavailable("down")).await;
    assert_eq!(calls, 4);
    assert_eq!(waits, [200, 400, 800].map(Duration::from_millis));
}

#[tokio::test]
async fn refusals_that_will_not_pass_are_not_repeated() {
    for code in [Code::InvalidArgument, Code::Unauthenticated, Code::DeadlineExceeded, Code::Internal, Code::Aborted] {
        assert_eq!(failing(&RetryPolicy::default(), &Status::new(code, "no")).await, (1, Vec::new()), "{code:?}");
    }
    assert_eq!(failing(&RetryPolicy::never(), &Status::unavailable("down")).await.0, 1);
    let zero = RetryPolicy { attempts: 0, ..RetryPolicy::default() };
    assert_eq!(failing(&zero, &Status::unavailable("down")).await.0, 1);
}

#[tokio::test]
async fn the_wait_that_the_server_asks_for_is_honoured() {
    let (_, waits) = failing(&RetryPolicy::default(), &asking_for(Duration::from_secs(6))).await;
    assert_eq!(waits, [6_200, 6_400, 6_800].map(Duration::from_millis));
}

#[tokio::test]
async fn what_the_server_pushes_back_is_honoured() {
    let pushing = |value: &'static str| {
        let mut refusal = asking_for(Duration::from_secs(6));
        refusal.metadata_mut().insert("grpc-retry-pushback-ms", value.parse().expect("ASCII"));
        refusal
    };
    let (_, waits) = failing(&RetryPolicy::default(), &pushing("1000")).await;
    assert_eq!(waits, [1_200, 1_400, 1_800].map(Duration::from_millis), "it counts more than the other wait");
    for never in ["-1", "", "soon"] {
        assert_eq!(failing(&RetryPolicy::default(), &pushing(never)).await.0, 1, "{never:?}");
    }
}

#[tokio::test]
async fn a_wait_beyond_the_patience_of_the_caller_ends_it() {
    assert_eq!(failing(&RetryPolicy::default(), &asking_for(Duration::from_secs(31))).await, (1, Vec::new()));
}

#[tokio::test]
async fn a_call_that_succeeds_later_gives_its_answer() {
    let calls = RefCell::new(0);
    let call = || {
        *calls.borrow_mut() += 1;
        let made = *calls.borrow();
        ready(if made < 3 { Err(Status::unavailable("down")) } else { Ok(made) })
    };
    let answer = repeat(&RetryPolicy::default(), call, || 0.5, |_| ready(())).await;
    assert_eq!(answer.expect("the third call succeeds"), 3);
}

proptest! {
    #[test]
    fn a_backoff_lies_between_zero_and_its_ceiling(n in 0_u32..200, draw in 0.0..1.0_f64) {
        let policy = RetryPolicy::default();
        let wait = policy.backoff(n, draw);
        prop_assert!(wait <= policy.longest_backoff);
        prop_assert!(wait <= policy.first_backoff.saturating_mul(2_u32.saturating_pow(n)));
        prop_assert!(wait >= policy.backoff(n, draw / 2.0));
        prop_assert_eq!(policy.backoff(n, 0.0), Duration::ZERO);
    }
}
