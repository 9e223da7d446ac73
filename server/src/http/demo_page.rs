//! The host page of the demo: frames a dashboard as a partner's site would.

use std::time::Duration;

use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use secrecy::{ExposeSecret, SecretString};

use super::Nonce;
use crate::domain::DashboardId;

const STYLE: &str = include_str!("demo_page/demo.css");
const SCRIPT: &str = include_str!("demo_page/demo.js");

/// A line that a reader can paste into a terminal.
#[derive(Debug, Clone)]
pub struct Command {
    /// What it does, in a few words.
    pub title: String,
    /// The line.
    pub line: String,
}

/// What the page shows.
#[derive(Debug)]
pub struct DemoPage<'a> {
    /// The dashboard to frame.
    pub dashboard: &'a DashboardId,
    /// A fresh token for this load.
    pub token: &'a SecretString,
    /// How long the token is of use.
    pub ttl: Duration,
    /// Lines to try.
    pub commands: &'a [Command],
}

/// The host page; it posts the token into the frame as soon as it is loaded.
#[must_use]
pub fn page(demo: &DemoPage<'_>, nonce: &Nonce) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Amber demo" }
                style nonce=(nonce.as_str()) { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { "A dashboard of Amber on a partner's page" }
                    p {
                        "This page stands for a site that shows the dashboard. It got a token from its own server and posted it "
                        "into the frame below, so the token is in no address and in no log. Each token opens one dashboard, on one site, once."
                    }
                }
                main {
                    div.bar {
                        p { "Token life left: " b id="life" data-seconds=(demo.ttl.as_secs()) { (demo.ttl.as_secs()) " s" } }
                        p id="state" role="status" { "Loading the frame …" }
                        button id="again" type="button" { "Load with a fresh token" }
                    }
                    form id="load" method="post" action={ "/embed/v1/dashboards/" (demo.dashboard) } target="dashboard" {
                        input type="hidden" name="token" value=(demo.token.expose_secret());
                    }
                    iframe id="frame" name="dashboard" title="Dashboard" height="900" {}
                    (commands(demo.commands))
                }
                script nonce=(nonce.as_str()) { (PreEscaped(SCRIPT)) }
            }
        }
    }
}

fn commands(commands: &[Command]) -> Markup {
    html! {
        @if !commands.is_empty() {
            h2 { "Try it from a terminal" }
            dl {
                @for command in commands {
                    dt { (command.title) }
                    dd { pre tabindex="0" { code { (command.line) } } }
                }
            }
        }
    }
}

/// The headers of the host page.
///
/// # Panics
/// Never: nonces are plain ASCII.
#[must_use]
pub fn headers(nonce: &Nonce) -> HeaderMap {
    let nonce = nonce.as_str();
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src 'self' data:; frame-src 'self'; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    );
    let policy = HeaderValue::from_str(&policy).expect("a nonce is plain ASCII");
    [
        (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (CONTENT_SECURITY_POLICY, policy),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (REFERRER_POLICY, HeaderValue::from_static("strict-origin-when-cross-origin")),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    ]
    .into_iter()
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::OsEntropy;

    fn nonce() -> Nonce {
        Nonce::new(&OsEntropy)
    }

    #[test]
    fn the_token_is_posted_into_the_frame_and_never_part_of_an_address() {
        let dashboard = DashboardId::parse("dash-1").expect("an id");
        let token = SecretString::from("tok.en.text");
        let commands = [Command { title: "List".to_owned(), line: "curl '<here>' && echo".to_owned() }];
        let demo = DemoPage { dashboard: &dashboard, token: &token, ttl: Duration::from_mins(1), commands: &commands };
        let text = page(&demo, &nonce()).into_string();
        assert!(text.contains(r#"method="post" action="/embed/v1/dashboards/dash-1" target="dashboard""#));
        assert_eq!(text.matches("tok.en.text").count(), 1);
        assert!(text.contains("curl '&lt;here&gt;' &amp;&amp; echo") && !text.contains("://"));
    }

    #[test]
    fn the_host_page_may_not_be_framed_and_frames_only_this_server() {
        let nonce = nonce();
        let headers = headers(&nonce);
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("frame-src 'self';"), "{policy}");
        assert!(policy.contains(&format!("script-src 'nonce-{}';", nonce.as_str())), "{policy}");
        assert_eq!(
            (&headers["x-frame-options"], &headers["cache-control"]),
            (&"DENY".parse().unwrap(), &"no-store".parse().unwrap())
        );
    }
}
