//! Tests of origins.

use proptest::prelude::*;
use serde_json::Value;

use super::*;

fn origin(text: &str) -> Origin {
    Origin::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn case_default_port_and_one_slash_are_forgiven() {
    for (text, canonical) in [
        ("https://partner.example", "https://partner.example"),
        ("HTTPS://Partner.Example:443/", "https://partner.example"),
        ("https://partner.example:8443", "https://partner.example:8443"),
        ("https://partner.example:80", "https://partner.example:80"),
        ("http://localhost:5000", "http://localhost:5000"),
        ("http://127.0.0.1", "http://127.0.0.1"),
        ("https://xn--11b4c3d.example", "https://xn--11b4c3d.example"),
        ("HTTPS://*.Partner.Example:443/", "https://*.partner.example"),
        ("https://*.partner.example:8443", "https://*.partner.example:8443"),
        ("https://*.me.github.io", "https://*.me.github.io"),
        ("https://*.partner.co.uk", "https://*.partner.co.uk"),
    ] {
        assert_eq!(Origin::parse(text).map(|o| o.0), Ok(canonical.to_owned()), "{text}");
    }
}

#[test]
fn tricks_are_refused_by_their_rule() {
    use OriginError::{Character, Extra, Form, Host, NotCanonical, Port, Scheme, Wildcard};
    let long_label = format!("https://{}.example", "a".repeat(64));
    let long_name = format!("https://{}example", "a.".repeat(124));
    for (text, error) in [
        ("", Form),
        ("null", Form),
        ("*", Form),
        ("partner.example", Form),
        ("data:text/html,x", Character(',')),
        ("blob:https://a.example/1", Extra),
        ("file:///etc/passwd", Extra),
        ("chrome-extension://abcdef", Host),
        ("https://a.example;script-src *", Character(';')),
        ("https://a.example, https://b.example", Character(',')),
        ("https://a.example\u{9}", Character('\u{9}')),
        ("https://a\n.example", Character('\n')),
        (" https://a.example", Character(' ')),
        ("https:\\\\a.example", Character('\\')),
        ("https://a.example\u{a0}", Character('\u{a0}')),
        ("https://a.example'", Character('\'')),
        ("https://a.example%2f", Character('%')),
        ("https://नाम.example", NotCanonical("https://xn--l2bm1c.example".into())),
        ("https://example。com", NotCanonical("https://example.com".into())),
        ("https://exa\u{ad}mple.com", NotCanonical("https://example.com".into())),
        ("https://faß.de", NotCanonical("https://xn--fa-hia.de".into())),
        ("https://ⓔxample.com", NotCanonical("https://example.com".into())),
        ("https://*.नाम.example", NotCanonical("https://*.xn--l2bm1c.example".into())),
        ("http://a.example", Scheme),
        ("ftp://a.example", Scheme),
        ("wss://a.example", Scheme),
        ("https://a.example/path", Extra),
        ("https://a.example//", Extra),
        ("https:///a.example", Extra),
        ("https://a.example?q", Extra),
        ("https://a.example#f", Extra),
        ("https://user@a.example", Extra),
        ("https://a.example:443@b.example", Extra),
        ("https://a.example.", Host),
        ("https://a..example", Host),
        ("https://.a.example", Host),
        ("https://intranet", Host),
        ("https://a_b.example", Host),
        ("https://-a.example", Host),
        ("https://a-.example", Host),
        ("https://a.example!", Host),
        (&long_label, Host),
        (&long_name, Host),
        ("https://[::1]", Host),
        ("https://10.0.0.1", Host),
        ("https://a.example:0", Port),
        ("https://a.example:", Port),
        ("https://a.example:0443", Port),
        ("https://a.example:65536", Form),
        ("http://127.1", NotCanonical("http://127.0.0.1".into())),
        ("http://0x7f.0.0.1", NotCanonical("http://127.0.0.1".into())),
        ("http://2130706433", NotCanonical("http://127.0.0.1".into())),
        ("https://*", Wildcard),
        ("https://*.", Form),
        ("https://*example.com", Wildcard),
        ("https://a.*.example.com", Wildcard),
        ("https://*.*.example.com", Wildcard),
        ("https://example.*", Wildcard),
        ("https://example.com:*", Wildcard),
        ("http://*.example.com", Scheme),
        ("http://*.localhost", Scheme),
        ("https://*.localhost", Wildcard),
        ("https://*.127.0.0.1", Wildcard),
        ("https://*.0x7f.1", Host),
        ("https://*.com", Host),
        ("https://*.co.uk", Wildcard),
        ("https://*.github.io", Wildcard),
        ("https://*.vercel.app", Wildcard),
        ("https://*.xn--55qx5d.cn", Wildcard),
        ("https://*.example.com.", Host),
        ("https://*.example.com/x", Extra),
    ] {
        assert_eq!(Origin::parse(text), Err(error), "{text}");
    }
}

#[test]
fn a_wildcard_admits_what_is_below_its_domain_and_nothing_else() {
    let wildcard = origin("https://*.example.com");
    for inside in ["https://a.example.com", "https://b.a.example.com"] {
        assert!(wildcard.admits(&origin(inside)), "{inside}");
    }
    for outside in [
        "https://example.com",
        "https://evilexample.com",
        "https://a.example.com:8443",
        "https://a.example.com.evil.example",
        "https://a.example.org",
        "http://localhost",
        "https://*.example.com",
        "https://*.a.example.com",
    ] {
        assert!(!wildcard.admits(&origin(outside)), "{outside}");
    }
    let with_port = origin("https://*.example.com:8443");
    assert!(with_port.admits(&origin("https://a.example.com:8443")));
    for outside in ["https://a.example.com", "https://a.example.com:18443", "https://a.example.com:844"] {
        assert!(!with_port.admits(&origin(outside)), "{outside}");
    }
}

#[test]
fn a_site_admits_itself_alone() {
    let site = origin("https://a.example.com");
    assert!(site.admits(&site.clone()));
    for other in
        ["https://b.a.example.com", "https://example.com", "https://a.example.com:444", "https://*.example.com"]
    {
        assert!(!site.admits(&origin(other)), "{other}");
        assert!(!site.covers(&origin(other)), "{other}");
    }
}

#[test]
fn a_registered_wildcard_covers_names_and_narrower_wildcards() {
    let registered = origin("https://*.example.com");
    for asked in ["https://a.example.com", "https://*.example.com", "https://*.a.example.com"] {
        assert!(registered.covers(&origin(asked)), "{asked}");
    }
    for asked in [
        "https://example.com",
        "https://*.evilexample.com",
        "https://*.example.com:8443",
        "https://*.example.org",
        "https://*.com.example",
    ] {
        assert!(!registered.covers(&origin(asked)), "{asked}");
    }
    assert!(!origin("https://*.a.example.com").covers(&registered), "a narrower one does not cover a wider one");
}

proptest! {
    #[test]
    fn what_is_read_is_plain_and_reads_as_itself(text in "(https?|HTTPS|wss)://([*]\\.)?[-a-zA-Z0-9._*%ſßनK]{1,24}(\\.(com|Example|co\\.uk))?(:[0-9]{0,6})?[/]{0,2}") {
        if let Ok(read) = Origin::parse(&text) {
            let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b".:/*-".contains(&b);
            prop_assert!(read.as_str().bytes().all(plain), "{}", read);
            prop_assert_eq!(Origin::parse(read.as_str()), Ok(read.clone()));
            prop_assert!(read.covers(&read));
            prop_assert_eq!(read.admits(&read), !read.is_wildcard());
        }
    }

    #[test]
    fn whatever_is_written_a_directive_cannot_end(text in ".{0,60}") {
        if let Ok(read) = Origin::parse(&text) {
            prop_assert!(!read.as_str().contains([';', ',', ' ', '\'']));
        }
    }

    #[test]
    fn covering_is_passed_on(names in prop::collection::vec("([*]\\.)?(a|b|aa)\\.((a|b)\\.)?example\\.com", 3)) {
        let [one, two, three] = [0, 1, 2].map(|n: usize| origin(&format!("https://{}", names[n])));
        if one.covers(&two) && two.covers(&three) {
            prop_assert!(one.covers(&three));
        }
        if one.covers(&two) && two.admits(&three) {
            prop_assert!(one.admits(&three));
        }
    }
}

/// Against the tests of the WHATWG URL standard, which browsers pass: what is read here, is that origin there.
#[test]
fn every_origin_is_the_one_that_browsers_see() {
    #[expect(clippy::disallowed_methods, reason = "where the data is stored is known to those who run the tests")]
    let Ok(folder) = std::env::var("AMBER_TEST_DATA") else {
        eprintln!("skipped: AMBER_TEST_DATA is not set");
        return;
    };
    let text = std::fs::read_to_string(format!("{folder}/url/urltestdata.json")).expect("the data is there");
    let cases: Vec<Value> = serde_json::from_str(&text).expect("the data is JSON");
    let (mut read, mut refused) = (0, 0);
    for case in cases.iter().filter(|case| case["base"].is_null() && case["port"].as_str().is_none_or(str::is_empty)) {
        let Some(input) = case["input"].as_str() else { continue };
        // The data speaks of http where it means any such scheme.
        let input = input.strip_prefix("http:").map_or(input.to_owned(), |rest| format!("https:{rest}"));
        let host = case["host"].as_str().filter(|host| !host.is_empty());
        let expected = host.map(|host| format!("{}://{host}", if host == "127.0.0.1" { "http" } else { "https" }));
        for input in [input.as_str(), input.trim_end_matches('/'), expected.as_deref().unwrap_or_default()] {
            match Origin::parse(input) {
                Ok(origin) => {
                    read += 1;
                    assert_eq!(Some(origin.as_str().replace("https://127", "http://127")), expected, "{input:?}");
                }
                Err(OriginError::NotCanonical(canonical)) => assert_eq!(Some(canonical), expected, "{input:?}"),
                Err(_) => refused += 1,
            }
        }
    }
    assert!(read >= 20 && refused >= 500, "the data holds origins: {read} were read, {refused} refused");
}
