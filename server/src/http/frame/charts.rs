//! The charts as inline SVG. They stretch to the width of the page, so all text stands beside them as HTML.

use std::iter;

use maud::{Markup, html};

use crate::domain::{DayPoint, Locale, SentimentCounts};

/// The height of a chart in its own units.
const HEIGHT: f64 = 100.0;

/// The width of a day in the units of its chart.
const SLOT: f64 = 10.0;

/// Days with a label under a chart, at most.
const LABELS: usize = 4;

/// Bars of posts per day, stacked by tone.
pub(super) fn posts_per_day(days: &[DayPoint], locale: Locale) -> Markup {
    let words = locale.words();
    let top = nice_top(days.iter().map(|day| day.counts.total()).max().unwrap_or_default());
    let busiest = days.iter().max_by_key(|day| day.counts.total());
    html! {
        div.plot {
            div.y aria-hidden="true" { span { (locale.count(top)) } span { (locale.count(top / 2)) } span { (locale.count(0)) } }
            svg role="img" aria-labelledby="posts-title posts-desc" viewBox=(view_box(days)) preserveAspectRatio="none" {
                title id="posts-title" { (words.posts_per_day) }
                desc id="posts-desc" {
                    @if let Some(day) = busiest { (words.busiest_day) ": " (locale.day(day.day)) ", " (locale.count(day.counts.total())) }
                }
                (grid_lines(days))
                @for (index, day) in days.iter().enumerate() {
                    g { title { (day_text(day, locale)) } (bar(index, day.counts, top)) }
                }
            }
            (day_labels(days, locale))
        }
    }
}

/// The line of the mean score per day; a day without scored posts breaks it.
pub(super) fn mean_per_day(days: &[DayPoint], locale: Locale) -> Markup {
    let words = locale.words();
    let means: Vec<Option<f64>> = days.iter().map(|day| day.counts.mean()).collect();
    let reach = means.iter().flatten().fold(0.25_f64, |reach, mean| reach.max(mean.abs()));
    let reach = ((reach * 4.0).ceil() / 4.0).min(1.0);
    let points: Vec<Option<(f64, f64)>> = means
        .iter()
        .enumerate()
        .map(|(index, mean)| mean.map(|mean| (left(index) + SLOT / 2.0, (1.0 - mean / reach) * HEIGHT / 2.0)))
        .collect();
    html! {
        div.plot {
            div.y aria-hidden="true" {
                span { (locale.score(Some(reach))) } span { (locale.score(Some(0.0))) } span { (locale.score(Some(-reach))) }
            }
            svg role="img" aria-labelledby="mean-title mean-desc" viewBox=(view_box(days)) preserveAspectRatio="none" {
                title id="mean-title" { (words.mean_per_day) }
                desc id="mean-desc" { (words.score_range) }
                (grid_lines(days))
                path.line d=(line(&points)) {}
                @for (index, point) in points.iter().enumerate() {
                    g {
                        title { (locale.day(days[index].day)) ": " (locale.score(means[index])) }
                        rect.hit x=(left(index)) y="0" width=(SLOT) height=(HEIGHT) {}
                        @if let Some((x, y)) = point { path.dot d={ "M" (number(*x)) " " (number(*y)) "h0" } {} }
                    }
                }
            }
            (day_labels(days, locale))
        }
    }
}

/// One bar of the tones; its whole length is `length` of 100.
pub(super) fn tone_bar(counts: SentimentCounts, length: f64) -> Markup {
    let scale = length / as_f64(counts.total().max(1));
    html! {
        svg.meter aria-hidden="true" viewBox="0 0 100 1" preserveAspectRatio="none" {
            @for (class, before, count) in stacked(counts) {
                rect class=(class) x=(number(before * scale)) y="0" width=(number(count * scale)) height="1" {}
            }
        }
    }
}

/// One bar of a single colour, as long as `part` is of `whole`.
pub(super) fn plain_bar(part: u64, whole: u64) -> Markup {
    html! {
        svg.meter aria-hidden="true" viewBox="0 0 100 1" preserveAspectRatio="none" {
            rect.plain x="0" y="0" width=(number(share(part, whole))) height="1" {}
        }
    }
}

/// `part` of `whole` in per cent.
pub(super) fn share(part: u64, whole: u64) -> f64 {
    as_f64(part) * 100.0 / as_f64(whole.max(1))
}

/// The tones in the order in which they are stacked, with the names of their styles.
fn tones(counts: SentimentCounts) -> [(&'static str, u64); 4] {
    [
        ("positive", counts.positive),
        ("neutral", counts.neutral),
        ("negative", counts.negative),
        ("unscored", counts.unscored),
    ]
}

/// The tones that occur, each with the posts stacked before it and its own.
fn stacked(counts: SentimentCounts) -> impl Iterator<Item = (&'static str, f64, f64)> {
    let mut before = 0;
    tones(counts).into_iter().filter(|(_, count)| *count > 0).map(move |(class, count)| {
        let start = before;
        before += count;
        (class, as_f64(start), as_f64(count))
    })
}

fn bar(index: usize, counts: SentimentCounts, top: u64) -> Markup {
    let scale = HEIGHT / as_f64(top);
    html! {
        rect.hit x=(left(index)) y="0" width=(SLOT) height=(HEIGHT) {}
        @for (class, before, count) in stacked(counts) {
            rect class=(class) x=(number(left(index) + SLOT * 0.16)) y=(number(HEIGHT - (before + count) * scale))
                width=(SLOT * 0.68) height=(number(count * scale)) {}
        }
    }
}

fn day_text(day: &DayPoint, locale: Locale) -> String {
    let words = locale.words();
    let names = [words.positive, words.neutral, words.negative, words.unscored];
    let tones = names.iter().zip(tones(day.counts)).map(|(name, (_, count))| format!("{name} {}", locale.count(count)));
    format!("{}: {} {}", locale.day(day.day), words.posts, locale.count(day.counts.total()))
        + &tones.fold(String::new(), |text, tone| text + ", " + &tone)
}

fn grid_lines(days: &[DayPoint]) -> Markup {
    let width = number(left(days.len()));
    html! {
        path.grid d={ "M0 0H" (width) "M0 " (HEIGHT / 2.0) "H" (width) "M0 " (HEIGHT) "H" (width) } {}
    }
}

/// A cell per day, so that labels stand under their days at every width.
fn day_labels(days: &[DayPoint], locale: Locale) -> Markup {
    let step = days.len().div_ceil(LABELS).max(1);
    let is_labelled = |index: usize| (days.len() - 1 - index).is_multiple_of(step);
    html! {
        div.x aria-hidden="true" {
            @for (index, day) in days.iter().enumerate() {
                span { @if is_labelled(index) { b { (locale.day(day.day)) } } }
            }
        }
    }
}

fn line(points: &[Option<(f64, f64)>]) -> String {
    let before = iter::once(&None).chain(points);
    let steps = before.zip(points).filter_map(|(before, point)| {
        let (x, y) = (*point)?;
        Some(format!("{}{} {}", if before.is_some() { 'L' } else { 'M' }, number(x), number(y)))
    });
    steps.collect()
}

/// The smallest round even number that is not below `max`.
fn nice_top(max: u64) -> u64 {
    let mut scale = 1;
    loop {
        if let Some(top) = [2, 4, 6, 8, 10].into_iter().map(|step| step * scale).find(|top| *top >= max) {
            return top;
        }
        scale *= 10;
    }
}

fn view_box(days: &[DayPoint]) -> String {
    format!("0 0 {} {HEIGHT}", left(days.len()))
}

fn left(index: usize) -> f64 {
    as_f64(index as u64) * SLOT
}

#[expect(clippy::cast_precision_loss, reason = "counts of posts and days stay far below 2^52")]
fn as_f64(count: u64) -> f64 {
    count as f64
}

/// A coordinate with at most two decimals.
fn number(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_top_of_the_axis_is_round_and_even() {
        for (max, top) in [(0, 2), (2, 2), (3, 4), (10, 10), (11, 20), (37, 40), (101, 200), (4_321, 6_000)] {
            assert_eq!(nice_top(max), top, "{max}");
        }
    }

    #[test]
    fn a_day_without_scores_breaks_the_line() {
        let points = [Some((5.0, 1.0)), Some((15.0, 2.0)), None, Some((35.0, 3.0))];
        assert_eq!(line(&points), "M5 1L15 2M35 3");
    }

    #[test]
    fn the_segments_of_a_bar_fill_its_length() {
        let counts = SentimentCounts { positive: 1, neutral: 1, negative: 2, unscored: 0, given: 0, score_sum: 0.0 };
        let svg = tone_bar(counts, 80.0).into_string();
        assert!(svg.contains(r#"class="negative" x="40" y="0" width="40""#), "{svg}");
        assert!(!svg.contains("unscored"), "{svg}");
    }
}
