//! Tests of the analyzer, among them every score of the reference.

use super::*;
use crate::domain::Label;

#[test]
fn an_english_text_is_scored_and_labelled() {
    let analyzer = Analyzer::new();
    let label = |text| analyzer.analyze(text, Some("en")).sentiment.label();
    assert_eq!(label("VADER is smart, handsome, and funny."), Some(Label::Positive));
    assert_eq!(label("The meeting starts at ten."), Some(Label::Neutral));
    assert_eq!(label("What a terrible, shameful disaster."), Some(Label::Negative));
}

#[test]
fn a_text_in_another_language_has_no_score() {
    let analysis = Analyzer::new().analyze("यह बहुत अच्छा है", Some("hi"));
    let sentiment = Sentiment::Unscored(Unscored::Language);
    assert_eq!(analysis, Analysis { sentiment, language: "hi".to_owned(), is_doubtful: false });
}

#[test]
fn a_text_whose_good_and_bad_words_outweigh_each_other_is_doubtful() {
    let analyzer = Analyzer::new();
    let analyze = |text| analyzer.analyze(text, Some("en"));
    let mixed = analyze("We are happy with the school and we hate the road.");
    assert!(mixed.is_doubtful, "{mixed:?}");
    assert!(mixed.sentiment.score().unwrap().abs() < Analyzer::DOUBTFUL);
    // Nothing good and nothing bad, one of both, and clearly more of one.
    for text in ["The meeting starts at ten.", "Good news.", "Bad news.", "A great, wonderful day after bad news."] {
        assert!(!analyze(text).is_doubtful, "{text}");
    }
    assert!(!analyzer.analyze("We are happy with the school and we hate the road.", Some("hi")).is_doubtful);
}

#[test]
fn links_and_mentions_alone_are_no_text() {
    for text in ["", "@amber", "https://t.co/abc", "@good https://great.example/love …"] {
        let analysis = Analyzer::new().analyze(text, Some("en"));
        assert_eq!(analysis.sentiment, Sentiment::Unscored(Unscored::NoText), "{text}");
    }
    assert!(Analyzer::new().analyze("@amber thanks", Some("en")).sentiment.score().unwrap() > 0.0);
    assert!(Analyzer::new().analyze("@amber :)", Some("en")).sentiment.score().unwrap() > 0.0);
}

/// A file of the reference, when there is one.
#[expect(clippy::disallowed_methods, reason = "a test asks where its data are, not how the server is set up")]
fn reference(name: &str) -> Option<String> {
    let Ok(data) = std::env::var("AMBER_TEST_DATA") else {
        eprintln!("skipped: AMBER_TEST_DATA is not set");
        return None;
    };
    Some(std::fs::read_to_string(format!("{data}/sentiment/{name}")).unwrap())
}

#[test]
fn every_score_equals_the_reference() {
    let Some(texts) = reference("tweets_GroundTruth.txt") else { return };
    let scores = reference("vader_reference_scores.tsv").unwrap();
    let texts: std::collections::HashMap<_, _> = texts
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .map(|(id, rest)| (id, rest.split_once('\t').unwrap().1))
        .collect();
    let analyzer = Analyzer::new();
    let mut compared = 0;
    for row in scores.lines().skip(1) {
        let columns: Vec<_> = row.split('\t').collect();
        let expected: f64 = columns[5].parse().unwrap();
        let text = texts[columns[0]];
        let score = analyzer.analyze(text, Some("en")).sentiment.score().unwrap_or(0.0);
        assert!((score - expected).abs() < 1e-4, "{}: {score}, not {expected}: {text}", columns[0]);
        compared += 1;
    }
    assert_eq!(compared, 4_200);
}

#[test]
fn most_english_posts_are_known_without_a_hint() {
    let Some(texts) = reference("tweets_GroundTruth.txt") else { return };
    let texts: Vec<_> = texts.lines().filter_map(|line| line.splitn(3, '\t').nth(2)).step_by(10).collect();
    let english = texts.iter().filter(|text| crate::sentiment::language::of(text, None) == "en").count();
    assert!(english * 100 >= texts.len() * 90, "{english} of {}", texts.len());
}

#[test]
fn what_is_supposed_counts_when_the_text_does_not_tell_its_language() {
    let analyzer = Analyzer::new();
    let label = |text, supposed| analyzer.analyze_supposing(text, supposed).sentiment.label();
    assert_eq!(label("scam", None), None);
    assert_eq!(label("scam", Some("en")), Some(Label::Negative));
    assert_eq!(label("😀", Some("en")), Some(Label::Positive));
    assert_eq!(label("", Some("en")), None, "nothing has no tone");
    for other in [
        "यह बहुत अच्छा है",
        "Die Regierung hat gestern im Bundestag ein neues Gesetz beschlossen, das niemand haben wollte.",
    ] {
        assert_eq!(label(other, Some("en")), None, "{other}");
    }
}
