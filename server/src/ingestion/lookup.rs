//! Finds the accounts of leaders that are not known on X yet.

use std::collections::HashMap;

use tracing::info;

use super::Deps;
use super::walk::Stop;
use crate::domain::{Handle, Leader, LeaderState};
use crate::x_api::{Client, UserLookup};

/// Asks X for the accounts of the leaders that cannot be read so far, and notes what it says. An account that was
/// found before keeps its number, so a change of handle does not lose a leader.
pub(super) async fn look_up(deps: &Deps, x: &Client, leaders: &mut [Leader], dry_run: bool) -> Result<(), Stop> {
    let wanted: Vec<Handle> =
        leaders.iter().filter(|leader| needs_lookup(leader)).filter_map(Leader::x_handle).collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let found = x.users_by_usernames(&wanted).await?;
    let answers = by_handle(&found);
    for leader in leaders.iter_mut().filter(|leader| needs_lookup(leader)) {
        let Some(handle) = leader.x_handle() else { continue };
        let Some(answer) = answers.get(&handle.as_str().to_ascii_lowercase()) else { continue };
        let before = leader.state;
        leader.state = answer.state;
        if let Some(user) = answer.user {
            leader.x_user_id = Some(user.id);
            leader.avatar_url.clone_from(&user.avatar_url);
        }
        if before != leader.state {
            info!(leader_id = %leader.id, state = leader.state.as_str(), "@{handle} is {} on X.", leader.state.as_str());
        }
        if dry_run {
            continue;
        }
        match leader.x_user_id {
            Some(id) => deps.leaders.set_account(leader.id, id, leader.avatar_url.clone(), leader.state).await?,
            None => deps.leaders.set_state(leader.id, leader.state).await?,
        };
    }
    Ok(())
}

fn needs_lookup(leader: &Leader) -> bool {
    leader.x_user_id.is_none() || leader.state != LeaderState::Active
}

struct Answer<'a> {
    state: LeaderState,
    user: Option<&'a crate::x_api::User>,
}

/// What X says, by the handle in lower case: X does not tell letter cases apart.
fn by_handle(found: &UserLookup) -> HashMap<String, Answer<'_>> {
    let problems = found.problems.iter().filter_map(|problem| {
        let state = problem.kind.leader_state()?;
        Some((problem.value.as_ref()?.to_ascii_lowercase(), Answer { state, user: None }))
    });
    let users = found.users.iter().map(|user| {
        let state = if user.protected { LeaderState::Protected } else { LeaderState::Active };
        (user.username.to_ascii_lowercase(), Answer { state, user: Some(user) })
    });
    problems.chain(users).collect()
}
