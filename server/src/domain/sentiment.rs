//! How a text sounds: a label, a score, or the reason why there is none.

/// The tone of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Label {
    /// The score is at least [`Sentiment::THRESHOLD`].
    Positive,
    /// The score lies between the two thresholds.
    Neutral,
    /// The score is at most minus [`Sentiment::THRESHOLD`].
    Negative,
}

/// Why a text has no score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unscored {
    /// No model for the language of the text.
    Language,
    /// Nothing is left when links and mentions are taken away.
    NoText,
    /// The text is a notice of X that the post is withheld.
    Withheld,
}

/// What is known of the tone of a text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Sentiment {
    /// A score between -1 (worst) and 1 (best), made by the named model.
    Scored {
        /// The compound score, -1.0..=1.0.
        score: f64,
        /// The model and its version.
        model: &'static str,
    },
    /// Somebody said how it sounds; no model did.
    Given(Label),
    /// There is no score, for this reason.
    Unscored(Unscored),
}

impl Sentiment {
    /// From this score upwards a text is positive, from its negative downwards negative.
    pub const THRESHOLD: f64 = 0.25;

    /// The label of a score.
    #[must_use]
    pub fn label_of(score: f64) -> Label {
        match score {
            s if s >= Self::THRESHOLD => Label::Positive,
            s if s <= -Self::THRESHOLD => Label::Negative,
            _ => Label::Neutral,
        }
    }

    /// The label, when there is one.
    #[must_use]
    pub fn label(self) -> Option<Label> {
        match self {
            Self::Scored { score, .. } => Some(Self::label_of(score)),
            Self::Given(label) => Some(label),
            Self::Unscored(_) => None,
        }
    }

    /// The score, when there is one.
    #[must_use]
    pub fn score(self) -> Option<f64> {
        match self {
            Self::Scored { score, .. } => Some(score),
            Self::Given(_) | Self::Unscored(_) => None,
        }
    }
}

impl Label {
    /// The name in the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Positive => "positive",
            Self::Neutral => "neutral",
            Self::Negative => "negative",
        }
    }

    /// Reads the name in the store.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Positive, Self::Neutral, Self::Negative].into_iter().find(|label| label.as_str() == name)
    }
}

impl Unscored {
    /// The name in the store and in answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Language => "language",
            Self::NoText => "no_text",
            Self::Withheld => "withheld",
        }
    }

    /// Reads the name in the store; an unknown one means the language.
    #[must_use]
    pub fn parse(name: &str) -> Self {
        match name {
            "no_text" => Self::NoText,
            "withheld" => Self::Withheld,
            _ => Self::Language,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_thresholds_belong_to_the_outer_labels() {
        assert_eq!(Sentiment::label_of(0.25), Label::Positive);
        assert_eq!(Sentiment::label_of(0.249_9), Label::Neutral);
        assert_eq!(Sentiment::label_of(-0.249_9), Label::Neutral);
        assert_eq!(Sentiment::label_of(-0.25), Label::Negative);
    }
}
