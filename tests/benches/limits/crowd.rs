//! Ten million callers from everywhere: what they leave in the memory of the process.

use std::fs;
use std::net::Ipv6Addr;
use std::time::Duration;

use amber_server::rate_limit::{Identity, LocalLimiter};

use crate::{Row, policy};

const CALLERS: u64 = 10_000_000;
/// Room for 100,000 callers of about 200 bytes and for what the tables keep free.
const MOST_MIB: f64 = 40.0;

pub(crate) fn measure() -> Vec<Row> {
    let limiter = LocalLimiter::default();
    let daily = policy(1, Duration::from_hours(24));
    let before = resident_mib();
    let mut admitted = 0_u64;
    for n in 0..CALLERS {
        // Spread as an attacker would, and never twice the same.
        let site = u128::from(n.wrapping_mul(0x9e37_79b9_7f4a_7c15)) << 64;
        admitted += u64::from(limiter.take(&Identity::of_address(Ipv6Addr::from(site).into()), &[daily])[0].allowed);
    }
    let grew = resident_mib() - before;
    let callers = limiter.callers();
    let most = LocalLimiter::MAX_CALLERS + LocalLimiter::SHARED;
    vec![
        Row {
            what: "Memory that ten million callers take in the process, each with one call".to_owned(),
            measured: format!("{grew:.0} MiB for {callers} callers"),
            goal: "40 MiB",
            is_met: grew <= MOST_MIB && callers <= LocalLimiter::MAX_CALLERS,
        },
        Row {
            what: "Calls of theirs that were admitted at one a day each".to_owned(),
            measured: admitted.to_string(),
            goal: "101024",
            is_met: admitted <= most as u64,
        },
    ]
}

/// The resident memory of this process (proc(5), `statm`), whose pages are of 4 KiB.
fn resident_mib() -> f64 {
    let statm = fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u32 = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap();
    f64::from(pages) / 256.0
}
