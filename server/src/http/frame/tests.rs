//! Tests of the frame.

use std::time::Duration;

use super::*;
use crate::domain::{Locale, Origin, OsEntropy, Tally, Theme};
use crate::http::Nonce;

fn nonce() -> Nonce {
    Nonce::new(&OsEntropy)
}

fn options(locale: Locale, theme: Theme) -> FrameOptions {
    FrameOptions { theme, locale, parents: vec![Origin::parse("https://partner.example").unwrap()] }
}

fn html(locale: Locale) -> String {
    page(&sample::dashboard(), &options(locale, Theme::Auto), &nonce()).into_string()
}

#[expect(clippy::disallowed_methods, reason = "where the pages are written is a setting of the tests, not of Amber")]
fn render_dir() -> Option<std::path::PathBuf> {
    std::env::var_os("AMBER_RENDER_DIR").map(Into::into)
}

/// Writes the pages to the directory that `AMBER_RENDER_DIR` names, to be looked at in a browser.
#[test]
fn every_variant_renders() {
    let failure = Failure {
        reason: "TOKEN_EXPIRED",
        message: "the embed token expired at 2026-11-22T00:35:10Z: ask your server for a new one right before use",
        request_id: "4b11c8fd920f48ea9324439f6a4d2ca2",
        retry_after: None,
    };
    for locale in [Locale::En, Locale::Hi] {
        for theme in [Theme::Light, Theme::Dark] {
            let options = options(locale, theme);
            for (name, markup) in [
                ("page", page(&sample::dashboard(), &options, &nonce())),
                ("empty", page(&sample::empty(), &options, &nonce())),
                ("error", error_page(failure, &options, &nonce())),
            ] {
                let text = markup.into_string();
                assert!(text.starts_with("<!DOCTYPE html>") && text.ends_with("</html>"), "{name}");
                if let Some(directory) = render_dir() {
                    let file = format!("{name}-{}-{}.html", locale.as_str(), theme.as_str());
                    std::fs::write(directory.join(file), text).unwrap();
                }
            }
        }
    }
}

#[test]
fn names_and_topics_are_text_whatever_they_hold() {
    let hostile = r#"</title></style><script>alert(1)</script><img src=x onerror="alert(2)">&'"#;
    let mut data = sample::dashboard();
    hostile.clone_into(&mut data.leaders[0].name);
    data.leaders[0].handle = Some(hostile.to_owned());
    data.topics = vec![Tally { name: hostile.to_owned(), posts: 1 }];
    data.languages = vec![Tally { name: hostile.to_owned(), posts: 1 }];
    let text = page(&data, &options(Locale::En, Theme::Auto), &nonce()).into_string();
    assert_eq!(text.matches("<script").count(), 1, "only the page's own script");
    assert!(!text.contains("<img") && !text.contains("onerror=\""));
    assert_eq!(text.matches("&lt;script&gt;alert(1)&lt;/script&gt;").count(), 4);
}

#[test]
fn right_to_left_marks_cannot_turn_the_row_around() {
    let mut data = sample::dashboard();
    "\u{202e}evil".clone_into(&mut data.leaders[0].name);
    let text = page(&data, &options(Locale::En, Theme::Auto), &nonce()).into_string();
    assert!(text.contains("<bdi>\u{202e}evil</bdi>"));
}

#[test]
fn an_error_page_shows_its_message_as_text_and_tells_the_host_by_data() {
    let failure = Failure {
        reason: "RATE_LIMITED",
        message: "<b>slow</b>",
        request_id: "\"><script>",
        retry_after: Some(Duration::from_millis(1_500)),
    };
    let text = error_page(failure, &options(Locale::En, Theme::Auto), &nonce()).into_string();
    assert!(text.contains("&lt;b&gt;slow&lt;/b&gt;") && !text.contains("<b>slow"));
    assert_eq!(text.matches("<script").count(), 1);
    assert!(text.contains(r#"data-reason="RATE_LIMITED""#) && text.contains(r#"data-retry-after-ms="1500""#));
    assert!(text.contains(r#"data-parents="https://partner.example""#));
}

#[test]
fn the_page_names_no_address_but_its_script_and_its_parent() {
    for locale in [Locale::En, Locale::Hi] {
        let text = html(locale).replace("https://partner.example", "");
        assert!(
            !text.contains("://") && !text.contains("url(") && !text.contains("@import") && !text.contains("href=")
        );
        assert_eq!(text.matches("src=").count(), 1);
        assert!(text.contains("src=\"/embed/v1/frame.js?v="));
    }
}

#[test]
fn the_page_has_neither_inline_handlers_nor_inline_styles() {
    let text = html(Locale::En);
    assert!(!text.contains(" style=\"") && !text.contains(" onclick") && !text.contains(" onload"));
}

#[test]
fn hindi_shows_no_western_digit_to_the_reader() {
    let text = html(Locale::Hi);
    assert!(text.contains(r#"<html lang="hi""#) && text.contains("९ नव॰ – २२ नव॰ २०२६"));
    // Hashtags are as their authors wrote them.
    let shown = visible(&text).replace("Budget2026", "");
    assert!(!shown.contains(|c: char| c.is_ascii_digit()), "{shown}");
    assert!(visible(&html(Locale::En)).contains("9 Nov – 22 Nov 2026"));
}

#[test]
fn the_numbers_of_the_charts_stand_in_tables_too() {
    let text = html(Locale::En);
    let data = sample::dashboard();
    assert_eq!(text.matches("<table").count(), 3);
    for day in &data.days {
        let row = format!(
            "{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td>",
            Locale::En.day(day.day),
            day.counts.positive,
            day.counts.neutral,
            day.counts.negative,
            day.counts.unscored,
            day.counts.total()
        );
        assert!(text.contains(&row), "{row}");
    }
}

#[test]
fn a_dashboard_without_posts_says_so() {
    let text = page(&sample::empty(), &options(Locale::En, Theme::Auto), &nonce()).into_string();
    assert!(text.contains("No posts in this period") && !text.contains("<svg"));
}

#[test]
fn the_headers_are_exactly_these() {
    let origins = ["https://a.example", "https://b.example:8443"].map(|text| Origin::parse(text).unwrap());
    let nonce = nonce();
    let headers = headers(&origins, &nonce);
    let n = nonce.as_str();
    let policy = format!(
        "default-src 'none'; script-src 'self' 'nonce-{n}'; style-src 'self' 'nonce-{n}'; img-src 'self' data:; \
         connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors https://a.example https://b.example:8443; \
         sandbox allow-scripts allow-same-origin allow-popups; require-trusted-types-for 'script'"
    );
    let expected = [
        ("content-type", "text/html; charset=utf-8"),
        ("content-security-policy", policy.as_str()),
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
        ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
        ("cross-origin-resource-policy", "cross-origin"),
        ("cross-origin-embedder-policy", "require-corp"),
        ("x-robots-tag", "noindex"),
        ("vary", "Origin, Referer, Sec-Fetch-Dest, Sec-Fetch-Mode, Sec-Fetch-Site"),
    ];
    for (name, value) in expected {
        assert_eq!(headers.get(name).unwrap(), value, "{name}");
    }
    assert_eq!(headers.len(), expected.len(), "no X-Frame-Options, no cookie, nothing else: {headers:?}");
}

#[test]
fn nobody_may_frame_a_page_without_origins() {
    let headers = headers(&[], &nonce());
    assert!(headers["content-security-policy"].to_str().unwrap().contains("frame-ancestors 'none';"));
}

#[test]
fn the_script_is_kept_for_ever_only_under_its_own_version() {
    let text = html(Locale::En);
    let (_, rest) = text.split_once("frame.js?v=").unwrap();
    let version = &rest[..16];
    let caching = |asked| script(asked).0["cache-control"].to_str().unwrap().to_owned();
    assert_eq!(caching(Some(version)), "public, max-age=31536000, immutable");
    assert_eq!(caching(Some("0000000000000000")), "no-cache");
    assert_eq!(caching(None), "no-cache");
}

#[test]
fn the_script_writes_no_markup_and_speaks_to_no_unnamed_origin() {
    let (_, source) = script(None);
    for forbidden in ["innerHTML", "outerHTML", "document.write", "eval", "\"*\"", "fetch(", "cookie"] {
        assert!(!source.contains(forbidden), "{forbidden}");
    }
}

/// The text between the tags of the body, without the script's address.
fn visible(html: &str) -> String {
    let body = html.split_once("<body>").unwrap().1;
    body.split('<').filter_map(|piece| piece.split_once('>')).map(|(_, text)| text).collect()
}
