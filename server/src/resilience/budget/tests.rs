//! Which reason counts when there are several, and how far money bounds a call.

use jiff::ToSpan;

use super::*;

const SETTINGS: BreakerSettings =
    BreakerSettings { failure_threshold: 1, open_for: Duration::from_mins(5), probe_for: Duration::from_mins(1) };

struct Case {
    purse: Purse,
    allowance: Allowance,
    under_way: UnderWay,
    circuit: Circuit,
}

fn now() -> Timestamp {
    "2026-02-10T10:00:00Z".parse().unwrap()
}

fn case(budget: Option<u64>, spent: u64) -> Case {
    let mut allowance = Allowance::default();
    allowance.admitted();
    let purse = Purse { budget, spent };
    Case { purse, allowance, under_way: UnderWay::default(), circuit: Circuit::default() }
}

impl Case {
    fn ask(&mut self, least: u32, most: u32) -> Decision {
        let ask = Ask { demand: Demand { least, most }, hold: Duration::from_secs(45) };
        let breaker = (&mut self.circuit, &SETTINGS);
        decide(now(), &ask, &self.purse, &self.allowance, self.under_way, breaker)
    }

    fn open(&mut self) {
        let pass = self.circuit.pass(now(), &SETTINGS).unwrap();
        self.circuit.fail(pass, now(), &SETTINGS);
    }
}

fn posts(decision: Decision) -> u32 {
    match decision {
        Decision::Granted(grant) => grant.posts,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_page_is_no_larger_than_what_is_left() {
    assert_eq!(posts(case(Some(100), 70).ask(5, 100)), 30);
    assert_eq!(posts(case(Some(100), 70).ask(5, 10)), 10);
    assert_eq!(posts(case(None, 1_000_000).ask(5, 100)), 100);
}

#[test]
fn fewer_posts_than_the_smallest_page_are_none() {
    let until = "2026-03-01T00:00:00Z".parse().unwrap();
    assert_eq!(posts(case(Some(100), 95).ask(5, 100)), 5);
    for demand in [(5, 100), (0, 0)] {
        assert_eq!(case(Some(100), 96).ask(demand.0, demand.1), Decision::Spent { until }, "{demand:?}");
    }
    assert_eq!(case(Some(100), 70).ask(31, 31), Decision::Spent { until }, "all or nothing");
}

#[test]
fn posts_of_calls_under_way_are_not_given_twice() {
    let mut case = case(Some(100), 0);
    case.under_way.posts = 80;
    assert_eq!(posts(case.ask(5, 100)), 20);
    case.under_way.posts = 96;
    assert_eq!(case.ask(5, 100), Decision::Busy, "they may return fewer");
}

#[test]
fn the_breaker_gives_its_probe_only_to_a_call_that_is_made() {
    let mut case = case(None, 0);
    case.open();
    assert_eq!(case.ask(5, 10), Decision::Open { retry_after: SETTINGS.open_for });
    case.circuit.open_until = Some(now());
    case.under_way.recent = 4;
    assert_eq!(case.ask(5, 10), Decision::Busy);
    case.under_way.recent = 0;
    let Decision::Granted(grant) = case.ask(5, 10) else { panic!("the probe is free") };
    assert!(grant.pass.is_probe);
    assert_eq!(case.ask(5, 10), Decision::Open { retry_after: Duration::ZERO });
}

#[test]
fn money_counts_before_limits_and_limits_before_the_breaker() {
    let mut case = case(Some(10), 10);
    case.allowance
        .refused(now(), Refusal { rest: Duration::from_mins(1), longest: Duration::from_mins(15), unit: 0.0 });
    case.open();
    assert!(matches!(case.ask(5, 10), Decision::Spent { .. }));
    case.purse.spent = 0;
    assert_eq!(case.ask(5, 10), Decision::RateLimited { until: now() + 1.minute() });
    case.allowance = Allowance::default();
    assert!(matches!(case.ask(5, 10), Decision::Open { .. }));
}
