//! How much callers may ask.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::config::parse::{self, Refusal};
use crate::config::reader::Reader;
use crate::config::{Cost, RateLimit};
use crate::domain::{PolicyName, Quota};

/// The longest time in which a bucket may become full: a hundred years of 365 days, which every store can count in
/// microseconds.
const LONGEST_REFILL: Duration = Duration::from_hours(100 * 365 * 24);

pub(super) fn rate_limit(reader: &mut Reader<'_>, embed_rate: Quota) -> RateLimit {
    let window = reader.seconds("WINDOW_SECONDS");
    let anonymous = positive(reader, "REQUESTS_PER_MINUTE");
    let authenticated = positive(reader, "AUTHENTICATED_REQUESTS_PER_MINUTE");
    let saved_up = reader.is_set("BURST_SIZE").then(|| positive(reader, "BURST_SIZE"));
    let common = |permits| Quota { permits, window, burst: saved_up.unwrap_or(permits) };
    let limits = RateLimit {
        enabled: reader.flag("RATE_LIMITING_ENABLED"),
        anonymous: common(anonymous),
        authenticated: common(authenticated),
        token_redeem: quota(reader, "RATE_LIMIT_TOKEN_REDEEM"),
        leader_refresh: quota(reader, "RATE_LIMIT_LEADER_REFRESH"),
        ingestion_trigger: quota(reader, "RATE_LIMIT_INGESTION_TRIGGER"),
        shadow: reader.parsed("RATE_LIMIT_SHADOW", policies).unwrap_or_default(),
        costs: reader.parsed("RATE_LIMIT_COSTS", costs).unwrap_or_default(),
        redis_timeout: Duration::from_millis(reader.number("RATE_LIMIT_REDIS_TIMEOUT_MS")),
    };
    review(reader, &limits, embed_rate);
    limits
}

/// How many embed tokens a caller may ask for.
pub(super) fn embed_rate(reader: &mut Reader<'_>) -> Quota {
    let permits = positive(reader, "EMBED_RATE_LIMIT_REQUESTS");
    Quota { permits, window: reader.seconds("EMBED_RATE_LIMIT_WINDOW"), burst: permits }
}

/// Refuses what each variable allows and all of them together do not.
fn review(reader: &mut Reader<'_>, limits: &RateLimit, embed_rate: Quota) {
    let RateLimit { anonymous, authenticated, token_redeem, leader_refresh, ingestion_trigger, .. } = limits;
    let common = [anonymous, authenticated];
    let refill = |quota: &&Quota| quota.window.saturating_mul(quota.burst.get()) / quota.permits.get();
    if common.iter().any(|quota| refill(quota) > LONGEST_REFILL) {
        let problem = "takes more than a hundred years to be saved up at this rate";
        reader.refuse("BURST_SIZE", Refusal::new(problem, "lower it, or raise REQUESTS_PER_MINUTE"));
    }
    let buckets = [anonymous, authenticated, token_redeem, leader_refresh, ingestion_trigger, &embed_rate];
    let smallest = buckets.into_iter().map(|quota| quota.burst).min();
    for cost in limits.costs.iter().filter(|cost| Some(cost.permits) > smallest) {
        let problem =
            format!("{} costs more than the smallest bucket holds, so that it could never be called", cost.path);
        reader.refuse("RATE_LIMIT_COSTS", Refusal::new(problem, "lower the cost, or raise the limits"));
    }
}

/// A number whose declared range begins above zero.
fn positive(reader: &mut Reader<'_>, name: &str) -> NonZeroU32 {
    NonZeroU32::new(reader.number(name)).unwrap_or(NonZeroU32::MIN)
}

fn quota(reader: &mut Reader<'_>, name: &str) -> Quota {
    let minute = || Quota { permits: NonZeroU32::MIN, window: Duration::from_mins(1), burst: NonZeroU32::MIN };
    reader.parsed(name, calls_per_seconds).unwrap_or_else(minute)
}

/// Reads `calls/seconds`; all calls of a window can be saved up.
fn calls_per_seconds(text: &str) -> Result<Quota, Refusal> {
    let refusal = || {
        let remedy = "write calls/seconds like 30/60, with 1 to 1000000 calls and 1 to 86400 seconds";
        Refusal::new(format!("{text:?} is no limit"), remedy)
    };
    let (calls, seconds) = text.split_once('/').ok_or_else(refusal)?;
    let calls = parse::number(calls.trim(), &(1..=1_000_000)).map_err(|_| refusal())?;
    let seconds = parse::number(seconds.trim(), &(1..=86_400)).map_err(|_| refusal())?;
    let permits = u32::try_from(calls).ok().and_then(NonZeroU32::new).ok_or_else(refusal)?;
    Ok(Quota { permits, window: Duration::from_secs(seconds), burst: permits })
}

fn policies(text: &str) -> Result<Vec<PolicyName>, Refusal> {
    let read = |item: &str| {
        PolicyName::parse(item).ok_or_else(|| {
            let known = PolicyName::ALL.map(PolicyName::as_str).join(", ");
            Refusal::new(format!("{item:?} is no limit"), format!("name some of {known}"))
        })
    };
    items(text).map(read).collect()
}

fn costs(text: &str) -> Result<Vec<Cost>, Refusal> {
    let read = |item: &str| {
        let refusal = || {
            let remedy = "write path=permits like /api/feed=2, with 1 to 1000 permits, separated by commas";
            Refusal::new(format!("{item:?} is no cost"), remedy)
        };
        let (path, permits) = item.rsplit_once('=').filter(|(path, _)| path.starts_with('/')).ok_or_else(refusal)?;
        let permits = parse::number(permits.trim(), &(1..=1_000)).map_err(|_| refusal())?;
        let permits = u32::try_from(permits).ok().and_then(NonZeroU32::new).ok_or_else(refusal)?;
        Ok(Cost { path: path.trim().to_owned(), permits })
    };
    items(text).map(read).collect()
}

fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty())
}
