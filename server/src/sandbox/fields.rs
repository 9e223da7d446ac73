//! Which fields and expansions a request asks for. The lists are those of X's `OpenAPI` description.

use super::query::{Invalid, Params};

const POST_FIELDS: &[&str] = &[
    "article",
    "attachments",
    "author_id",
    "card_uri",
    "community_id",
    "context_annotations",
    "conversation_id",
    "created_at",
    "display_text_range",
    "edit_controls",
    "edit_history_tweet_ids",
    "entities",
    "geo",
    "id",
    "in_reply_to_user_id",
    "lang",
    "matched_media_notes",
    "media_metadata",
    "note_tweet",
    "paid_partnership",
    "possibly_sensitive",
    "public_metrics",
    "referenced_tweets",
    "reply_settings",
    "scopes",
    "source",
    "text",
    "withheld",
];
const USER_FIELDS: &[&str] = &[
    "affiliation",
    "created_at",
    "description",
    "entities",
    "id",
    "is_identity_verified",
    "location",
    "most_recent_tweet_id",
    "name",
    "parody",
    "pinned_tweet_id",
    "profile_banner_url",
    "profile_image_url",
    "protected",
    "public_metrics",
    "url",
    "username",
    "verified",
    "verified_followers_count",
    "verified_type",
    "withheld",
];
const MEDIA_FIELDS: &[&str] = &[
    "alt_text",
    "duration_ms",
    "height",
    "media_key",
    "preview_image_url",
    "public_metrics",
    "type",
    "url",
    "variants",
    "width",
];
/// Each expansion with the field of the post that it brings along.
const EXPANSIONS: &[(&str, &str)] = &[
    ("article.cover_media", "article"),
    ("article.media_entities", "article"),
    ("attachments.media_keys", "attachments"),
    ("attachments.media_source_tweet", "attachments"),
    ("attachments.poll_ids", "attachments"),
    ("author_id", "author_id"),
    ("edit_history_tweet_ids", "edit_history_tweet_ids"),
    ("entities.mentions.username", "entities"),
    ("entities.note.mentions.username", "note_tweet"),
    ("geo.place_id", "geo"),
    ("in_reply_to_user_id", "in_reply_to_user_id"),
    ("referenced_tweets.id", "referenced_tweets"),
    ("referenced_tweets.id.attachments.media_keys", "referenced_tweets"),
    ("referenced_tweets.id.author_id", "referenced_tweets"),
];

/// The parameters that choose fields of posts, for the lists of known ones.
pub(super) const FIELD_PARAMETERS: [&str; 6] =
    ["tweet.fields", "expansions", "user.fields", "media.fields", "poll.fields", "place.fields"];

/// What a request wants to see beside the default fields.
pub(super) struct Wanted {
    post: Vec<&'static str>,
    user: Vec<&'static str>,
    media: Vec<&'static str>,
    expansions: Vec<&'static str>,
}

impl Wanted {
    /// Reads the choices of a request for posts.
    pub(super) fn of_posts(params: &Params) -> Result<Self, Invalid> {
        let names: Vec<&'static str> = EXPANSIONS.iter().map(|(name, _)| *name).collect();
        let expansions = params.choices("expansions", &names)?;
        let mut post = params.choices("tweet.fields", POST_FIELDS)?;
        post.extend(EXPANSIONS.iter().filter(|(name, _)| expansions.contains(name)).map(|(_, field)| *field));
        let (user, media) =
            (params.choices("user.fields", USER_FIELDS)?, params.choices("media.fields", MEDIA_FIELDS)?);
        Ok(Self { post, user, media, expansions })
    }

    /// Reads the choices of a request for users.
    pub(super) fn of_users(params: &Params) -> Result<Self, Invalid> {
        let user = params.choices("user.fields", USER_FIELDS)?;
        Ok(Self { post: Vec::new(), user, media: Vec::new(), expansions: Vec::new() })
    }

    pub(super) fn post(&self, field: &str) -> bool {
        self.post.contains(&field)
    }

    pub(super) fn user(&self, field: &str) -> bool {
        self.user.contains(&field)
    }

    pub(super) fn media(&self, field: &str) -> bool {
        self.media.contains(&field)
    }

    pub(super) fn expands(&self, expansion: &str) -> bool {
        self.expansions.contains(&expansion)
    }
}
