//! The document around every page of the frame: head, style and script.

use std::time::Duration;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::script::script_url;
use super::{Failure, Look};
use crate::domain::Origin;
use crate::http::Nonce;

pub(super) const STYLE: &str = include_str!("frame.css");

/// What the script is handed over in the document. It takes it out of the document at once.
pub(super) enum Handover<'a> {
    /// A session that lives so long.
    Session { text: &'a str, life: Duration },
    /// Why there is none.
    Failure(Failure<'a>),
}

/// The document around `body`; its script speaks to `parents`, of which browsers deliver to the true one only.
pub(super) fn document(
    title: &str,
    body: &Markup,
    look: Look,
    handover: &Handover<'_>,
    parents: &[Origin],
    nonce: &Nonce,
) -> Markup {
    let parents = parents.iter().map(Origin::as_str).collect::<Vec<_>>().join(" ");
    let (state, session, failure) = match handover {
        Handover::Session { text, life } => ("live", Some((text, life.as_millis())), None),
        Handover::Failure(failure) => ("error", None, Some(failure)),
    };
    let retry_after = failure.and_then(|failure| failure.retry_after).map(|after| after.as_millis());
    html! {
        (DOCTYPE)
        html lang=(look.locale.as_str()) data-theme=(look.theme.as_str()) data-state=(state) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style nonce=(nonce.as_str()) { (PreEscaped(STYLE)) }
            }
            body {
                p #notice role="status" {}
                (body)
                script src=(script_url()) nonce=(nonce.as_str()) data-parents=(parents)
                    data-session=[session.map(|(text, _)| text)]
                    data-expires-in-ms=[session.map(|(_, life)| life)]
                    data-reason=[failure.map(|failure| failure.reason)]
                    data-request-id=[failure.map(|failure| failure.request_id)]
                    data-retry-after-ms=[retry_after] {}
            }
        }
    }
}
