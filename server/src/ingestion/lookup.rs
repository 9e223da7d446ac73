//! Finds the accounts of leaders that cannot be read so far.

use std::collections::HashMap;

use tokio::sync::Mutex;
use tracing::info;

use super::Deps;
use super::keeper::{State, Trust};
use super::walk::Stop;
use crate::domain::{Handle, Leader, LeaderState, RunId, UserId};
use crate::store::Claim;
use crate::x_api::{Client, User, UserLookup};

/// Leaders of one round, as many as X looks up in one request.
const AT_ONCE: u32 = 100;

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
            Self::Handle => leader.x_handle().map(|handle| handle.folded()),
        }
    }

    fn of_user(self, user: &User) -> String {
        match self {
            Self::Number => user.id.to_string(),
            Self::Handle => user.username.to_ascii_lowercase(),
        }
    }
}

/// Looks accounts up, many at a time: whoever needs one asks for those of the whole run.
#[derive(Debug, Default)]
pub(super) struct Lookups {
    /// The last round and its leaders, as X told them. A dry run stores them nowhere else.
    last: Mutex<Option<(RunId, Vec<Leader>)>>,
}

impl Lookups {
    /// The leader as X knows it, if it is not readable so far. What X says is noted for all that were asked about, also when
    /// the lease is lost meanwhile: who has another handle by then is told apart where it is noted.
    pub(super) async fn ensure(
        &self,
        deps: &Deps,
        x: &Client,
        claim: &Claim,
        leader: &Leader,
        trust: &Trust,
    ) -> Result<Leader, Stop> {
        if !needs_lookup(leader) {
            return Ok(leader.clone());
        }
        let work = async {
            let mut last = self.last.lock().await;
            if let Some(found) = known(last.as_ref(), claim.run, leader) {
                return Ok(found);
            }
            let mut leaders = deps.leaders.to_look_up(claim.run, AT_ONCE).await?;
            if leaders.iter().all(|wanted| wanted.id != leader.id) {
                leaders.truncate(AT_ONCE as usize - 1);
                leaders.push(leader.clone());
            }
            look_up(deps, x, &mut leaders, claim.dry_run, trust).await?;
            let found = leaders.iter().find(|wanted| wanted.id == leader.id).unwrap_or(leader).clone();
            *last = Some((claim.run, leaders));
            Ok(found)
        };
        let found = trust.unless_late(work).await.ok_or(Stop::Cancelled)?;
        if trust.state() == State::Lost { Err(Stop::Cancelled) } else { found }
    }
}

fn known(last: Option<&(RunId, Vec<Leader>)>, run: RunId, leader: &Leader) -> Option<Leader> {
    let (of, leaders) = last?;
    // Somebody may have given the leader another handle since.
    let same = |known: &Leader| known.id == leader.id && Key::Handle.of_leader(known) == Key::Handle.of_leader(leader);
    leaders.iter().find(|known| *of == run && same(known)).cloned()
}

/// Asks X for the accounts of the leaders that cannot be read so far, and notes what it says. An account that was
/// found before is asked for by its number, so that a change of handle does not lose a leader, and whoever takes the
/// old handle is not mistaken for it.
async fn look_up(deps: &Deps, x: &Client, leaders: &mut [Leader], dry_run: bool, trust: &Trust) -> Result<(), Stop> {
    let wanted = leaders.iter_mut().filter(|leader| needs_lookup(leader));
    let (known, new): (Vec<_>, Vec<_>) = wanted.partition(|leader| leader.x_user_id.is_some());
    let numbers: Vec<UserId> = known.iter().filter_map(|leader| leader.x_user_id).collect();
    let handles: Vec<Handle> = new.iter().filter_map(|leader| leader.x_handle()).collect();
    let may_ask = || trust.may_ask().then_some(()).ok_or(Stop::Cancelled);
    if !numbers.is_empty() {
        may_ask()?;
        note(deps, known, &x.users_by_ids(&numbers).await?, Key::Number, dry_run).await?;
    }
    if !handles.is_empty() {
        may_ask()?;
        note(deps, new, &x.users_by_usernames(&handles).await?, Key::Handle, dry_run).await?;
    }
    Ok(())
}

async fn note(deps: &Deps, leaders: Vec<&mut Leader>, found: &UserLookup, key: Key, dry_run: bool) -> Result<(), Stop> {
    let answers = answers(found, key);
    for leader in leaders {
        let before = leader.state;
        let Some(answer) = key.of_leader(leader).and_then(|key| answers.get(&key)) else {
            if !dry_run {
                deps.leaders.set_state(leader, before).await?;
            }
            continue;
        };
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
            Some(id) => deps.leaders.set_account(leader, id, leader.avatar_url.clone(), leader.state).await?,
            None => deps.leaders.set_state(leader, leader.state).await?,
        };
        if let Some(posts) = answer.user.and_then(|user| user.post_count) {
            deps.leaders.set_post_count(leader, posts).await?;
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
