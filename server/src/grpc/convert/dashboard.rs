//! The numbers of a dashboard.

use amber_proto::v1;

use super::number::count;
use super::time::timestamp;
use crate::domain::{DashboardData, DayPoint, LeaderRow, SentimentCounts};
use crate::usecase::{Dashboards, Error};

/// Reads a number of days; 0 asks for the default.
pub(in crate::grpc) fn asked_days(days: i32) -> Result<u32, Error> {
    match u32::try_from(days) {
        Ok(0) => Ok(Dashboards::DEFAULT_DAYS),
        Ok(days) => Ok(days),
        Err(_) => Err(Error::field("days", format!("days must be between 1 and {}", Dashboards::MAX_DAYS))),
    }
}

pub(in crate::grpc) fn dashboard(data: DashboardData) -> v1::GetDashboardDataResponse {
    let language = |tally: crate::domain::Tally| v1::LanguageCount { tag: tally.name, posts: count(tally.posts) };
    let topic = |tally: crate::domain::Tally| v1::TopicCount { hashtag: tally.name, posts: count(tally.posts) };
    v1::GetDashboardDataResponse {
        total_posts: count(data.totals.total()),
        days: data.days.into_iter().map(day).collect(),
        sentiment: Some(shares(data.totals)),
        languages: data.languages.into_iter().map(language).collect(),
        topics: data.topics.into_iter().map(topic).collect(),
        leaders: data.leaders.into_iter().map(row).collect(),
        generate_time: Some(timestamp(data.generated_at)),
    }
}

fn day(point: DayPoint) -> v1::DayPoint {
    v1::DayPoint {
        date: point.day.to_string(),
        posts: count(point.counts.total()),
        sentiment: Some(counts(point.counts)),
        mean_score: point.counts.mean(),
    }
}

fn row(row: LeaderRow) -> v1::LeaderRow {
    v1::LeaderRow {
        leader_id: row.leader_id.to_string(),
        name: row.name,
        handle: row.handle.unwrap_or_default(),
        posts: count(row.counts.total()),
        sentiment: Some(counts(row.counts)),
        mean_score: row.counts.mean(),
        last_post_time: row.last_post_at.map(timestamp),
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of posts stay far below 2^52")]
fn shares(totals: SentimentCounts) -> v1::SentimentShares {
    let labelled = totals.labelled().max(1) as f64;
    v1::SentimentShares {
        positive: totals.positive as f64 / labelled,
        neutral: totals.neutral as f64 / labelled,
        negative: totals.negative as f64 / labelled,
        counts: Some(counts(totals)),
    }
}

pub(super) fn counts(counts: SentimentCounts) -> v1::SentimentCounts {
    v1::SentimentCounts {
        positive: count(counts.positive),
        neutral: count(counts.neutral),
        negative: count(counts.negative),
        unscored: count(counts.unscored),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_days_mean_the_default_and_negative_ones_are_refused() {
        assert_eq!(asked_days(0).unwrap(), 30);
        assert_eq!(asked_days(7).unwrap(), 7);
        assert!(matches!(asked_days(-1), Err(Error::Invalid(bad)) if bad[0].field == "days"));
    }

    #[test]
    fn shares_leave_out_what_is_not_scored() {
        let totals = SentimentCounts { positive: 1, neutral: 2, negative: 1, unscored: 6, given: 0, score_sum: 0.0 };
        let some = shares(totals);
        assert_eq!((some.positive, some.neutral, some.negative), (0.25, 0.5, 0.25));
        assert_eq!(some.counts.unwrap().unscored, 6);
        let none = shares(SentimentCounts { unscored: 3, ..SentimentCounts::default() });
        assert_eq!((none.positive, none.neutral, none.negative), (0.0, 0.0, 0.0));
    }
}
