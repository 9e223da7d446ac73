//! Finds the accounts of leaders that cannot be read so far.

use std::collections::HashMap;

use tracing::info;

use super::Deps;
use super::walk::Stop;
use crate::domain::{Handle, Leader, LeaderState, UserId};
use crate::x_api::{Client, User, UserLookup};

/// How a lookup names an account.
#[derive(Debug, Clone, Copy)]
enum Key {
    Number,
    /// In lower case: X does not tell letter cases apart.
    Handle,
}

impl Key {
    fn of_leader(self, leader: &Leader) -> Option<String> {
        match self {
            Self::Number => leader.x_user_id.map(|id| id.to_string()),
            Self::Handle => leader.x_handle().map(|handle| handle.as_str().to_ascii_lowercase()),
        }
    }

    fn of_user(self, user: &User) -> String {
        match self {
            Self::Number => user.id.to_string(),
            Self::Handle => user.username.to_ascii_lowercase(),
        }
    }
}

/// Asks X for the accounts of the leaders that cannot be read so far, and notes what it says. An account that was
/// found before is asked for by its number, so that a change of handle does not lose a leader, and whoever takes the
/// old handle is not mistaken for it.
pub(super) async fn look_up(deps: &Deps, x: &Client, leaders: &mut [Leader], dry_run: bool) -> Result<(), Stop> {
    let wanted = leaders.iter_mut().filter(|leader| needs_lookup(leader));
    let (known, new): (Vec<_>, Vec<_>) = wanted.partition(|leader| leader.x_user_id.is_some());
    let numbers: Vec<UserId> = known.iter().filter_map(|leader| leader.x_user_id).collect();
    let handles: Vec<Handle> = new.iter().filter_map(|leader| leader.x_handle()).collect();
    note(deps, known, &x.users_by_ids(&numbers).await?, Key::Number, dry_run).await?;
    note(deps, new, &x.users_by_usernames(&handles).await?, Key::Handle, dry_run).await
}

async fn note(deps: &Deps, leaders: Vec<&mut Leader>, found: &UserLookup, key: Key, dry_run: bool) -> Result<(), Stop> {
    let answers = answers(found, key);
    for leader in leaders {
        let Some(answer) = key.of_leader(leader).and_then(|key| answers.get(&key)) else { continue };
        let before = leader.state;
        leader.state = answer.state;
        if let Some(user) = answer.user {
            leader.x_user_id = Some(user.id);
            leader.avatar_url.clone_from(&user.avatar_url);
            leader.x_post_count = user.post_count.or(leader.x_post_count);
        }
        if before != leader.state {
            let state = leader.state.as_str();
            info!(leader_id = %leader.id, state, "The account of {} is {state} on X.", leader.name);
        }
        if dry_run {
            continue;
        }
        match leader.x_user_id {
            Some(id) => deps.leaders.set_account(leader.id, id, leader.avatar_url.clone(), leader.state).await?,
            None => deps.leaders.set_state(leader.id, leader.state).await?,
        };
        if let Some(posts) = answer.user.and_then(|user| user.post_count) {
            deps.leaders.set_post_count(leader.id, posts).await?;
        }
    }
    Ok(())
}

fn needs_lookup(leader: &Leader) -> bool {
    leader.x_user_id.is_none() || leader.state != LeaderState::Active
}

struct Answer<'a> {
    state: LeaderState,
    user: Option<&'a User>,
}

fn answers(found: &UserLookup, key: Key) -> HashMap<String, Answer<'_>> {
    let problems = found.problems.iter().filter_map(|problem| {
        let state = problem.kind.leader_state()?;
        Some((problem.value.as_ref()?.to_ascii_lowercase(), Answer { state, user: None }))
    });
    let users = found.users.iter().map(|user| {
        let state = if user.protected { LeaderState::Protected } else { LeaderState::Active };
        (key.of_user(user), Answer { state, user: Some(user) })
    });
    problems.chain(users).collect()
}
