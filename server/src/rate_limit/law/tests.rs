//! The law against a bucket of permits that refills, as one would tell it to a child.

use std::num::NonZeroU32;

use proptest::prelude::*;

use super::*;

const POLICY: PolicyName = PolicyName::Anonymous;

fn quota(permits: u32, window: Duration, burst: u32) -> Quota {
    let above_zero = |number| NonZeroU32::new(number).unwrap();
    Quota { permits: above_zero(permits), window, burst: above_zero(burst) }
}

/// One bucket under the law.
struct Bucket {
    law: Law,
    tat: u64,
}

impl Bucket {
    fn new(quota: &Quota) -> Self {
        Self { law: Law::of(quota), tat: 0 }
    }

    fn take(&mut self, now: u64, cost: u32) -> Decision {
        let Asked { level, after, wait } = self.law.ask(self.tat, now, cost);
        let level = if wait == Some(0) { after } else { level };
        self.tat = now + level;
        self.law.tell(POLICY, level, wait)
    }
}

/// The model: permits as a fraction with the window, in nanoseconds, as its denominator.
struct Model {
    quota: Quota,
    parts: u128,
    at: u64,
}

impl Model {
    fn new(quota: Quota) -> Self {
        Self { quota, parts: u128::from(quota.burst.get()) * quota.window.as_nanos(), at: 0 }
    }

    fn take(&mut self, now: u64, cost: u32) -> bool {
        let window = self.quota.window.as_nanos();
        let back = u128::from(now - self.at) * u128::from(self.quota.permits.get());
        self.parts = (self.parts + back).min(u128::from(self.quota.burst.get()) * window);
        self.at = now;
        let wanted = u128::from(cost) * window;
        let passes = self.parts >= wanted;
        self.parts -= if passes { wanted } else { 0 };
        passes
    }
}

#[test]
fn a_permit_a_day_is_kept_to_the_nanosecond() {
    let day = Duration::from_hours(24);
    let mut bucket = Bucket::new(&quota(1, day, 1));
    assert!(bucket.take(7, 1).allowed);
    let nanos = u64::try_from(day.as_nanos()).unwrap();
    assert_eq!(bucket.take(nanos + 6, 1).retry_after, Duration::from_nanos(1));
    assert!(bucket.take(nanos + 7, 1).allowed);
}

#[test]
fn thirty_thousand_a_second_are_admitted_and_no_more() {
    let mut bucket = Bucket::new(&quota(30_000, Duration::from_secs(1), 30_000));
    // A caller that asks every microsecond for ten seconds.
    let admitted = (0..10_000_000_u64).filter(|micros| bucket.take(micros * 1_000, 1).allowed).count();
    assert!((329_990..=330_010).contains(&admitted), "{admitted}");
}

#[test]
fn what_costs_more_than_the_bucket_holds_never_passes_and_takes_nothing() {
    let mut bucket = Bucket::new(&quota(10, Duration::from_secs(1), 5));
    let never = bucket.take(0, 6);
    assert_eq!((never.allowed, never.retry_after, never.remaining), (false, Duration::MAX, 5));
    assert_eq!(bucket.take(0, 5).remaining, 0);
}

#[test]
fn a_lowered_limit_holds_at_once() {
    let mut bucket = Bucket::new(&quota(1, Duration::from_hours(1), 100));
    assert!(bucket.take(0, 100).allowed);
    bucket.law = Law::of(&quota(10, Duration::from_secs(1), 10));
    let refused = bucket.take(0, 1);
    assert_eq!((refused.allowed, refused.reset_after), (false, Duration::from_secs(1)));
    assert!(bucket.take(100_000_000, 1).allowed);
}

proptest! {
    #[test]
    fn the_law_is_a_bucket_that_refills(
        permits in 1_u32..100_000,
        window in 1_u64..100_000_000_000,
        burst in 1_u32..50,
        calls in prop::collection::vec((0_u64..5, 0_u32..4), 1..200),
    ) {
        let quota = quota(permits, Duration::from_nanos(window), burst);
        let (mut bucket, mut model) = (Bucket::new(&quota), Model::new(quota));
        let mut now = 0;
        for (step, cost) in calls {
            now += step * (window / u64::from(permits)) / 3;
            let told = bucket.take(now, cost);
            // Times are rounded down to a nanosecond, so a call may pass that much too early and never too late.
            let expected = model.take(now, cost);
            if told.allowed != expected {
                prop_assert!(told.allowed, "refused what the model admits");
                break;
            }
            let left = model.parts / u128::from(window);
            prop_assert!(u128::from(told.remaining) >= left, "{told:?} but {left} are left");
            prop_assert!(told.remaining <= burst && (told.allowed || told.retry_after > Duration::ZERO));
        }
    }

    #[test]
    fn who_waits_as_told_passes_and_a_nanosecond_earlier_does_not(
        permits in 1_u32..1_000_000,
        seconds in 1_u64..86_400,
        burst in 1_u32..1_000,
        cost in 1_u32..1_000,
    ) {
        let quota = quota(permits, Duration::from_secs(seconds), burst);
        let cost = cost.min(burst);
        let mut bucket = Bucket::new(&quota);
        prop_assert!(bucket.take(0, burst).allowed);
        let wait = u64::try_from(bucket.take(0, cost).retry_after.as_nanos()).unwrap();
        prop_assume!(wait > 0);
        prop_assert!(!bucket.take(wait - 1, cost).allowed);
        prop_assert!(bucket.take(wait, cost).allowed);
    }

    #[test]
    fn no_numbers_overflow(permits in 1_u32.., burst in 1_u32.., cost in any::<u32>(), tat in any::<u64>(), now in any::<u64>()) {
        let law = Law::of(&quota(permits, Duration::MAX, burst));
        let asked = law.ask(tat, now, cost);
        law.tell(POLICY, asked.after, asked.wait);
    }
}
