//! The document around every page of the frame: head, style and script.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::script::script_url;
use super::{Failure, FrameOptions};
use crate::domain::Origin;
use crate::http::Nonce;

const STYLE: &str = include_str!("frame.css");

/// The document around `body`. Its script tells the host of `failure`, or that all is well.
pub(super) fn document(
    title: &str,
    body: &Markup,
    failure: Option<Failure<'_>>,
    options: &FrameOptions,
    nonce: &Nonce,
) -> Markup {
    let parents = options.parents.iter().map(Origin::as_str).collect::<Vec<_>>().join(" ");
    let retry_after = failure.and_then(|failure| failure.retry_after).map(|after| after.as_millis());
    html! {
        (DOCTYPE)
        html lang=(options.locale.as_str()) data-theme=(options.theme.as_str()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style nonce=(nonce.as_str()) { (PreEscaped(STYLE)) }
            }
            body {
                (body)
                script src=(script_url()) nonce=(nonce.as_str()) data-parents=(parents)
                    data-reason=[failure.map(|failure| failure.reason)]
                    data-request-id=[failure.map(|failure| failure.request_id)]
                    data-retry-after-ms=[retry_after] {}
            }
        }
    }
}
