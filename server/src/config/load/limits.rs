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

#[cfg(test)]
mod tests {
    use crate::config::{Config, Errors, MapEnv};

    fn load(variables: &[(&str, &str)]) -> Result<Config, Errors> {
        let env = MapEnv::default().with("ADMIN_JWT_SECRET", "an-admin-secret-0123456789-abcdefgh");
        let env = variables.iter().fold(env, |env, (name, value)| env.with(*name, *value));
        Config::load(&env).map(|loaded| loaded.config)
    }

    #[track_caller]
    fn refused(variables: &[(&str, &str)]) {
        let Err(Errors(mistakes)) = load(variables) else { panic!("{variables:?} is accepted") };
        let named: Vec<_> = mistakes.iter().map(|mistake| mistake.variable.as_str()).collect();
        assert_eq!(named, [variables[0].0], "{mistakes:?}");
    }

    #[test]
    fn a_limit_is_calls_per_seconds() {
        let limits = load(&[("RATE_LIMIT_LEADER_REFRESH", " 7 / 3600 ")]).unwrap().rate_limit;
        let quota = limits.leader_refresh;
        assert_eq!((quota.permits.get(), quota.burst.get(), quota.window.as_secs()), (7, 7, 3_600));
        assert_eq!((limits.token_redeem.permits.get(), limits.ingestion_trigger.permits.get()), (300, 10));
        for text in ["30", "0/60", "30/0", "x/60", "-1/60", "1000001/60", "30/86401", "30/60/1", "30 per 60"] {
            refused(&[("RATE_LIMIT_TOKEN_REDEEM", text)]);
        }
    }

    #[test]
    fn a_call_that_could_never_pass_is_refused_at_the_start() {
        assert_eq!(load(&[("RATE_LIMIT_COSTS", "/api/feed=10")]).unwrap().rate_limit.costs.len(), 1);
        refused(&[("RATE_LIMIT_COSTS", "/api/feed=11"), ("RATE_LIMIT_INGESTION_TRIGGER", "20/60")]);
        for text in ["/api/feed", "api/feed=2", "/api/feed=0", "/api/feed=-1", "/api/feed=x", "/api/feed=1001"] {
            refused(&[("RATE_LIMIT_COSTS", text)]);
        }
    }

    #[test]
    fn a_bucket_must_be_full_within_a_century() {
        let slow = [("REQUESTS_PER_MINUTE", "1"), ("WINDOW_SECONDS", "86400")];
        assert!(load(&[slow[0], slow[1], ("BURST_SIZE", "36500")]).is_ok());
        refused(&[("BURST_SIZE", "36501"), slow[0], slow[1]]);
    }

    #[test]
    fn only_known_limits_can_stand_in_the_shadow() {
        let shadow = load(&[("RATE_LIMIT_SHADOW", "anonymous, token_redeem")]).unwrap().rate_limit.shadow;
        assert_eq!(shadow.len(), 2);
        refused(&[("RATE_LIMIT_SHADOW", "anonymous,everything")]);
    }

    #[test]
    fn a_redis_that_cannot_be_used_is_refused_in_words_that_help() {
        for url in ["redis+sentinel://:hush@a", "redis+cluster://:hush@a,/1", "http://:hush@a", "redis://:hush@"] {
            let Err(Errors(mistakes)) = load(&[("REDIS_URL", url)]) else { panic!("{url} is accepted") };
            assert!(mistakes.len() == 1 && mistakes[0].remedy.contains("redis"), "{mistakes:?}");
            assert!(!format!("{mistakes:?}").contains("hush"));
        }
        assert!(load(&[("REDIS_URL", "rediss://:hush@host:6380/1")]).is_ok());
    }

    #[test]
    fn authorities_are_certificates() {
        let url = ("REDIS_URL", "rediss://host");
        refused(&[("REDIS_CA", "/etc/ssl/ca.pem"), url]);
        let pem = "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----";
        assert_eq!(load(&[("REDIS_CA", pem), url]).unwrap().redis.unwrap().authorities.as_deref(), Some(pem));
    }

    #[test]
    fn trusted_proxies_are_blocks() {
        let trusted = load(&[("TRUSTED_PROXY_CIDRS", "10.0.0.0/8, ::1")]).unwrap().server.trusted_proxies;
        assert_eq!(trusted.iter().map(ToString::to_string).collect::<Vec<_>>(), ["10.0.0.0/8", "::1/128"]);
        refused(&[("TRUSTED_PROXY_CIDRS", "10.0.0.1/8")]);
        refused(&[("TRUSTED_PROXY_CIDRS", "all")]);
    }
}
