//! What an author writes: text, attached media, a reference to another post.

use std::time::Duration;

use super::PostId;

/// A post before it has an id.
#[derive(Clone, Debug)]
pub struct Draft {
    pub(super) text: Box<str>,
    pub(super) media: Vec<Media>,
    pub(super) reference: Option<(Reference, PostId)>,
    pub(super) withheld: Vec<&'static str>,
}

/// How a post refers to another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reference {
    /// Repeats it; the text is made from the original and cut at 140 characters.
    Retweeted,
    /// Comments on it.
    Quoted,
    /// Answers it.
    RepliedTo,
}

impl Reference {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Retweeted => "retweeted",
            Self::Quoted => "quoted",
            Self::RepliedTo => "replied_to",
        }
    }
}

/// A picture or a film.
#[derive(Clone, Debug)]
pub(super) enum Media {
    Photo { alt: Option<Box<str>> },
    Video { length: Duration },
}

impl Draft {
    /// A draft of `text`, as typed: not HTML-escaped, of any length.
    #[must_use]
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self { text: text.into(), media: Vec::new(), reference: None, withheld: Vec::new() }
    }

    /// Attaches a photo, with a description for those who cannot see it.
    #[must_use]
    pub fn photo(mut self, alt: Option<&str>) -> Self {
        self.media.push(Media::Photo { alt: alt.map(Box::from) });
        self
    }

    /// Attaches a video of the given length.
    #[must_use]
    pub fn video(mut self, length: Duration) -> Self {
        self.media.push(Media::Video { length });
        self
    }

    /// Refers to the post `id`, which need not exist.
    #[must_use]
    pub fn about(mut self, reference: Reference, id: PostId) -> Self {
        self.reference = Some((reference, id));
        self
    }

    /// Marks the post as withheld in these countries (ISO 3166-1, two letters).
    #[must_use]
    pub fn withheld_in(mut self, countries: &[&'static str]) -> Self {
        self.withheld = countries.to_vec();
        self
    }
}

impl From<&str> for Draft {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Draft {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}
