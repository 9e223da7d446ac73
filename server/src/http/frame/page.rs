//! The page of a dashboard.

use maud::{Markup, html};

use super::FrameOptions;
use super::charts::{mean_per_day, plain_bar, posts_per_day, share, tone_bar};
use super::document::document;
use crate::domain::{DashboardData, DayPoint, LeaderRow, Locale, SentimentCounts, Tally};
use crate::http::Nonce;

/// Languages and topics that are shown, at most.
const TALLIES: usize = 8;

/// A dashboard: counts and shares, never the texts of posts.
#[must_use]
pub fn page(data: &DashboardData, options: &FrameOptions, nonce: &Nonce) -> Markup {
    let locale = options.locale;
    let body = html! {
        header { h1 { (locale.words().title) } (period(data, locale)) }
        main {
            @if data.totals.total() == 0 { (empty(locale)) } @else { (cards(data, locale)) }
        }
        footer {
            span { (locale.words().counted) " " time datetime=(data.generated_at) { (locale.instant(data.generated_at)) } }
            span { (locale.words().utc_days) }
        }
    };
    document(locale.words().title, &body, None, options, nonce)
}

fn period(data: &DashboardData, locale: Locale) -> Markup {
    html! {
        @if let (Some(first), Some(last)) = (data.days.first(), data.days.last()) {
            p { (locale.period(first.day, last.day)) " · " (locale.count(data.days.len() as u64)) " " (locale.words().days) }
        }
    }
}

fn empty(locale: Locale) -> Markup {
    html! {
        section.card.empty { h2 { (locale.words().empty) } p { (locale.words().empty_hint) } }
    }
}

fn cards(data: &DashboardData, locale: Locale) -> Markup {
    let words = locale.words();
    html! {
        (key_figures(data.totals, locale))
        div.cards {
            section.card.wide {
                h2 { (words.posts_per_day) }
                (posts_per_day(&data.days, locale))
                (legend(locale))
                (posts_table(&data.days, locale))
            }
            section.card { h2 { (words.sentiment) } (sentiment(data.totals, locale)) }
            section.card.wide {
                h2 { (words.mean_per_day) }
                (mean_per_day(&data.days, locale))
                (mean_table(&data.days, locale))
            }
            section.card {
                h2 { (words.languages) }
                (tallies(&data.languages, |tally| html! { (locale.language(&tally.name)) }, locale))
            }
            section.card.wide { h2 { (words.leaders) } (leaders(&data.leaders, locale)) }
            section.card {
                h2 { (words.topics) }
                @if data.topics.is_empty() { p.fine { (words.no_topics) } }
                (tallies(&data.topics, |tally| html! { bdi { "#" (tally.name) } }, locale))
            }
        }
    }
}

fn key_figures(totals: SentimentCounts, locale: Locale) -> Markup {
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

fn sentiment(totals: SentimentCounts, locale: Locale) -> Markup {
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
            (words.scored) ": " (locale.count(totals.scored())) " · " (words.unscored) ": " (locale.count(totals.unscored))
        }
    }
}

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

fn posts_table(days: &[DayPoint], locale: Locale) -> Markup {
    let words = locale.words();
    html! {
        details {
            summary { (words.numbers) }
            div.scroll { table {
                thead { tr {
                    th scope="col" { (words.day) }
                    @for name in [words.positive, words.neutral, words.negative, words.unscored, words.posts] { th scope="col" { (name) } }
                } }
                tbody { @for DayPoint { day, counts } in days { tr {
                    th scope="row" { (locale.day(*day)) }
                    @for count in [counts.positive, counts.neutral, counts.negative, counts.unscored, counts.total()] { td { (locale.count(count)) } }
                } } }
            } }
        }
    }
}

fn mean_table(days: &[DayPoint], locale: Locale) -> Markup {
    let words = locale.words();
    html! {
        details {
            summary { (words.numbers) }
            div.scroll { table {
                thead { tr { th scope="col" { (words.day) } th scope="col" { (words.mean_score) } } }
                tbody { @for DayPoint { day, counts } in days { tr {
                    th scope="row" { (locale.day(*day)) }
                    td { (locale.score(counts.mean())) }
                } } }
            } }
        }
    }
}

fn tallies(tallies: &[Tally], name: impl Fn(&Tally) -> Markup, locale: Locale) -> Markup {
    let most = tallies.iter().map(|tally| tally.posts).max().unwrap_or_default();
    html! {
        ul.tallies {
            @for tally in tallies.iter().take(TALLIES) {
                li { span { (name(tally)) } b { (locale.count(tally.posts)) } (plain_bar(tally.posts, most)) }
            }
        }
    }
}

fn leaders(rows: &[LeaderRow], locale: Locale) -> Markup {
    let words = locale.words();
    let most = rows.iter().map(|row| row.counts.total()).max().unwrap_or_default();
    html! {
        table.leaders {
            thead { tr {
                th scope="col" { (words.leader) } th scope="col" { (words.posts) } th scope="col" { (words.mean_score) }
            } }
            tbody { @for row in rows { tr {
                th scope="row" {
                    bdi { (row.name) }
                    p.fine {
                        @if let Some(handle) = &row.handle { bdi { "@" (handle) } }
                        @if row.handle.is_some() && row.last_post_at.is_some() { " · " }
                        @if let Some(at) = row.last_post_at { (words.newest) " " time datetime=(at) { (locale.day_of(at)) } }
                    }
                    (tone_bar(row.counts, share(row.counts.total(), most)))
                }
                td { (locale.count(row.counts.total())) }
                td { (locale.score(row.counts.mean())) }
            } } }
        }
    }
}
