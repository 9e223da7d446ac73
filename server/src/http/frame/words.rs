//! The words of the frame in its two languages.

use crate::domain::Locale;

/// Every label of the page.
pub(super) struct Words {
    pub(super) title: &'static str,
    pub(super) key_figures: &'static str,
    pub(super) posts: &'static str,
    pub(super) positive: &'static str,
    pub(super) neutral: &'static str,
    pub(super) negative: &'static str,
    pub(super) unscored: &'static str,
    pub(super) mean_score: &'static str,
    pub(super) scored: &'static str,
    pub(super) score_range: &'static str,
    pub(super) posts_per_day: &'static str,
    pub(super) sentiment: &'static str,
    pub(super) mean_per_day: &'static str,
    pub(super) languages: &'static str,
    pub(super) topics: &'static str,
    pub(super) no_topics: &'static str,
    pub(super) leaders: &'static str,
    pub(super) leader: &'static str,
    pub(super) newest: &'static str,
    pub(super) day: &'static str,
    pub(super) days: &'static str,
    pub(super) numbers: &'static str,
    pub(super) busiest_day: &'static str,
    pub(super) counted: &'static str,
    pub(super) utc_days: &'static str,
    pub(super) empty: &'static str,
    pub(super) empty_hint: &'static str,
    pub(super) failed: &'static str,
    pub(super) failed_reload: &'static str,
    pub(super) failed_site: &'static str,
    pub(super) failed_missing: &'static str,
    pub(super) failed_later: &'static str,
    pub(super) request: &'static str,
    months: [&'static str; 12],
    languages_by_tag: [&'static str; TAGS.len()],
}

/// The languages that have a name of their own; any other is shown by its tag.
const TAGS: [&str; 14] = ["en", "hi", "bn", "mr", "te", "ta", "gu", "ur", "kn", "or", "ml", "pa", "as", "und"];

const EN: Words = Words {
    title: "Posts and sentiment",
    key_figures: "Key figures",
    posts: "Posts",
    positive: "Positive",
    neutral: "Neutral",
    negative: "Negative",
    unscored: "Not scored",
    mean_score: "Mean score",
    scored: "Scored",
    score_range: "from −1 to +1",
    posts_per_day: "Posts per day",
    sentiment: "Sentiment",
    mean_per_day: "Mean score per day",
    languages: "Languages",
    topics: "Top topics",
    no_topics: "No hashtags in this period",
    leaders: "Leaders",
    leader: "Leader",
    newest: "newest",
    day: "Day",
    days: "days",
    numbers: "Show the numbers",
    busiest_day: "Busiest day",
    counted: "Counted",
    utc_days: "Days are UTC days",
    empty: "No posts in this period",
    empty_hint: "New posts will show up here as soon as they are collected.",
    failed: "The dashboard cannot be shown",
    failed_reload: "The permission for this view has run out. Reload the page to get a new one.",
    failed_site: "This site is not allowed to show the dashboard.",
    failed_missing: "There is no such dashboard.",
    failed_later: "This is a passing problem. Please try again in a moment.",
    request: "Request",
    months: ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
    languages_by_tag: [
        "English",
        "Hindi",
        "Bengali",
        "Marathi",
        "Telugu",
        "Tamil",
        "Gujarati",
        "Urdu",
        "Kannada",
        "Odia",
        "Malayalam",
        "Punjabi",
        "Assamese",
        "Unknown",
    ],
};

const HI: Words = Words {
    title: "पोस्ट और उनका भाव",
    key_figures: "मुख्य आँकड़े",
    posts: "पोस्ट",
    positive: "सकारात्मक",
    neutral: "तटस्थ",
    negative: "नकारात्मक",
    unscored: "बिना अंक",
    mean_score: "औसत अंक",
    scored: "अंक सहित",
    score_range: "−१ से +१ तक",
    posts_per_day: "प्रतिदिन पोस्ट",
    sentiment: "भाव",
    mean_per_day: "प्रतिदिन औसत अंक",
    languages: "भाषाएँ",
    topics: "प्रमुख विषय",
    no_topics: "इस अवधि में कोई हैशटैग नहीं",
    leaders: "नेता",
    leader: "नेता",
    newest: "नवीनतम",
    day: "दिन",
    days: "दिन",
    numbers: "आँकड़े देखें",
    busiest_day: "सबसे अधिक पोस्ट",
    counted: "गणना",
    utc_days: "दिन UTC के अनुसार",
    empty: "इस अवधि में कोई पोस्ट नहीं",
    empty_hint: "नई पोस्ट मिलते ही यहाँ दिखाई देंगी।",
    failed: "डैशबोर्ड नहीं दिखाया जा सकता",
    failed_reload: "इस दृश्य की अनुमति समाप्त हो गई है। नई अनुमति के लिए पेज फिर से लोड करें।",
    failed_site: "इस साइट को यह डैशबोर्ड दिखाने की अनुमति नहीं है।",
    failed_missing: "ऐसा कोई डैशबोर्ड नहीं है।",
    failed_later: "यह अस्थायी समस्या है। कृपया थोड़ी देर बाद फिर प्रयास करें।",
    request: "अनुरोध",
    months: ["जन॰", "फ़र॰", "मार्च", "अप्रैल", "मई", "जून", "जुल॰", "अग॰", "सित॰", "अक्तू॰", "नव॰", "दिस॰"],
    languages_by_tag: [
        "अंग्रेज़ी",
        "हिन्दी",
        "बांग्ला",
        "मराठी",
        "तेलुगु",
        "तमिल",
        "गुजराती",
        "उर्दू",
        "कन्नड़",
        "ओड़िया",
        "मलयालम",
        "पंजाबी",
        "असमिया",
        "अज्ञात",
    ],
};

impl Locale {
    /// The words of this language.
    pub(super) fn words(self) -> &'static Words {
        match self {
            Self::En => &EN,
            Self::Hi => &HI,
        }
    }

    /// The short name of a month, 1 to 12 (abbreviations of Unicode CLDR).
    pub(super) fn month(self, month: i8) -> &'static str {
        let index = usize::try_from(month - 1).unwrap_or_default();
        self.words().months[index.min(11)]
    }

    /// The name of the language with this tag, or the tag.
    pub(super) fn language(self, tag: &str) -> &str {
        TAGS.iter().position(|known| *known == tag).map_or(tag, |index| self.words().languages_by_tag[index])
    }
}
