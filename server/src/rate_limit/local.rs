//! The limiter of one process: governor's keyed GCRA, bounded in memory.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota as Rate, RateLimiter};

use super::{Decision, Identity, Policies, Policy, PolicyName};
use crate::domain::Quota;

type Buckets = RateLimiter<Slot, DefaultKeyedStateStore<Slot>, DefaultClock, StateInformationMiddleware>;

/// A bucket of its own, or one shared by many when there are too many callers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Slot {
    Own(Identity),
    Shared(u64),
}

/// Counts calls in the memory of this process.
#[derive(Debug)]
pub struct LocalLimiter {
    anonymous: PolicyBuckets,
    authenticated: PolicyBuckets,
    embed_issue: PolicyBuckets,
}

impl LocalLimiter {
    /// Callers with a bucket of their own, per policy; the callers beyond share [`Self::SHARED`] buckets.
    /// About 100 bytes each.
    pub const MAX_CALLERS: usize = 100_000;
    /// Buckets for the callers beyond [`Self::MAX_CALLERS`].
    pub const SHARED: u64 = 1_024;

    /// Full buckets for every policy.
    #[must_use]
    pub fn new(policies: &Policies) -> Self {
        Self::with_capacity(policies, Self::MAX_CALLERS)
    }

    fn with_capacity(policies: &Policies, callers: usize) -> Self {
        Self {
            anonymous: PolicyBuckets::new(policies.anonymous, callers),
            authenticated: PolicyBuckets::new(policies.authenticated, callers),
            embed_issue: PolicyBuckets::new(policies.embed_issue, callers),
        }
    }

    /// Takes a permit, or says when there will be one.
    #[must_use]
    pub fn check(&self, policy: &Policy) -> Decision {
        self.buckets(policy.name).check(&policy.identity)
    }

    /// Forgets the buckets that are full again; call it now and then.
    pub fn forget_idle(&self) {
        for buckets in [&self.anonymous, &self.authenticated, &self.embed_issue] {
            buckets.limiter.retain_recent();
            buckets.limiter.shrink_to_fit();
        }
    }

    fn buckets(&self, name: PolicyName) -> &PolicyBuckets {
        match name {
            PolicyName::Anonymous => &self.anonymous,
            PolicyName::Authenticated => &self.authenticated,
            PolicyName::EmbedIssue => &self.embed_issue,
        }
    }
}

#[derive(Debug)]
struct PolicyBuckets {
    quota: Quota,
    callers: usize,
    limiter: Buckets,
    clock: DefaultClock,
}

impl PolicyBuckets {
    fn new(quota: Quota, callers: usize) -> Self {
        let interval = quota.interval().max(Duration::from_nanos(1));
        let rate = Rate::with_period(interval).expect("an interval above zero").allow_burst(quota.burst);
        let limiter = RateLimiter::dashmap(rate).with_middleware::<StateInformationMiddleware>();
        Self { quota, callers, limiter, clock: DefaultClock::default() }
    }

    fn check(&self, identity: &Identity) -> Decision {
        let limit = self.quota.burst.get();
        match self.limiter.check_key(&self.slot(identity)) {
            Ok(state) => {
                let remaining = state.remaining_burst_capacity();
                Decision {
                    allowed: true,
                    limit,
                    remaining,
                    reset_after: self.quota.interval() * limit.saturating_sub(remaining),
                    retry_after: Duration::ZERO,
                }
            }
            Err(refused) => Decision {
                allowed: false,
                limit,
                remaining: 0,
                reset_after: self.quota.interval() * limit,
                retry_after: refused.wait_time_from(self.clock.now()),
            },
        }
    }

    /// An own bucket while there is room, so that random identities cannot fill the memory.
    fn slot(&self, identity: &Identity) -> Slot {
        if self.limiter.len() < self.callers {
            return Slot::Own(identity.clone());
        }
        let mut hasher = DefaultHasher::new();
        identity.hash(&mut hasher);
        Slot::Shared(hasher.finish() % LocalLimiter::SHARED)
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::num::NonZeroU32;

    use super::*;

    fn quota(permits: u32, window: Duration) -> Quota {
        let permits = NonZeroU32::new(permits).unwrap();
        Quota { permits, window, burst: permits }
    }

    fn limiter(permits: u32, callers: usize) -> LocalLimiter {
        let quota = quota(permits, Duration::from_mins(1));
        LocalLimiter::with_capacity(&Policies { anonymous: quota, authenticated: quota, embed_issue: quota }, callers)
    }

    fn from(address: [u8; 4]) -> Policy {
        Policy { name: PolicyName::Anonymous, identity: Identity::of_address(IpAddr::from(address)) }
    }

    #[test]
    fn a_burst_passes_and_the_next_call_waits() {
        let limiter = limiter(3, 10);
        let caller = from([192, 0, 2, 1]);
        let left: Vec<_> = (0..3).map(|_| limiter.check(&caller)).map(|d| (d.allowed, d.remaining)).collect();
        assert_eq!(left, [(true, 2), (true, 1), (true, 0)]);
        let refused = limiter.check(&caller);
        assert!(!refused.allowed);
        assert!(refused.retry_after > Duration::from_secs(18) && refused.retry_after <= Duration::from_secs(20));
        assert!(limiter.check(&from([192, 0, 2, 2])).allowed, "another caller has a bucket of its own");
    }

    #[test]
    fn the_policies_do_not_share_a_bucket() {
        let limiter = limiter(1, 10);
        let mut caller = from([192, 0, 2, 1]);
        assert!(limiter.check(&caller).allowed);
        caller.name = PolicyName::Authenticated;
        assert!(limiter.check(&caller).allowed);
    }

    #[test]
    fn callers_without_number_stay_bounded_in_memory_and_in_rate() {
        let limiter = limiter(1, 100);
        let admitted = (0..20_000_u32).filter(|n| limiter.check(&from(n.to_be_bytes())).allowed).count();
        let shared = usize::try_from(LocalLimiter::SHARED).unwrap();
        assert!(limiter.anonymous.limiter.len() <= 100 + shared);
        assert!(admitted <= 100 + shared, "{admitted}");
    }
}
