//! Tests of the frame.

use std::time::Duration;

use secrecy::SecretString;

use super::*;
use crate::domain::{DashboardData, DashboardSpec, Locale, Origin, OsEntropy, Section, Tally, Theme};
use crate::http::Nonce;
use crate::usecase::FrameData;

fn nonce() -> Nonce {
    Nonce::new(&OsEntropy)
}

fn partner() -> Origin {
    Origin::parse("https://partner.example").unwrap()
}

fn look(locale: Locale, theme: Theme) -> Look {
    Look { theme, locale }
}

/// A frame that shows these numbers in every section, with two posts.
fn shown(data: DashboardData) -> FrameData {
    let spec = DashboardSpec { sections: Section::ALL.to_vec(), ..DashboardSpec::default() };
    FrameData { spec, data, posts: sample::posts() }
}

fn rendered(frame: &FrameData, look: Look) -> String {
    let (session, site) = (SecretString::from("session.of.viewer"), partner());
    let opening = Opening { session: &session, life: Duration::from_mins(10), site: &site };
    page(frame, look, opening, &nonce()).into_string()
}

fn html(locale: Locale) -> String {
    rendered(&shown(sample::dashboard()), look(locale, Theme::Auto))
}

fn failed(failure: Failure<'_>) -> String {
    error_page(failure, Look::default(), &[partner()], &nonce()).into_string()
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
            let look = look(locale, theme);
            let bare = FrameData { spec: DashboardSpec::default(), posts: Vec::new(), data: sample::empty() };
            for (name, text) in [
                ("page", rendered(&shown(sample::dashboard()), look)),
                ("empty", rendered(&bare, look)),
                ("error", error_page(failure, look, &[partner()], &nonce()).into_string()),
            ] {
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
    let mut frame = shown(data);
    hostile.clone_into(&mut frame.spec.title);
    let post = &mut frame.posts[0];
    hostile.clone_into(&mut post.text);
    hostile.clone_into(&mut post.author.name);
    hostile.clone_into(&mut post.author.handle);
    hostile.clone_into(&mut post.language);
    let text = rendered(&frame, Look::default());
    assert_eq!(text.matches("<script").count(), 1, "only the page's own script");
    assert!(!text.contains("<img") && !text.contains("onerror=\""));
    // Leader, handle, topic, language; title in head, attribute and heading; text, name, handle and language of a post.
    assert_eq!(text.matches("&lt;script&gt;alert(1)&lt;/script&gt;").count(), 11);
}

#[test]
fn right_to_left_marks_cannot_turn_the_row_around() {
    let mut data = sample::dashboard();
    "\u{202e}evil".clone_into(&mut data.leaders[0].name);
    let mut frame = shown(data);
    "\u{202e}gnp.exe".clone_into(&mut frame.posts[0].author.name);
    "\u{202e}txt.exe".clone_into(&mut frame.posts[0].text);
    let text = rendered(&frame, Look::default());
    assert!(text.contains("<bdi>\u{202e}evil</bdi>") && text.contains("<bdi><b>\u{202e}gnp.exe</b></bdi>"));
    assert!(text.contains("dir=\"auto\" lang=\"en\">\u{202e}txt.exe</p>"), "a paragraph ends what the mark began");
}

#[test]
fn a_link_leads_to_the_web_or_nowhere() {
    let mut frame = shown(sample::dashboard());
    frame.posts.truncate(1);
    let links = |permalink: &str| {
        permalink.clone_into(&mut frame.posts[0].permalink);
        rendered(&frame, Look::default()).matches("<a href=").count()
    };
    let asked =
        ["https://x.com/asha/status/1", "javascript:alert(1)", "data:text/html,x", "http://x.com/a", "//x.com", ""];
    assert_eq!(asked.map(links), [1, 0, 0, 0, 0, 0]);
}

#[test]
fn posts_tell_who_wrote_them_when_and_where_to_read_them() {
    let text = html(Locale::En);
    let post = &sample::posts()[0];
    for part in
        [post.text.as_str(), "@asha_verma", "21 Nov, 18:40 UTC", "View on X", "rel=\"noopener noreferrer nofollow\""]
    {
        assert!(text.contains(part), "{part}");
    }
    assert!(!text.contains("avatar") && !text.contains("<img"), "nothing is fetched from elsewhere");
}

#[test]
fn sections_stand_in_the_order_of_the_dashboard_and_no_other_is_shown() {
    let headings = |sections: &[Section]| {
        let mut frame = shown(sample::dashboard());
        frame.spec.sections = sections.to_vec();
        let text = rendered(&frame, Look::default());
        let pieces = text.split("<h2>").skip(1);
        pieces.map(|piece| piece.split('<').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(headings(&[Section::Leaders, Section::Languages]), ["Leaders", "Languages"]);
    assert_eq!(
        headings(&[Section::Languages, Section::Posts, Section::Leaders]),
        ["Languages", "Newest posts", "Leaders"]
    );
    assert_eq!(headings(&[Section::Totals]), [""; 0]);
    assert_eq!(headings(&Section::ALL).len(), 7, "sentiment has two, totals none");
}

#[test]
fn the_session_is_handed_to_the_script_and_stands_nowhere_else() {
    let text = html(Locale::En);
    assert_eq!(text.matches("session.of.viewer").count(), 1);
    assert!(text.contains(r#"data-session="session.of.viewer" data-expires-in-ms="600000""#));
    let fragment = content(&shown(sample::dashboard()), Look::default()).into_string();
    assert!(fragment.starts_with("<main id=\"dashboard\" lang=\"en\" data-theme=\"auto\""), "{}", &fragment[..80]);
    assert!(text.contains(&fragment), "what replaces the content is the content");
}

#[test]
fn a_dashboard_without_a_title_has_a_plain_heading() {
    let mut frame = shown(sample::dashboard());
    assert!(rendered(&frame, look(Locale::Hi, Theme::Auto)).contains("<h1><bdi>पोस्ट और उनका भाव</bdi></h1>"));
    "Ministers".clone_into(&mut frame.spec.title);
    let text = rendered(&frame, look(Locale::Hi, Theme::Auto));
    assert!(text.contains("<h1><bdi>Ministers</bdi></h1>") && text.contains("<title>Ministers</title>"));
}

#[test]
fn an_error_page_shows_its_message_as_text_and_tells_the_host_by_data() {
    let failure = Failure {
        reason: "RATE_LIMITED",
        message: "<b>slow</b>",
        request_id: "\"><script>",
        retry_after: Some(Duration::from_millis(1_500)),
    };
    let text = failed(failure);
    assert!(text.contains("&lt;b&gt;slow&lt;/b&gt;") && !text.contains("<b>slow"));
    assert_eq!(text.matches("<script").count(), 1);
    assert!(text.contains(r#"data-reason="RATE_LIMITED""#) && text.contains(r#"data-retry-after-ms="1500""#));
    assert!(text.contains(r#"data-parents="https://partner.example""#));
}

#[test]
fn the_page_names_no_address_but_its_script_and_its_parent() {
    for locale in [Locale::En, Locale::Hi] {
        let text = html(locale).replace("https://partner.example", "");
        let text = text
            .replace("href=\"https://x.com/asha_verma/status/", "")
            .replace("href=\"https://x.com/meera_d/status/", "");
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
    let shown = visible(text.split("<ul class=\"posts\">").next().unwrap()).replace("Budget2026", "");
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
    let frame = FrameData { posts: Vec::new(), ..shown(sample::empty()) };
    let text = rendered(&frame, Look::default());
    assert!(text.contains("No posts in this period") && text.contains("No posts yet") && !text.contains("<svg"));
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
fn the_script_writes_markup_by_its_policy_alone_and_speaks_to_no_unnamed_origin() {
    let (_, source) = script(None);
    assert_eq!(source.matches("parseFromString(policy.createHTML(").count(), 1);
    for forbidden in
        ["innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval(", "\"*\"", "cookie", "Storage", "Date"]
    {
        assert!(!source.contains(forbidden), "{forbidden}");
    }
    assert_eq!(source.matches("fetch(").count(), 1, "one place that asks the server");
}

/// The text between the tags of the body, without the script's address.
fn visible(html: &str) -> String {
    let body = html.split_once("<body>").unwrap().1;
    body.split('<').filter_map(|piece| piece.split_once('>')).map(|(_, text)| text).collect()
}
