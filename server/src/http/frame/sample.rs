//! A dashboard for the tests: two weeks, six leaders, two languages.

use jiff::civil::Date;
use uuid::Uuid;

use crate::domain::{
    Author, DashboardData, DashboardId, DayPoint, LeaderId, LeaderRow, Platform, Post, PostId, PostMetrics, PostOrigin,
    Sentiment, SentimentCounts, Tally, Unscored, Verification,
};

/// Posts per day: positive, neutral, negative, unscored, and the mean score.
const DAYS: [(u64, u64, u64, u64, f64); 14] = [
    (9, 7, 3, 4, 0.21),
    (12, 8, 4, 5, 0.24),
    (7, 6, 6, 3, 0.05),
    (5, 5, 9, 2, -0.16),
    (4, 4, 3, 1, 0.08),
    (0, 0, 0, 2, 0.0),
    (8, 9, 5, 6, 0.1),
    (14, 10, 6, 7, 0.19),
    (11, 12, 4, 5, 0.18),
    (16, 9, 3, 8, 0.33),
    (10, 8, 7, 4, 0.07),
    (6, 7, 11, 3, -0.13),
    (3, 4, 2, 1, 0.09),
    (13, 9, 5, 6, 0.22),
];

/// Names, handles and parts in a hundred.
const LEADERS: [(&str, Option<&str>, u64); 6] = [
    ("Asha Verma", Some("asha_verma"), 34),
    ("Ravi Kulkarni", Some("ravikulkarni"), 24),
    ("मीरा देशपांडे", Some("meera_d"), 18),
    ("Farhan Qureshi", Some("fqureshi_in"), 13),
    ("Lakshmi Narayanan", Some("lakshmi_n"), 8),
    ("Dr. Tenzin Wangchuk Lepcha", None, 3),
];

fn counts((positive, neutral, negative, unscored, mean): (u64, u64, u64, u64, f64)) -> SentimentCounts {
    let scored = u32::try_from(positive + neutral + negative).unwrap();
    SentimentCounts { positive, neutral, negative, unscored, given: 0, score_sum: mean * f64::from(scored) }
}

fn tallies(pairs: &[(&str, u64)]) -> Vec<Tally> {
    pairs.iter().map(|(name, posts)| Tally { name: (*name).to_owned(), posts: *posts }).collect()
}

/// The dashboard.
pub(crate) fn dashboard() -> DashboardData {
    let first = Date::constant(2026, 11, 9);
    let days: Vec<DayPoint> = (0_i64..)
        .zip(DAYS)
        .map(|(offset, day)| DayPoint {
            day: first.checked_add(jiff::Span::new().days(offset)).unwrap(),
            counts: counts(day),
        })
        .collect();
    let mut totals = SentimentCounts::default();
    for day in &days {
        totals.merge(day.counts);
    }
    let part = |count: u64, hundredths: u64| count * hundredths / 100;
    let leaders = (0_u128..)
        .zip(LEADERS)
        .map(|(number, (name, handle, hundredths))| LeaderRow {
            leader_id: LeaderId(Uuid::from_u128(number)),
            name: name.to_owned(),
            handle: handle.map(str::to_owned),
            counts: SentimentCounts {
                positive: part(totals.positive, hundredths),
                neutral: part(totals.neutral, hundredths),
                negative: part(totals.negative, 110 - hundredths) / 5,
                unscored: part(totals.unscored, hundredths),
                given: 0,
                score_sum: totals.score_sum / 10.0,
            },
            last_post_at: Some("2026-11-21T18:40:12Z".parse().unwrap()),
        })
        .collect();
    DashboardData {
        id: DashboardId::parse("dash-1").unwrap(),
        totals,
        days,
        languages: tallies(&[("en", 214), ("hi", 83), ("mr", 21), ("ur", 9), ("und", 6)]),
        topics: tallies(&[
            ("Budget2026", 41),
            ("किसान", 33),
            ("MakeInIndia", 27),
            ("शिक्षा", 22),
            ("CleanEnergy", 17),
            ("DigitalIndia", 12),
            ("स्वच्छभारत", 9),
        ]),
        leaders,
        generated_at: "2026-11-22T00:35:10Z".parse().unwrap(),
    }
}

/// The same dashboard without a single post.
pub(crate) fn empty() -> DashboardData {
    let mut data = dashboard();
    for day in &mut data.days {
        day.counts = SentimentCounts::default();
    }
    DashboardData { totals: SentimentCounts::default(), languages: vec![], topics: vec![], leaders: vec![], ..data }
}

/// Two posts, one of them in Hindi.
pub(crate) fn posts() -> Vec<Post> {
    let texts = [
        (
            "Asha Verma",
            "asha_verma",
            "en",
            "The budget for schools goes up by a tenth.\nThat is good news for every village. #Budget2026",
        ),
        ("मीरा देशपांडे", "meera_d", "hi", "किसानों के लिए नई योजना आज से शुरू हुई। #किसान"),
    ];
    let post = |(number, (name, handle, language, text)): (u128, (&str, &str, &str, &str))| Post {
        id: PostId(Uuid::from_u128(number)),
        leader_id: LeaderId(Uuid::from_u128(number)),
        leader_name: name.to_owned(),
        platform: Platform::X,
        platform_name: None,
        origin: PostOrigin::Fetched,
        verification: Verification::NeedsReview,
        external_id: format!("10{number}"),
        author: Author {
            handle: handle.to_owned(),
            name: name.to_owned(),
            avatar_url: Some("https://avatar.example".into()),
        },
        text: text.to_owned(),
        posted_at: "2026-11-21T18:40:12Z".parse().unwrap(),
        language: language.to_owned(),
        hashtags: Vec::new(),
        media: Vec::new(),
        metrics: PostMetrics::default(),
        sentiment: Sentiment::Unscored(Unscored::Language),
        permalink: format!("https://x.com/{handle}/status/10{number}"),
        edited: false,
        truncated: false,
        first_seen_at: "2026-11-21T18:41:00Z".parse().unwrap(),
    };
    (1_u128..).zip(texts).map(post).collect()
}
