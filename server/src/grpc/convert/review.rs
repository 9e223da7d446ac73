//! The review queue and its audit in the contract's words.

use amber_proto::v1;

use super::editing::asked_label;
use super::feed::{label, post, verification};
use super::number::count;
use super::quarantine::record;
use super::time::timestamp;
use crate::domain::{ReviewEntry, ReviewFacts, ReviewReason, ReviewState};
use crate::store::{ReviewItem, Subject};
use crate::usecase::{Error, ReviewAuditPage, ReviewEdit, ReviewPage};

pub(in crate::grpc) fn asked_states(numbers: &[i32]) -> Result<Vec<ReviewState>, Error> {
    let read = |number: &i32| {
        Some(match v1::ReviewState::try_from(*number).ok()? {
            v1::ReviewState::Unspecified => return None,
            v1::ReviewState::Pending => ReviewState::Pending,
            v1::ReviewState::Approved => ReviewState::Approved,
            v1::ReviewState::Rejected => ReviewState::Rejected,
        })
    };
    let states: Option<Vec<_>> = numbers.iter().map(read).collect();
    states.ok_or_else(|| Error::field("states", "each must be a state of the contract"))
}

pub(in crate::grpc) fn asked_edit(asked: v1::EditReviewItemRequest) -> Result<ReviewEdit, Error> {
    Ok(ReviewEdit { label: asked_label(asked.sentiment)?, notes: asked.notes })
}

pub(in crate::grpc) fn review_page(page: ReviewPage) -> v1::ListReviewItemsResponse {
    v1::ListReviewItemsResponse {
        items: page.items.into_iter().map(review_item).collect(),
        next_page_token: page.next,
        pending_size: count(page.waiting),
    }
}

pub(in crate::grpc) fn review_item(item: ReviewItem) -> v1::ReviewItem {
    let (about, quarantined) = match item.subject {
        Subject::Post(about) => (Some(post(*about)), None),
        Subject::Record(quarantined) => (None, Some(record(*quarantined))),
    };
    v1::ReviewItem {
        id: item.id.to_string(),
        post_id: about.as_ref().map(|post| post.id.clone()).unwrap_or_default(),
        post: about,
        record: quarantined,
        state: state(item.state).into(),
        reason: reason(item.reason).into(),
        notes: item.notes.unwrap_or_default(),
        reviewer: item.reviewer.unwrap_or_default(),
        review_time: item.reviewed_at.map(timestamp),
        create_time: Some(timestamp(item.created_at)),
        update_time: Some(timestamp(item.updated_at)),
    }
}

pub(in crate::grpc) fn review_audit(page: ReviewAuditPage) -> v1::ListReviewAuditResponse {
    let entries = page.entries.into_iter().map(entry).collect();
    v1::ListReviewAuditResponse { entries, next_page_token: page.next }
}

fn entry(entry: ReviewEntry) -> v1::ReviewAuditEntry {
    v1::ReviewAuditEntry {
        id: entry.id.to_string(),
        time: Some(timestamp(entry.at)),
        actor: entry.actor,
        action: entry.action.as_str().to_owned(),
        item_id: entry.item.map(|id| id.to_string()).unwrap_or_default(),
        post_id: entry.post.map(|id| id.to_string()).unwrap_or_default(),
        before: entry.before.map(facts),
        after: entry.after.map(facts),
    }
}

fn facts(facts: ReviewFacts) -> v1::ReviewFacts {
    let ReviewFacts { state: of_item, notes, verification: of_post, label: tone } = facts;
    v1::ReviewFacts {
        state: of_item.map(state).unwrap_or_default().into(),
        notes: notes.unwrap_or_default(),
        verification: of_post.map(verification).unwrap_or_default().into(),
        sentiment: tone.map(|tone| label(Some(tone))).unwrap_or_default().into(),
    }
}

fn state(state: ReviewState) -> v1::ReviewState {
    match state {
        ReviewState::Pending => v1::ReviewState::Pending,
        ReviewState::Approved => v1::ReviewState::Approved,
        ReviewState::Rejected => v1::ReviewState::Rejected,
    }
}

fn reason(reason: ReviewReason) -> v1::ReviewReason {
    match reason {
        ReviewReason::Requested => v1::ReviewReason::Requested,
        ReviewReason::LowConfidence => v1::ReviewReason::LowConfidence,
        ReviewReason::Quarantined => v1::ReviewReason::Quarantined,
        ReviewReason::Imported => v1::ReviewReason::Imported,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_and_reason_keeps_its_name() {
        for known in ReviewState::ALL {
            let shown = state(known);
            assert_eq!(shown.as_str_name().to_lowercase(), format!("review_state_{}", known.as_str()));
            assert_eq!(asked_states(&[shown.into()]).unwrap(), [known]);
        }
        for known in ReviewReason::ALL {
            assert_eq!(reason(known).as_str_name().to_lowercase(), format!("review_reason_{}", known.as_str()));
        }
        assert_eq!(asked_states(&[]).unwrap(), []);
        assert!(asked_states(&[1, 0]).is_err() && asked_states(&[99]).is_err());
    }
}
