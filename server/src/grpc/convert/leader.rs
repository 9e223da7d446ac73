//! Leaders in the contract's words.

use amber_proto::v1;

use super::number::count;
use super::time::timestamp;
use crate::domain::{Leader, LeaderChange, LeaderState, NewLeader};
use crate::usecase::{Error, LeaderPage};

/// The paths that a mask may name.
const CHANGEABLE: [&str; 4] = ["name", "handles", "tracking_topics", "*"];

pub(in crate::grpc) fn new_leader(asked: v1::CreateLeaderRequest) -> NewLeader {
    let v1::CreateLeaderRequest { name, handles, tracking_topics } = asked;
    NewLeader { name, handles, tracking_topics }
}

/// The leader that is to be changed, and what of it.
pub(in crate::grpc) fn leader_change(asked: v1::UpdateLeaderRequest) -> Result<(String, LeaderChange), Error> {
    let leader = asked.leader.ok_or_else(|| Error::field("leader", "leader is required"))?;
    let paths = asked.update_mask.map(|mask| mask.paths).unwrap_or_default();
    let named = |name: &str, is_given: bool| match paths.as_slice() {
        [] => is_given,
        paths => paths.iter().any(|path| path == name || path == "*"),
    };
    let (name, handles) = (named("name", !leader.name.is_empty()), named("handles", !leader.handles.is_empty()));
    let topics = named("tracking_topics", !leader.tracking_topics.is_empty());
    if let Some(path) = paths.iter().find(|path| !CHANGEABLE.contains(&path.as_str())) {
        let path: String = path.chars().take(40).collect();
        let rule = format!("{path:?} is no path that can be changed; those are {}", CHANGEABLE.join(", "));
        return Err(Error::field("update_mask", rule));
    }
    let change = LeaderChange {
        name: name.then_some(leader.name),
        handles: handles.then_some(leader.handles),
        tracking_topics: topics.then_some(leader.tracking_topics),
    };
    Ok((leader.id, change))
}

pub(in crate::grpc) fn leader_page(page: LeaderPage) -> v1::ListLeadersResponse {
    v1::ListLeadersResponse {
        leaders: page.leaders.into_iter().map(leader).collect(),
        next_page_token: page.next,
        total_size: count(page.total),
    }
}

pub(in crate::grpc) fn leader(leader: Leader) -> v1::Leader {
    v1::Leader {
        id: leader.id.to_string(),
        name: leader.name,
        handles: leader.handles,
        tracking_topics: leader.tracking_topics,
        avatar_url: leader.avatar_url,
        create_time: Some(timestamp(leader.created_at)),
        state: state(leader.state).into(),
    }
}

pub(super) fn state(state: LeaderState) -> v1::LeaderState {
    match state {
        LeaderState::Unresolved => v1::LeaderState::Unresolved,
        LeaderState::Active => v1::LeaderState::Active,
        LeaderState::Protected => v1::LeaderState::Protected,
        LeaderState::Suspended => v1::LeaderState::Suspended,
        LeaderState::NotFound => v1::LeaderState::NotFound,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_keeps_its_name() {
        for known in LeaderState::ALL {
            let name = state(known).as_str_name().to_lowercase();
            assert_eq!(name, format!("leader_state_{}", known.as_str()));
        }
    }

    #[test]
    fn a_new_leader_keeps_what_was_asked() {
        let asked = v1::CreateLeaderRequest {
            name: "Asha".into(),
            handles: [("x".into(), "@asha".into())].into(),
            tracking_topics: vec!["rivers".into()],
        };
        let read = new_leader(asked.clone());
        assert_eq!((read.name, read.handles, read.tracking_topics), (asked.name, asked.handles, asked.tracking_topics));
    }

    fn changed(paths: Option<&[&str]>) -> Result<LeaderChange, Error> {
        let leader = v1::Leader { id: "id".into(), name: "Asha".into(), state: 3, ..v1::Leader::default() };
        let paths = paths.map(|paths| paths.iter().map(ToString::to_string).collect());
        let update_mask = paths.map(|paths| prost_types::FieldMask { paths });
        let (id, change) = leader_change(v1::UpdateLeaderRequest { leader: Some(leader), update_mask })?;
        assert_eq!(id, "id");
        Ok(change)
    }

    #[test]
    fn a_mask_names_what_is_changed_and_without_one_it_is_what_is_not_empty() {
        let name = Some("Asha".to_owned());
        let only_name = LeaderChange { name: name.clone(), ..LeaderChange::default() };
        assert_eq!(changed(None).unwrap(), only_name);
        assert_eq!(changed(Some(&[])).unwrap(), only_name);
        assert_eq!(changed(Some(&["name"])).unwrap(), only_name);
        let (handles, tracking_topics) = (Some([].into()), Some(Vec::new()));
        let no_handles = LeaderChange { handles: handles.clone(), ..LeaderChange::default() };
        assert_eq!(changed(Some(&["handles"])).unwrap(), no_handles);
        assert_eq!(changed(Some(&["*"])).unwrap(), LeaderChange { name, handles, tracking_topics });
    }

    #[test]
    fn a_path_that_cannot_be_changed_is_refused() {
        for path in ["", "Name", "state", "id", "avatar_url", "handles.x", "trackingTopics", "leader.name"] {
            let refused = changed(Some(&["name", path])).unwrap_err();
            assert!(matches!(refused, Error::Invalid(bad) if bad[0].field == "update_mask"), "{path}");
        }
        let nothing = leader_change(v1::UpdateLeaderRequest::default()).unwrap_err();
        assert!(matches!(nothing, Error::Invalid(bad) if bad[0].field == "leader"));
    }
}
