//! The host page of the demo: frames a dashboard as a partner's site would.

use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::Nonce;
use crate::domain::Origin;

const STYLE: &str = include_str!("demo_page/demo.css");
const SCRIPT: &str = concat!(include_str!("demo_page/embed.js"), include_str!("demo_page/demo.js"));

/// What can be tried, by the ids of the buttons.
const BUTTONS: [(&str, &str, &str); 5] = [
    ("load", "Load afresh", "A new token opens a new frame."),
    ("renew", "Renew now", "A new token goes through the port; the frame stays as it is."),
    ("replay", "Replay", "The token of this frame once more: refused, for it is used up."),
    (
        "foreign",
        "Wrong site",
        "A token for another site: the browser blocks the frame, and this page notices by its silence.",
    ),
    ("revoke", "Revoke", "Every token and session so far ends; the frame says so."),
];

/// A line that a reader can paste into a terminal.
#[derive(Debug, Clone)]
pub struct Command {
    /// What it does, in a few words.
    pub title: String,
    /// The line.
    pub line: String,
}

/// The host page; its script fetches a token and posts it into the frame.
#[must_use]
pub fn page(commands: &[Command], nonce: &Nonce) -> Markup {
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
                        "This page stands for a site that shows the dashboard. It gets a token from its own server and posts it "
                        "into the frame below, so the token is in no address and in no log. Each token opens one dashboard, on "
                        "one site, once; the session that it opens is renewed by the next token, without a reload."
                    }
                }
                main {
                    section.panel aria-label="Controls" {
                        (facts())
                        (buttons())
                        (looks())
                    }
                    iframe #frame name="dashboard" title="Dashboard" height="600" referrerpolicy="origin" {}
                    h2 { "What the page and the frame tell each other" }
                    ol #log tabindex="0" aria-label="Messages" {}
                    (self::commands(commands))
                }
                script nonce=(nonce.as_str()) { (PreEscaped(SCRIPT)) }
            }
        }
    }
}

fn facts() -> Markup {
    let fact = |id: &str, name: &str, first: &str| html! { div { dt { (name) } dd #(id) { (first) } } };
    html! {
        dl.facts {
            (fact("state", "Frame", "loading"))
            (fact("token-life", "Newest token", "–"))
            (fact("session-life", "Session", "–"))
        }
    }
}

fn buttons() -> Markup {
    html! {
        div.buttons {
            @for (id, name, what) in BUTTONS { button #(id) type="button" title=(what) { (name) } }
        }
        p #hint { "Point at a button to read what it shows." }
    }
}

fn looks() -> Markup {
    html! {
        div.looks {
            label { "Theme " select #theme {
                option value="auto" { "as the system" } option value="light" { "light" } option value="dark" { "dark" }
            } }
            label { "Language " select #locale { option value="en" { "English" } option value="hi" lang="hi" { "हिन्दी" } } }
        }
    }
}

fn commands(commands: &[Command]) -> Markup {
    html! {
        @if !commands.is_empty() {
            h2 { "Try it from a terminal" }
            dl.commands {
                @for command in commands {
                    dt { (command.title) }
                    dd { pre tabindex="0" { code { (command.line) } } }
                }
            }
        }
    }
}

/// The headers of the host page, which frames pages of `frames`.
///
/// # Panics
/// Never: nonces and origins are plain ASCII.
#[must_use]
pub fn headers(frames: &Origin, nonce: &Nonce) -> HeaderMap {
    let nonce = nonce.as_str();
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src 'self' data:; connect-src 'self'; \
         frame-src {frames}; form-action {frames}; base-uri 'none'; frame-ancestors 'none'"
    );
    let policy = HeaderValue::from_str(&policy).expect("a nonce and an origin are plain ASCII");
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
    fn the_page_holds_no_token_and_shows_commands_as_text() {
        let commands = [Command { title: "List".to_owned(), line: "curl '<here>' && echo".to_owned() }];
        let text = page(&commands, &nonce()).into_string();
        assert!(text.contains("curl '&lt;here&gt;' &amp;&amp; echo") && !text.contains("name=\"token\""));
        assert_eq!(text.matches("<script").count(), 1);
        for (id, ..) in BUTTONS {
            assert!(text.contains(&format!("<button id=\"{id}\"")) && SCRIPT.contains(id), "{id}");
        }
    }

    #[test]
    fn the_host_page_may_not_be_framed_and_frames_only_this_server() {
        let nonce = nonce();
        let frames = Origin::parse("http://127.0.0.1:5000").unwrap();
        let headers = headers(&frames, &nonce);
        let policy = headers["content-security-policy"].to_str().unwrap();
        for rule in ["frame-ancestors 'none'", "frame-src http://127.0.0.1:5000;", "form-action http://127.0.0.1:5000;"]
        {
            assert!(policy.contains(rule), "{policy}");
        }
        assert!(policy.contains(&format!("script-src 'nonce-{}';", nonce.as_str())), "{policy}");
        assert_eq!(
            (&headers["x-frame-options"], &headers["cache-control"]),
            (&"DENY".parse().unwrap(), &"no-store".parse().unwrap())
        );
    }
}
