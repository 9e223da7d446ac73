//! Leaders in the contract's words.

use amber_proto::v1;

use super::number::count;
use super::time::timestamp;
use crate::domain::{Leader, LeaderState, NewLeader};
use crate::usecase::LeaderPage;

pub(in crate::grpc) fn new_leader(asked: v1::CreateLeaderRequest) -> NewLeader {
    let v1::CreateLeaderRequest { name, handles, tracking_topics } = asked;
    NewLeader { name, handles, tracking_topics }
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
}
