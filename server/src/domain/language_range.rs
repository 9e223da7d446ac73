//! Which languages a reader asks for.

/// A basic language range of RFC 4647, in lower case: `en` matches `en` and `en-IN`, not `eng`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LanguageRange(String);

impl LanguageRange {
    /// Reads a range: subtags of 1 to 8 letters and digits, joined by hyphens, the first of letters, 35 characters at
    /// most (RFC 5646, section 4.4.1).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_subtag = |tag: &str| (1..=8).contains(&tag.len()) && tag.bytes().all(|b| b.is_ascii_alphanumeric());
        let primary = text.split('-').next()?;
        let fits = text.len() <= 35
            && text.split('-').all(is_subtag)
            && primary.len() >= 2
            && primary.bytes().all(|b| b.is_ascii_alphabetic());
        fits.then(|| Self(text.to_ascii_lowercase()))
    }

    /// The range in lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a tag lies within (RFC 4647, section 3.3.1).
    #[must_use]
    pub fn matches(&self, tag: &str) -> bool {
        let Some((start, rest)) = tag.split_at_checked(self.0.len()) else { return false };
        start.eq_ignore_ascii_case(&self.0) && (rest.is_empty() || rest.starts_with('-'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_matches_itself_and_what_is_more_exact() {
        let english = LanguageRange::parse("EN").unwrap();
        for (tag, matches) in
            [("en", true), ("en-IN", true), ("En-gb", true), ("eng", false), ("e", false), ("", false)]
        {
            assert_eq!(english.matches(tag), matches, "{tag}");
        }
        assert!(!LanguageRange::parse("en-IN").unwrap().matches("en"));
        assert!(!LanguageRange::parse("en").unwrap().matches("हिन्दी"));
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for bad in [
            "",
            "e",
            "*",
            "en-",
            "-en",
            "en_IN",
            "12",
            "en-%",
            "हि",
            "abcdefghi",
            "en-a-b-c-d-e-f-g-h-i-j-k-l-m-n-o-p-q",
        ] {
            assert_eq!(LanguageRange::parse(bad), None, "{bad}");
        }
        for good in ["en", "hi", "und", "pt-BR", "zh-Hant-TW"] {
            assert!(LanguageRange::parse(good).is_some(), "{good}");
        }
    }
}
