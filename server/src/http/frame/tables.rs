//! The numbers of the charts as tables, and the table of the leaders.

use maud::{Markup, html};

use super::charts::{share, tone_bar};
use crate::domain::{DayPoint, LeaderRow, Locale};

/// The posts of every day by tone.
pub(super) fn posts_per_day(days: &[DayPoint], locale: Locale) -> Markup {
    let words = locale.words();
    let names = [words.positive, words.neutral, words.negative, words.unscored, words.posts];
    let head = html! { th scope="col" { (words.day) } @for name in names { th scope="col" { (name) } } };
    let row = |DayPoint { day, counts }: &DayPoint| {
        let counts = [counts.positive, counts.neutral, counts.negative, counts.unscored, counts.total()];
        html! { th scope="row" { (locale.day(*day)) } @for count in counts { td { (locale.count(count)) } } }
    };
    folded("posts-numbers", words.posts_per_day, &head, days.iter().map(row), locale)
}

/// The mean score of every day.
pub(super) fn mean_per_day(days: &[DayPoint], locale: Locale) -> Markup {
    let words = locale.words();
    let head = html! { th scope="col" { (words.day) } th scope="col" { (words.mean_score) } };
    let row = |DayPoint { day, counts }: &DayPoint| {
        html! { th scope="row" { (locale.day(*day)) } td { (locale.score(counts.mean())) } }
    };
    folded("mean-numbers", words.mean_per_day, &head, days.iter().map(row), locale)
}

/// One row per leader.
pub(super) fn leaders(rows: &[LeaderRow], locale: Locale) -> Markup {
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
                        @if let Some(at) = row.last_post_at {
                            span.when { (words.newest) " " time datetime=(at) { (locale.day_of(at)) } }
                        }
                    }
                    (tone_bar(row.counts, share(row.counts.total(), most)))
                }
                td { (locale.count(row.counts.total())) }
                td { (locale.score(row.counts.mean())) }
            } } }
        }
    }
}

/// A table that the reader unfolds; by its ids the script finds it again after it was replaced.
fn folded(id: &str, caption: &str, head: &Markup, rows: impl Iterator<Item = Markup>, locale: Locale) -> Markup {
    html! {
        details id=(id) {
            summary id={ (id) "-open" } { (locale.words().numbers) span.unseen { ": " (caption) } }
            div.scroll id={ (id) "-table" } tabindex="0" role="region" aria-label=(caption) {
                table { thead { tr { (head) } } tbody { @for row in rows { tr { (row) } } } }
            }
        }
    }
}
