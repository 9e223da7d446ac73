//! The page of a dashboard.

use maud::{DOCTYPE, Markup, html};

use super::script::script_url;
use super::{Failure, FrameOptions};
use crate::domain::DashboardData;
use crate::http::Nonce;

/// A dashboard: counts and shares, never the texts of posts.
#[must_use]
pub fn page(data: &DashboardData, options: &FrameOptions, nonce: &Nonce) -> Markup {
    document(options, nonce, "Dashboard", None, &html! { p { (data.totals.total()) } })
}

/// The document around `body`: head, style and script.
pub(super) fn document(
    options: &FrameOptions,
    nonce: &Nonce,
    title: &str,
    failure: Option<Failure<'_>>,
    body: &Markup,
) -> Markup {
    let parents = options.parents.iter().map(|origin| origin.as_str()).collect::<Vec<_>>().join(" ");
    html! {
        (DOCTYPE)
        html lang=(options.locale.as_str()) data-theme=(options.theme.as_str()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
            }
            body {
                (body)
                script src=(script_url()) nonce=(nonce.as_str()) data-parents=(parents)
                    data-reason=[failure.map(|f| f.reason)] data-request-id=[failure.map(|f| f.request_id)]
                    data-retry-after-ms=[failure.and_then(|f| f.retry_after).map(|after| after.as_millis())] {}
            }
        }
    }
}
