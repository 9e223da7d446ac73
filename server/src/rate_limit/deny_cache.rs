//! Remembers refusals for a moment, so that whoever keeps calling costs Redis nothing.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::{Decision, Identity, Policy};
use crate::domain::PolicyName;

/// The longest that a refusal is remembered, and so the longest until a reset of the bucket in Redis is seen.
const LONGEST: Duration = Duration::from_secs(1);
const SHARDS: usize = 16;

type Shard = HashMap<Identity, Refused>;

/// The last refusal of a caller.
#[derive(Debug, Clone, Copy)]
struct Refused {
    policy: PolicyName,
    /// What the refused call wanted. A cheaper one may still pass.
    cost: u32,
    decision: Decision,
    at: Instant,
    until: Instant,
}

/// Refusals of the last second. What does not fit is not remembered.
#[derive(Debug)]
pub(super) struct DenyCache {
    shards: [Mutex<Shard>; SHARDS],
    /// Callers per shard.
    most: usize,
    hasher: RandomState,
}

impl DenyCache {
    /// A cache of at most so many callers, about 150 bytes each.
    pub(super) fn new(callers: usize) -> Self {
        let most = callers.div_ceil(SHARDS);
        Self { shards: std::array::from_fn(|_| Mutex::default()), most, hasher: RandomState::new() }
    }

    /// The refusal that still holds for this call, if there is one.
    pub(super) fn find(&self, identity: &Identity, policies: &[Policy]) -> Option<Decision> {
        let shard = self.shard(identity);
        let refused = shard.get(identity)?;
        let now = Instant::now();
        let asks_as_much = policies.iter().any(|policy| policy.name == refused.policy && policy.cost >= refused.cost);
        if now >= refused.until || !asks_as_much {
            return None;
        }
        let past = now.duration_since(refused.at);
        let Decision { retry_after, reset_after, .. } = refused.decision;
        let retry_after = retry_after.saturating_sub(past);
        Some(Decision { retry_after, reset_after: reset_after.saturating_sub(past), ..refused.decision })
    }

    /// Remembers a refusal until the caller may come back, at most a second.
    pub(super) fn note(&self, identity: &Identity, policies: &[Policy], decision: &Decision) {
        let Some(policy) = policies.iter().find(|policy| policy.name == decision.policy) else { return };
        let at = Instant::now();
        let until = at + decision.retry_after.min(LONGEST);
        let mut shard = self.shard(identity);
        if shard.len() >= self.most && !shard.contains_key(identity) {
            shard.retain(|_, refused| refused.until > at);
            if shard.len() >= self.most {
                return;
            }
        }
        let refused = Refused { policy: policy.name, cost: policy.cost, decision: *decision, at, until };
        shard.insert(identity.clone(), refused);
    }

    /// Forgets a caller.
    pub(super) fn forget(&self, identity: &Identity) {
        self.shard(identity).remove(identity);
    }

    /// Forgets what does not hold any more.
    pub(super) fn forget_idle(&self) {
        let now = Instant::now();
        for shard in &self.shards {
            let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            shard.retain(|_, refused| refused.until > now);
            shard.shrink_to_fit();
        }
    }

    fn shard(&self, identity: &Identity) -> MutexGuard<'_, Shard> {
        let place = self.hasher.hash_one(identity) % SHARDS as u64;
        let place = usize::try_from(place).expect("a number of a shard");
        self.shards[place].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;
    use crate::domain::Quota;

    fn identity(n: u32) -> Identity {
        Identity::of_address(std::net::IpAddr::from(n.to_be_bytes()))
    }

    fn policy(name: PolicyName, cost: u32) -> Policy {
        let permits = NonZeroU32::new(10).unwrap();
        Policy { name, quota: Quota { permits, window: Duration::from_mins(1), burst: permits }, cost }
    }

    fn refusal(policy: PolicyName, retry_after: Duration) -> Decision {
        let reset_after = Duration::from_mins(1);
        Decision { policy, allowed: false, limit: 10, remaining: 0, reset_after, retry_after }
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_holds_until_the_caller_may_come_back_and_at_most_a_second() {
        let cache = DenyCache::new(100);
        let asks = [policy(PolicyName::Anonymous, 1)];
        for (wait, held) in [(Duration::from_millis(300), 300), (Duration::from_mins(1), 1_000)] {
            cache.note(&identity(1), &asks, &refusal(PolicyName::Anonymous, wait));
            tokio::time::advance(Duration::from_millis(held - 1)).await;
            let told = cache.find(&identity(1), &asks).expect("it still holds");
            assert_eq!(told.retry_after, wait.saturating_sub(Duration::from_millis(held - 1)));
            assert_eq!(cache.find(&identity(2), &asks), None, "that is somebody else");
            tokio::time::advance(Duration::from_millis(1)).await;
            assert_eq!(cache.find(&identity(1), &asks), None);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_of_another_policy_or_a_cheaper_one_is_asked_about() {
        let cache = DenyCache::new(100);
        let dear = [policy(PolicyName::Anonymous, 5)];
        cache.note(&identity(1), &dear, &refusal(PolicyName::Anonymous, Duration::from_secs(1)));
        assert!(cache.find(&identity(1), &dear).is_some());
        assert_eq!(cache.find(&identity(1), &[policy(PolicyName::Anonymous, 4)]), None);
        assert_eq!(cache.find(&identity(1), &[policy(PolicyName::TokenRedeem, 5)]), None);
        cache.forget(&identity(1));
        assert_eq!(cache.find(&identity(1), &dear), None);
    }

    #[tokio::test(start_paused = true)]
    async fn an_attack_from_everywhere_does_not_fill_the_memory() {
        let cache = DenyCache::new(160);
        let asks = [policy(PolicyName::Anonymous, 1)];
        let held = |cache: &DenyCache| cache.shards.iter().map(|shard| shard.lock().unwrap().len()).sum::<usize>();
        for n in 0..10_000 {
            cache.note(&identity(n), &asks, &refusal(PolicyName::Anonymous, Duration::from_secs(1)));
        }
        assert!(held(&cache) <= 160, "{}", held(&cache));
        tokio::time::advance(Duration::from_secs(1)).await;
        cache.note(&identity(20_000), &asks, &refusal(PolicyName::Anonymous, Duration::from_secs(1)));
        assert!(cache.find(&identity(20_000), &asks).is_some(), "the old ones make room");
        cache.forget_idle();
        assert_eq!(held(&cache), 1);
    }
}
