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
    /// The text has words that sound good and words that sound bad, and they outweigh each other: the score says little.
    pub is_doubtful: bool,
}

/// Scores texts. It holds the lexicon of about 7,500 words, so one is enough.
pub struct Analyzer {
    english: SentimentIntensityAnalyzer,
}

impl Analyzer {
    /// A score this close to zero says little when there are good and bad words: VADER's authors call a text neutral
    /// from here on.
    pub const DOUBTFUL: f64 = 0.05;

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
        let unscored =
            |reason, language| Analysis { sentiment: Sentiment::Unscored(reason), language, is_doubtful: false };
        // VADER knows emoticons, which are content in spite of being punctuation.
        if !text::has_content(&words) && self.english.polarity_scores(&words).compound == 0.0 {
            return unscored(Unscored::NoText, language);
        }
        if !language::is_english(&language) {
            return unscored(Unscored::Language, language);
        }
        let scores = self.english.polarity_scores(text);
        let is_doubtful = scores.compound.abs() < Self::DOUBTFUL && scores.pos > 0.0 && scores.neg > 0.0;
        Analysis { sentiment: Sentiment::Scored { score: scores.compound, model: MODEL }, language, is_doubtful }
    }

    /// The same for a text that its sender takes to be in the language `supposed`, which counts when the text itself does
    /// not tell: two words are in no language for sure.
    #[must_use]
    pub fn analyze_supposing(&self, text: &str, supposed: Option<&str>) -> Analysis {
        let found = self.analyze(text, None);
        if supposed.is_none() || found.language != language::UNKNOWN {
            return found;
        }
        self.analyze(text, supposed)
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
