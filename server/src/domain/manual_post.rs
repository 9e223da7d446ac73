//! Posts that somebody enters or changes by hand.

use jiff::Timestamp;

use super::{Label, LeaderId, Platform, PostMetrics, ReviewReason, Sentiment, Verification, Violation};

/// A post that is entered by hand, not stored yet.
#[derive(Debug, Clone, PartialEq)]
pub struct NewPost {
    /// Whose post it is.
    pub leader: LeaderId,
    /// Where it was published.
    pub platform: Platform,
    /// What that is called, for [`Platform::Other`].
    pub platform_name: Option<String>,
    /// The text.
    pub text: String,
    /// When it was published.
    pub posted_at: Timestamp,
    /// A BCP 47 tag, `und` when unknown.
    pub language: String,
    /// The tone of the text.
    pub sentiment: Sentiment,
    /// Public counts.
    pub metrics: PostMetrics,
    /// What is said of it.
    pub verification: Verification,
    /// What its platform calls it; empty when nobody said.
    pub external_id: String,
    /// Where it can be read; empty when nowhere.
    pub permalink: String,
    /// Why it enters the review queue, if it does.
    pub review: Option<ReviewReason>,
    /// Notes for the reviewer.
    pub review_notes: Option<String>,
}

/// A text with what is known of it.
#[derive(Debug, Clone, PartialEq)]
pub struct NewText {
    /// The text.
    pub text: String,
    /// A BCP 47 tag, `und` when unknown.
    pub language: String,
    /// Its tone.
    pub sentiment: Sentiment,
    /// It sounds good and bad at once.
    pub is_doubtful: bool,
}

/// What becomes of a stored post; None leaves it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PostChange {
    /// The text. Its tone counts unless somebody gave the old one.
    pub text: Option<NewText>,
    /// The tone.
    pub label: Option<Label>,
    /// All public counts.
    pub metrics: Option<PostMetrics>,
    /// What is said of it.
    pub verification: Option<Verification>,
}

impl PostChange {
    /// Whether it touches what a platform tells of its posts.
    #[must_use]
    pub fn is_of_content(&self) -> bool {
        self.text.is_some() || self.metrics.is_some()
    }
}

/// The longest text of a post, in characters: what X allows.
pub const MAX_POST_TEXT: usize = 25_000;
/// The longest notes of a review, in characters.
pub const MAX_NOTES: usize = 2_000;
/// The longest name of a platform, in characters.
const MAX_PLATFORM_NAME: usize = 50;
/// The longest name of a post on its platform, in characters.
const MAX_EXTERNAL_ID: usize = 200;
/// The longest address, in bytes.
const MAX_PERMALINK: usize = 2_000;
/// The first instant after the 22nd century, in seconds since 1970: no post is as late.
const TOO_LATE: i64 = 7_258_118_400;

/// What is wrong with the text of a post.
#[must_use]
pub fn text_violation(field: &str, text: &str) -> Option<Violation> {
    let rule = || format!("{field} has at most {MAX_POST_TEXT} characters, none of them a control character");
    is_unfit(text, MAX_POST_TEXT).then(|| Violation::new(field, rule()))
}

/// What is wrong with the notes of a review.
#[must_use]
pub fn notes_violation(field: &str, notes: &str) -> Option<Violation> {
    let rule = || format!("{field} has at most {MAX_NOTES} characters, none of them a control character");
    is_unfit(notes, MAX_NOTES).then(|| Violation::new(field, rule()))
}

/// What is wrong with public counts.
#[must_use]
pub fn metrics_violation(field: &str, metrics: &PostMetrics) -> Option<Violation> {
    let PostMetrics { likes, reposts, replies, quotes, bookmarks, impressions } = *metrics;
    let is_negative = [likes, reposts, replies, quotes, bookmarks, impressions].into_iter().flatten().any(|n| n < 0);
    is_negative.then(|| Violation::new(field, format!("{field} has no count below zero")))
}

impl NewPost {
    /// Everything that keeps this post from being stored.
    #[must_use]
    pub fn violations(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        found.extend(text_violation("content", &self.text));
        found.extend(metrics_violation("metrics", &self.metrics));
        found.extend(self.review_notes.as_deref().and_then(|notes| notes_violation("reviewNotes", notes)));
        if self.review_notes.is_some() && self.review != Some(ReviewReason::Requested) {
            found.push(Violation::new("reviewNotes", "reviewNotes are for posts with requiresReview"));
        }
        if self.review == Some(ReviewReason::Requested) && self.verification != Verification::NeedsReview {
            let rule = "verificationStatus of a post that requires review is Needs Review";
            found.push(Violation::new("verificationStatus", rule));
        }
        let name = self.platform_name.as_deref();
        let is_named = name.is_none_or(|name| !name.trim().is_empty() && !is_unfit(name, MAX_PLATFORM_NAME));
        if !is_named || name.is_some_and(|name| name.contains('\n')) {
            let rule = format!("platform is a name of 1 to {MAX_PLATFORM_NAME} characters, none a control character");
            found.push(Violation::new("platform", rule));
        } else if (self.platform == Platform::Other) != name.is_some() {
            let rule = "a platform that Amber does not know needs its name, and the others have theirs";
            found.push(Violation::new("platform", rule));
        }
        if self.posted_at < Timestamp::UNIX_EPOCH || self.posted_at.as_second() >= TOO_LATE {
            found.push(Violation::new("timestamp", "timestamp lies between the years 1970 and 2199"));
        }
        if self.external_id.chars().count() > MAX_EXTERNAL_ID || self.external_id.chars().any(char::is_control) {
            let rule = format!("externalId has at most {MAX_EXTERNAL_ID} characters, none of them a control character");
            found.push(Violation::new("metrics.externalId", rule));
        }
        let is_address = self.permalink.is_empty()
            || self.permalink.len() <= MAX_PERMALINK
                && self.permalink.strip_prefix("https://").is_some_and(|rest| !rest.is_empty())
                && !self.permalink.chars().any(|c| c.is_control() || c.is_whitespace());
        if !is_address {
            let rule = format!("permalink is an https address of at most {MAX_PERMALINK} bytes");
            found.push(Violation::new("permalink", rule));
        }
        found
    }
}

/// Lines and tabs are part of texts; other control characters are not.
fn is_unfit(text: &str, longest: usize) -> bool {
    text.chars().count() > longest || text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn post() -> NewPost {
        NewPost {
            leader: LeaderId(Uuid::nil()),
            platform: Platform::News,
            platform_name: None,
            text: "Two\nlines".into(),
            posted_at: Timestamp::UNIX_EPOCH,
            language: "en".into(),
            sentiment: Sentiment::Given(Label::Neutral),
            metrics: PostMetrics::default(),
            verification: Verification::NeedsReview,
            external_id: "1".into(),
            permalink: "https://news.example/1".into(),
            review: None,
            review_notes: None,
        }
    }

    fn fields(post: &NewPost) -> Vec<String> {
        post.violations().into_iter().map(|bad| bad.field).collect()
    }

    #[test]
    fn a_post_within_all_limits_is_stored() {
        assert_eq!(fields(&post()), [""; 0]);
        let other = NewPost { platform: Platform::Other, platform_name: Some("MySpace".into()), ..post() };
        assert_eq!(fields(&other), [""; 0]);
        let noted =
            NewPost { review: Some(ReviewReason::Requested), review_notes: Some("n".repeat(MAX_NOTES)), ..post() };
        assert_eq!(fields(&noted), [""; 0]);
    }

    #[test]
    fn every_mistake_of_a_new_post_is_found_at_once() {
        let bad = NewPost {
            text: "क".repeat(MAX_POST_TEXT + 1),
            platform_name: Some("News".into()),
            posted_at: Timestamp::from_second(TOO_LATE).unwrap(),
            metrics: PostMetrics { replies: Some(-1), ..PostMetrics::default() },
            external_id: "1\n".into(),
            permalink: "javascript:alert(1)".into(),
            review_notes: Some("\u{7}".into()),
            ..post()
        };
        let expected = [
            "content",
            "metrics",
            "reviewNotes",
            "reviewNotes",
            "platform",
            "timestamp",
            "metrics.externalId",
            "permalink",
        ];
        assert_eq!(fields(&bad), expected);
        assert_eq!(fields(&NewPost { platform: Platform::Other, ..post() }), ["platform"]);
        let decided = NewPost { review: Some(ReviewReason::Requested), verification: Verification::Verified, ..post() };
        assert_eq!(fields(&decided), ["verificationStatus"]);
        let old = NewPost { posted_at: Timestamp::from_second(-1).unwrap(), ..post() };
        assert_eq!(fields(&old), ["timestamp"]);
    }
}
