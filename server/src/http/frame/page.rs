//! The page of a dashboard: the document with its content, and the content alone.

use std::time::Duration;

use maud::{Markup, html};
use secrecy::{ExposeSecret, SecretString};

use super::document::{Handover, document};
use super::{Look, sections};
use crate::domain::{DashboardData, DashboardSpec, Locale, Origin};
use crate::http::Nonce;
use crate::usecase::FrameData;

/// The session that a page is opened with.
#[derive(Debug, Clone, Copy)]
pub struct Opening<'a> {
    /// The session, for the script alone.
    pub session: &'a SecretString,
    /// How long it lives from now on.
    pub life: Duration,
    /// The framing site.
    pub site: &'a Origin,
}

/// The whole page.
#[must_use]
pub fn page(frame: &FrameData, look: Look, opening: Opening<'_>, nonce: &Nonce) -> Markup {
    let handover = Handover::Session { text: opening.session.expose_secret(), life: opening.life };
    let parents = std::slice::from_ref(opening.site);
    document(title(&frame.spec, look.locale), &content(frame, look), look, &handover, parents, nonce)
}

/// What the script of the page puts in the place of the old one. It brings the words that the script may need, in its
/// own language.
#[must_use]
pub fn content(frame: &FrameData, look: Look) -> Markup {
    let (data, locale) = (&frame.data, look.locale);
    let words = locale.words();
    let title = title(&frame.spec, locale);
    html! {
        main #dashboard lang=(locale.as_str()) data-theme=(look.theme.as_str()) data-title=(title)
            data-away=(words.away) data-farewell=(words.over) data-ended=(words.ended) data-revoked=(words.revoked)
            data-deleted=(words.deleted) {
            header { h1 { bdi { (title) } } (period(data, locale)) }
            (sections::all(frame, locale))
            footer {
                span { (words.counted) " " time datetime=(data.generated_at) { (locale.instant(data.generated_at)) } }
                span { (words.utc_days) }
            }
        }
    }
}

fn title(spec: &DashboardSpec, locale: Locale) -> &str {
    if spec.title.is_empty() { locale.words().title } else { &spec.title }
}

fn period(data: &DashboardData, locale: Locale) -> Markup {
    html! {
        @if let (Some(first), Some(last)) = (data.days.first(), data.days.last()) {
            p { (locale.period(first.day, last.day)) " · " (locale.count(data.days.len() as u64)) " " (locale.words().days) }
        }
    }
}
