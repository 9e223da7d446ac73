//! Scores English texts with VADER; tells why any other text has no score.

use std::fmt;

use vader_parity::SentimentIntensityAnalyzer;

use super::{language, text};
use crate::domain::{Sentiment, Unscored};

/// The model and its version: VADER as of the Python package vaderSentiment 3.3.2
/// (C.J. Hutto, E. Gilbert, *VADER: A Parsimonious Rule-based Model for Sentiment Analysis of Social Media Text*, 2014).
pub const MODEL: &str = "vader-3.3.2";

/// What is known of a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Analysis {
    /// The tone.
    pub sentiment: Sentiment,
    /// The language as a BCP 47 tag, `und` when unknown.
    pub language: String,
}

/// Scores texts. It holds the lexicon of about 7,500 words, so one is enough.
pub struct Analyzer {
    english: SentimentIntensityAnalyzer,
}

impl Analyzer {
    /// Loads the lexicon.
    #[must_use]
    pub fn new() -> Self {
        Self { english: SentimentIntensityAnalyzer::new() }
    }

    /// Finds the language of `text` and, when it is English, its tone. `hinted` is what X takes for the language.
    ///
    /// A text of nothing but links and mentions has no tone. A text in a language without a model has none either:
    /// VADER would call it neutral.
    #[must_use]
    pub fn analyze(&self, text: &str, hinted: Option<&str>) -> Analysis {
        let words = text::without_links_and_mentions(text);
        let language = language::of(&words, hinted);
        // VADER knows emoticons, which are content in spite of being punctuation.
        let sentiment = if !text::has_content(&words) && self.score(&words) == 0.0 {
            Sentiment::Unscored(Unscored::NoText)
        } else if language::is_english(&language) {
            Sentiment::Scored { score: self.score(text), model: MODEL }
        } else {
            Sentiment::Unscored(Unscored::Language)
        };
        Analysis { sentiment, language }
    }

    fn score(&self, text: &str) -> f64 {
        self.english.polarity_scores(text).compound
    }
}

impl Default for Analyzer {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Analyzer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Analyzer").field("model", &MODEL).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
