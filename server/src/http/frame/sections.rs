//! The parts of a page, in the order that its dashboard says.

use maud::{Markup, html};

use super::charts::{mean_per_day, plain_bar, posts_per_day, tone_bar};
use super::{posts, tables};
use crate::domain::{DashboardData, Locale, Section, SentimentCounts, Tally};
use crate::usecase::FrameData;

/// Languages and topics that are shown, at most.
const TALLIES: usize = 8;

/// Every part that the dashboard shows.
pub(super) fn all(frame: &FrameData, locale: Locale) -> Markup {
    let is_empty = frame.data.totals.total() == 0;
    html! {
        @if is_empty { (empty(locale)) }
        div.cards {
            @for section in &frame.spec.sections {
                @if !is_empty || *section == Section::Posts { (one(*section, frame, locale)) }
            }
        }
    }
}

fn one(section: Section, frame: &FrameData, locale: Locale) -> Markup {
    let (data, words) = (&frame.data, locale.words());
    html! {
        @match section {
            Section::Totals => (totals(data.totals, locale)),
            Section::PostsPerDay => section.card.wide {
                h2 { (words.posts_per_day) }
                (posts_per_day(&data.days, locale))
                (legend(locale))
                (tables::posts_per_day(&data.days, locale))
            },
            Section::Sentiment => {
                section.card { h2 { (words.sentiment) } (shares(data.totals, locale)) }
                section.card.wide {
                    h2 { (words.mean_per_day) }
                    (mean_per_day(&data.days, locale))
                    (tables::mean_per_day(&data.days, locale))
                }
            },
            Section::Languages => section.card {
                h2 { (words.languages) }
                (tallies(&data.languages, |tally| html! { (locale.language(&tally.name)) }, locale))
            },
            Section::Topics => (topics(data, locale)),
            Section::Leaders => section.card.wide { h2 { (words.leaders) } (tables::leaders(&data.leaders, locale)) },
            Section::Posts => (posts::newest(&frame.posts, locale)),
        }
    }
}

fn empty(locale: Locale) -> Markup {
    let words = locale.words();
    html! { section.card.empty { h2 { (words.empty) } p { (words.empty_hint) } } }
}

fn totals(totals: SentimentCounts, locale: Locale) -> Markup {
    let words = locale.words();
    let [positive, _, negative] = locale.shares([totals.positive, totals.neutral, totals.negative]);
    html! {
        dl.figures aria-label=(words.key_figures) {
            div { dt { (words.posts) } dd { (locale.count(totals.total())) } }
            div { dt { i.positive {} (words.positive) } dd { (positive) } }
            div { dt { i.negative {} (words.negative) } dd { (negative) } }
            div { dt { (words.mean_score) } dd { (locale.score(totals.mean())) } }
        }
    }
}

fn shares(totals: SentimentCounts, locale: Locale) -> Markup {
    let words = locale.words();
    let rows = [
        ("positive", words.positive, totals.positive),
        ("neutral", words.neutral, totals.neutral),
        ("negative", words.negative, totals.negative),
    ];
    let shares = locale.shares(rows.map(|(_, _, count)| count));
    html! {
        (tone_bar(SentimentCounts { unscored: 0, ..totals }, 100.0))
        ul.tones {
            @for ((class, name, count), share) in rows.into_iter().zip(shares) {
                li { i class=(class) {} span { (name) } span { (locale.count(count)) } b { (share) } }
            }
        }
        p.fine {
            (words.scored) ": " (locale.count(totals.labelled())) " · " (words.unscored) ": " (locale.count(totals.unscored))
        }
    }
}

/// The colours of the bars; the table beside them says the same in words.
fn legend(locale: Locale) -> Markup {
    let words = locale.words();
    html! {
        ul.legend aria-hidden="true" {
            li { i.positive {} (words.positive) }
            li { i.neutral {} (words.neutral) }
            li { i.negative {} (words.negative) }
            li { i.unscored {} (words.unscored) }
        }
    }
}

fn topics(data: &DashboardData, locale: Locale) -> Markup {
    let words = locale.words();
    html! {
        section.card {
            h2 { (words.topics) }
            @if data.topics.is_empty() { p.fine { (words.no_topics) } }
            (tallies(&data.topics, |tally| html! { bdi { "#" (tally.name) } }, locale))
        }
    }
}

fn tallies(tallies: &[Tally], name: impl Fn(&Tally) -> Markup, locale: Locale) -> Markup {
    let most = tallies.iter().map(|tally| tally.posts).max().unwrap_or_default();
    html! {
        @if !tallies.is_empty() {
            ul.tallies {
                @for tally in tallies.iter().take(TALLIES) {
                    li { span { (name(tally)) } b { (locale.count(tally.posts)) } (plain_bar(tally.posts, most)) }
                }
            }
        }
    }
}
