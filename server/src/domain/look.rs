//! How a page of Amber looks and speaks.

/// Light or dark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Theme {
    /// As the viewer's system prefers.
    #[default]
    Auto,
    /// Dark text on a light ground.
    Light,
    /// Light text on a dark ground.
    Dark,
}

impl Theme {
    /// The name in queries, messages and tokens.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// Reads the name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Auto, Self::Light, Self::Dark].into_iter().find(|theme| theme.as_str() == name)
    }
}

/// The language of labels, dates and digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Locale {
    /// English.
    #[default]
    En,
    /// Hindi, with Devanagari digits.
    Hi,
}

impl Locale {
    /// The BCP 47 tag, which is the name in queries, messages and tokens as well.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Hi => "hi",
        }
    }

    /// Reads the tag as [`Locale::as_str`] writes it, and nothing else.
    #[must_use]
    pub fn exactly(tag: &str) -> Option<Self> {
        [Self::En, Self::Hi].into_iter().find(|locale| locale.as_str() == tag)
    }

    /// Reads a BCP 47 tag of which the language counts: `hi-IN` is Hindi.
    #[must_use]
    pub fn parse(tag: &str) -> Option<Self> {
        let language = tag.split('-').next().unwrap_or_default();
        [Self::En, Self::Hi].into_iter().find(|locale| locale.as_str().eq_ignore_ascii_case(language))
    }
}
