//! Posts that are entered and changed by hand.

use amber_proto::v1;

use super::feed::asked_platform;
use super::time::asked_instant;
use crate::domain::{Label, Platform, PostMetrics, Verification};
use crate::usecase::{EnteredChange, EnteredPost, Error};

pub(in crate::grpc) fn entered_post(asked: v1::CreatePostRequest) -> Result<EnteredPost, Error> {
    let platform = match v1::Platform::try_from(asked.platform) {
        Ok(v1::Platform::Unspecified) => Some(Platform::News),
        _ => asked_platform(asked.platform).as_deref().and_then(Platform::parse),
    };
    Ok(EnteredPost {
        leader: asked.leader_id,
        platform: platform.ok_or_else(|| Error::field("platform", "platform must be one of the contract"))?,
        platform_name: Some(asked.platform_name).filter(|name| !name.is_empty()),
        text: asked.text,
        posted_at: asked.post_time.map(|at| asked_instant("post_time", at)).transpose()?,
        label: asked_label(asked.sentiment)?,
        metrics: asked.metrics.map(asked_metrics).unwrap_or_default(),
        verification: asked_verification(asked.verification)?.unwrap_or_default(),
        requires_review: asked.requires_review,
        review_notes: Some(asked.review_notes).filter(|notes| !notes.is_empty()),
        external_id: asked.external_id,
        permalink: asked.permalink,
    })
}

pub(in crate::grpc) fn entered_change(asked: v1::UpdatePostRequest) -> Result<EnteredChange, Error> {
    Ok(EnteredChange {
        text: asked.text,
        label: asked_label(asked.sentiment)?,
        metrics: asked.metrics.map(asked_metrics),
        verification: asked_verification(asked.verification)?,
    })
}

/// A tone that somebody gives; None leaves it to the model, or as it is.
pub(super) fn asked_label(number: i32) -> Result<Option<Label>, Error> {
    match v1::SentimentLabel::try_from(number) {
        Ok(v1::SentimentLabel::Unspecified) => Ok(None),
        Ok(v1::SentimentLabel::Positive) => Ok(Some(Label::Positive)),
        Ok(v1::SentimentLabel::Neutral) => Ok(Some(Label::Neutral)),
        Ok(v1::SentimentLabel::Negative) => Ok(Some(Label::Negative)),
        Ok(v1::SentimentLabel::Unscored) | Err(_) => {
            Err(Error::field("sentiment", "sentiment must be positive, neutral or negative"))
        }
    }
}

fn asked_verification(number: i32) -> Result<Option<Verification>, Error> {
    match v1::VerificationStatus::try_from(number) {
        Ok(v1::VerificationStatus::Unspecified) => Ok(None),
        Ok(v1::VerificationStatus::NeedsReview) => Ok(Some(Verification::NeedsReview)),
        Ok(v1::VerificationStatus::Verified) => Ok(Some(Verification::Verified)),
        Ok(v1::VerificationStatus::Rejected) => Ok(Some(Verification::Rejected)),
        Err(_) => Err(Error::field("verification", "verification must be a status of the contract")),
    }
}

fn asked_metrics(asked: v1::PostMetrics) -> PostMetrics {
    let v1::PostMetrics { likes, reposts, replies, quotes, bookmarks, impressions } = asked;
    PostMetrics { likes, reposts, replies, quotes, bookmarks, impressions }
}

#[cfg(test)]
mod tests {
    use super::super::feed::{label, verification};
    use super::*;

    #[test]
    fn what_is_unspecified_is_left_to_others() {
        let post = entered_post(v1::CreatePostRequest::default()).unwrap();
        assert_eq!((post.platform, post.platform_name, post.label), (Platform::News, None, None));
        assert_eq!((post.posted_at, post.verification), (None, Verification::NeedsReview));
        assert_eq!(entered_change(v1::UpdatePostRequest::default()).unwrap(), EnteredChange::default());
    }

    #[test]
    fn what_is_said_is_the_same_on_both_sides() {
        for known in Verification::ALL {
            assert_eq!(asked_verification(verification(known).into()).unwrap(), Some(known));
        }
        for known in [Label::Positive, Label::Neutral, Label::Negative] {
            assert_eq!(asked_label(label(Some(known)).into()).unwrap(), Some(known));
        }
    }

    #[test]
    fn what_is_not_of_the_contract_is_refused() {
        for bad in [
            v1::CreatePostRequest { platform: 99, ..Default::default() },
            v1::CreatePostRequest { sentiment: 4, ..Default::default() },
            v1::CreatePostRequest { sentiment: -1, ..Default::default() },
            v1::CreatePostRequest { verification: 99, ..Default::default() },
            v1::CreatePostRequest {
                post_time: Some(prost_types::Timestamp { seconds: 0, nanos: -1 }),
                ..Default::default()
            },
        ] {
            assert!(matches!(entered_post(bad.clone()), Err(Error::Invalid(_))), "{bad:?}");
        }
    }
}
