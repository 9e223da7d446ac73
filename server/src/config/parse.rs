//! Texts into values, by one rule per kind.

use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use url::Url;

use crate::domain::{Cidr, Origin};

/// What is wrong with a text, and what to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) problem: String,
    pub(super) remedy: String,
}

impl Refusal {
    pub(super) fn new(problem: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { problem: problem.into(), remedy: remedy.into() }
    }
}

pub(super) fn flag(text: &str) -> Result<bool, Refusal> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" => Ok(false),
        _ => Err(Refusal::new(format!("{text:?} is neither yes nor no"), "write true or false")),
    }
}

pub(super) fn number(text: &str, range: &RangeInclusive<u64>) -> Result<u64, Refusal> {
    let remedy = || format!("write a whole number from {} to {}", range.start(), range.end());
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Refusal::new(format!("{text:?} is no whole number"), remedy()));
    }
    match text.parse() {
        Ok(number) if range.contains(&number) => Ok(number),
        _ => Err(Refusal::new(format!("{text} is out of range"), remedy())),
    }
}

/// A number of posts, or None for `all`.
pub(super) fn count_or_all(text: &str) -> Result<Option<u32>, Refusal> {
    if text == "all" {
        return Ok(None);
    }
    let count = number(text, &(1..=3_200))
        .map_err(|refusal| Refusal::new(refusal.problem, "write a whole number from 1 to 3200, or all"))?;
    Ok(u32::try_from(count).ok())
}

/// `host:port`, or a host alone, which then gets `port`.
pub(super) fn address(text: &str, port: u16) -> Result<SocketAddr, Refusal> {
    let whole = text.parse::<SocketAddr>();
    let alone = text.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    whole.or_else(|_| alone.map(|host| SocketAddr::new(host, port))).map_err(|_| {
        Refusal::new(
            format!("{text:?} is no address to listen on"),
            "write one like 0.0.0.0:5000, 127.0.0.1 or [::]:5000",
        )
    })
}

/// A URL on which paths can be put: `http(s)://host[:port][/path]`, given back without a slash at the end.
pub(super) fn base_url(text: &str) -> Result<String, Refusal> {
    let refusal = || {
        let problem = "is no http or https URL without user name, query and fragment";
        Refusal::new(problem, "write one like https://amber.example.org")
    };
    let url = Url::parse(text).map_err(|_| refusal())?;
    let is_plain = matches!(url.scheme(), "http" | "https")
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    if !is_plain {
        return Err(refusal());
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// Five cron fields.
pub(super) fn cron(text: &str) -> Result<Cron, Refusal> {
    const REMEDY: &str = "write five fields, like */30 * * * *";
    let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
    let cron =
        parser.parse(text).map_err(|error| Refusal::new(format!("{text:?} is no schedule ({error})"), REMEDY))?;
    let start = Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC);
    match cron.find_next_occurrence(&start, false) {
        Ok(_) => Ok(cron),
        Err(_) => Err(Refusal::new(format!("the time {text:?} never comes"), REMEDY)),
    }
}

/// A time zone by its IANA name.
pub(super) fn time_zone(text: &str) -> Result<TimeZone, Refusal> {
    TimeZone::get(text)
        .map_err(|_| Refusal::new(format!("{text:?} is no time zone"), "write an IANA name, like UTC or Asia/Kolkata"))
}

/// Directives like `info,sqlx=warn`: what follows an equals sign must be a level. The rest of the syntax is a matter of
/// the log itself.
pub(super) fn log_filter(text: &str) -> Result<String, Refusal> {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    let is_level = |word: &str| LEVELS.contains(&word.to_ascii_lowercase().as_str());
    for directive in text.split(',') {
        let level = directive.rsplit_once('=').map(|(_, level)| level.trim());
        if level.is_some_and(|level| !level.ends_with([']', '}']) && !is_level(level)) {
            let remedy = format!("write one like info,sqlx=warn with the levels {}", LEVELS.join(", "));
            return Err(Refusal::new(format!("{directive:?} sets no known level"), remedy));
        }
    }
    Ok(text.to_owned())
}

/// Origins separated by commas; every bad one is told.
pub(super) fn origins(text: &str) -> Result<Vec<Origin>, Refusal> {
    let mut origins = Vec::new();
    let mut problems = Vec::new();
    for item in text.split(',').map(str::trim).filter(|item| !item.is_empty()) {
        match Origin::parse(item) {
            Ok(origin) if !origins.contains(&origin) => origins.push(origin),
            Ok(_) => {}
            Err(error) => problems.push(format!("{item:?}: {error}")),
        }
    }
    if problems.is_empty() && origins.is_empty() {
        return Err(Refusal::new("holds no origin", "write https://host or https://host:port, or unset it"));
    }
    if problems.is_empty() {
        return Ok(origins);
    }
    Err(Refusal::new(
        format!("holds what is no origin ({})", problems.join("; ")),
        "write https://host or https://host:port",
    ))
}

/// Origins of single sites: `Origin` headers are compared with each.
pub(super) fn sites(text: &str) -> Result<Vec<Origin>, Refusal> {
    let origins = origins(text)?;
    if let Some(many) = origins.iter().find(|origin| origin.is_wildcard()) {
        return Err(Refusal::new(format!("holds a wildcard ({many})"), "list each site"));
    }
    Ok(origins)
}

/// Blocks of addresses separated by commas.
pub(super) fn blocks(text: &str) -> Result<Vec<Cidr>, Refusal> {
    let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
    let read = |item: &str| {
        item.parse().map_err(|error| {
            let problem = format!("{item:?} is no block of addresses: {error}");
            Refusal::new(problem, "write blocks like 10.0.0.0/8 or 2001:db8::/32, separated by commas")
        })
    };
    items.map(read).collect()
}

/// A text whose scheme, the part before the first colon, is one of `schemes`.
pub(super) fn scheme<'a>(text: &'a str, schemes: &[&str]) -> Result<&'a str, Refusal> {
    let scheme = text.split_once(':').map(|(scheme, _)| scheme);
    match scheme {
        Some(scheme) if schemes.contains(&scheme) => Ok(text),
        _ => Err(Refusal::new("begins with no known scheme", format!("begin it with one of {}", schemes.join(", ")))),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_flag_has_eight_spellings_in_any_case() {
        for text in ["true", "1", "yes", "on", "TRUE", "Yes"] {
            assert_eq!(flag(text), Ok(true), "{text}");
        }
        for text in ["false", "0", "no", "off", "False", "OFF"] {
            assert_eq!(flag(text), Ok(false), "{text}");
        }
        for text in ["", "2", "enabled", "t", "nein"] {
            assert!(flag(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_number_is_read_exactly_when_it_is_in_range(number in any::<u64>(), low in any::<u64>(), high in any::<u64>()) {
            let read = super::number(&number.to_string(), &(low..=high));
            prop_assert_eq!(read.ok(), (low..=high).contains(&number).then_some(number));
        }

        #[test]
        fn what_is_no_run_of_digits_is_no_number(text in "\\PC*") {
            let is_number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) && text.parse::<u64>().is_ok();
            prop_assert_eq!(super::number(&text, &(0..=u64::MAX)).is_ok(), is_number);
        }
    }

    #[test]
    fn an_address_may_leave_the_port_out() {
        assert_eq!(address("127.0.0.1", 5000), Ok(([127, 0, 0, 1], 5000).into()));
        assert_eq!(address("127.0.0.1:80", 5000), Ok(([127, 0, 0, 1], 80).into()));
        assert_eq!(address("::1", 5000).unwrap().to_string(), "[::1]:5000");
        assert_eq!(address("[::]:1", 5000).unwrap().to_string(), "[::]:1");
        for text in ["localhost:5000", ":5000", "5000", "1.2.3.4:99999"] {
            assert!(address(text, 5000).is_err(), "{text}");
        }
    }

    #[test]
    fn a_schedule_has_five_fields_and_comes_now_and_then() {
        for text in ["*/30 * * * *", "0 6 * * MON-FRI", "0 0 29 2 *"] {
            assert!(cron(text).is_ok(), "{text}");
        }
        for text in ["", "0 */30 * * * *", "* * * *", "61 * * * *", "often", "0 0 1 1 * 2030", "0 0 30 2 *"] {
            assert!(cron(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_log_filter_names_known_levels() {
        for text in ["info", "info,sqlx=warn", "amber_server::embed=TRACE", "off", "[span{field=1}]=debug", "[s{f=1}]"]
        {
            assert!(log_filter(text).is_ok(), "{text}");
        }
        for text in ["sqlx=loud", "info,sqlx=", "amber=loud=er"] {
            assert!(log_filter(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_base_url_ends_without_a_slash() {
        assert_eq!(base_url("https://amber.example/").as_deref(), Ok("https://amber.example"));
        assert_eq!(base_url("http://h:1/x/").as_deref(), Ok("http://h:1/x"));
        for text in ["amber.example", "ftp://h", "https://h?q", "https://h#f", "https://u:p@h"] {
            let refusal = base_url(text).unwrap_err();
            assert!(!refusal.problem.contains(text), "a password may be in it");
        }
    }

    #[test]
    fn every_bad_origin_is_told_and_doubles_are_dropped() {
        let read = origins(" https://a.example, https://b.example/,https://a.example ,").unwrap();
        assert_eq!(read.iter().map(Origin::as_str).collect::<Vec<_>>(), ["https://a.example", "https://b.example"]);
        let refusal = origins("https://a.example,http://b.example,*").unwrap_err();
        assert!(refusal.problem.contains("http://b.example") && refusal.problem.contains("\"*\""), "{refusal:?}");
        assert!(origins(" , ").is_err());
    }
}
