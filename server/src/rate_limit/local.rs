//! The limiter of one process, bounded in memory.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tokio::time::Instant;

use super::law::{Asked, Law};
use super::{Decision, Error, Identity, Limiter, Policy};
use crate::domain::PolicyName;

/// The moments at which the buckets of one caller are full, in nanoseconds since the limiter began; zero is long ago.
type Buckets = [u64; PolicyName::ALL.len()];

const SHARDS: usize = 64;

/// Counts calls in the memory of this process.
#[derive(Debug)]
pub struct LocalLimiter {
    shards: [Mutex<HashMap<Identity, Buckets>>; SHARDS],
    /// Buckets of the callers beyond `most`, each shared by many.
    overflow: Box<[Mutex<Buckets>]>,
    callers: AtomicUsize,
    most: usize,
    hasher: RandomState,
    began: Instant,
}

impl Default for LocalLimiter {
    fn default() -> Self {
        Self::new(Self::MAX_CALLERS)
    }
}

impl LocalLimiter {
    /// Callers with buckets of their own; the callers beyond share [`Self::SHARED`] ones. At most about 200 bytes each.
    pub const MAX_CALLERS: usize = 100_000;
    /// Buckets for the callers beyond [`Self::MAX_CALLERS`].
    pub const SHARED: usize = 1_024;

    /// A limiter of at most so many callers, all of whose buckets are full.
    #[must_use]
    pub fn new(callers: usize) -> Self {
        Self {
            shards: std::array::from_fn(|_| Mutex::default()),
            overflow: (0..Self::SHARED).map(|_| Mutex::default()).collect(),
            callers: AtomicUsize::new(0),
            most: callers,
            hasher: RandomState::new(),
            began: Instant::now(),
        }
    }

    /// Takes the permits of all these policies or of none; what each policy says, in their order.
    #[must_use]
    pub fn take(&self, identity: &Identity, policies: &[Policy]) -> Vec<Decision> {
        let now = self.now();
        self.with_buckets(identity, now, |buckets| {
            let asked: Vec<Asked> = policies.iter().map(|policy| ask(policy, buckets, now)).collect();
            let passes = asked.iter().all(|asked| asked.wait == Some(0));
            let told = policies.iter().zip(&asked).map(|(policy, asked)| {
                let level = if passes { asked.after } else { asked.level };
                buckets[policy.name.index()] = now.saturating_add(level);
                Law::of(&policy.quota).tell(policy.name, level, asked.wait)
            });
            told.collect()
        })
    }

    /// Makes the buckets here as empty as those of another limiter, which said this of them, so that they are when they
    /// are needed.
    pub fn mirror(&self, identity: &Identity, told: &[Decision]) {
        let now = self.now();
        self.with_buckets(identity, now, |buckets| {
            for Decision { policy, reset_after, .. } in told {
                let level = u64::try_from(reset_after.as_nanos()).unwrap_or(u64::MAX);
                let full_at = &mut buckets[policy.index()];
                *full_at = now.saturating_add(level).max(*full_at);
            }
        });
    }

    /// Fills the buckets of a caller; true when one of them was not full. A caller that shares its buckets fills them for
    /// the others too.
    pub fn fill(&self, identity: &Identity) -> bool {
        let now = self.now();
        let place = self.place(identity);
        let own = self.shard(place).remove(identity);
        if own.is_some() {
            self.callers.fetch_sub(1, Relaxed);
        }
        let buckets = own.unwrap_or_else(|| std::mem::take(&mut *self.shared(place)));
        is_used(&buckets, now)
    }

    /// Forgets the callers whose buckets are full again; call it now and then.
    pub fn forget_idle(&self) {
        let now = self.now();
        for shard in &self.shards {
            let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            let before = shard.len();
            shard.retain(|_, buckets| is_used(buckets, now));
            self.callers.fetch_sub(before - shard.len(), Relaxed);
            shard.shrink_to_fit();
        }
    }

    /// Callers with buckets of their own at this moment.
    #[must_use]
    pub fn callers(&self) -> usize {
        self.callers.load(Relaxed)
    }

    /// Own buckets while there is room, so that random identities cannot fill the memory. Nobody who has own buckets loses
    /// them before they are full, so that nobody gets permits by pushing others out.
    fn with_buckets<T>(&self, identity: &Identity, now: u64, work: impl FnOnce(&mut Buckets) -> T) -> T {
        let place = self.place(identity);
        let mut shard = self.shard(place);
        if let Some(buckets) = shard.get_mut(identity) {
            return work(buckets);
        }
        if self.callers.load(Relaxed) >= self.most {
            drop(shard);
            return work(&mut self.shared(place));
        }
        let mut buckets = Buckets::default();
        let outcome = work(&mut buckets);
        // A look leaves nothing behind.
        if is_used(&buckets, now) {
            self.callers.fetch_add(1, Relaxed);
            shard.insert(identity.clone(), buckets);
        }
        outcome
    }

    fn place(&self, identity: &Identity) -> usize {
        usize::try_from(self.hasher.hash_one(identity) % (SHARDS * Self::SHARED) as u64).expect("a small number")
    }

    fn shard(&self, place: usize) -> MutexGuard<'_, HashMap<Identity, Buckets>> {
        self.shards[place % SHARDS].lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn shared(&self, place: usize) -> MutexGuard<'_, Buckets> {
        self.overflow[place / SHARDS].lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

fn ask(policy: &Policy, buckets: &Buckets, now: u64) -> Asked {
    Law::of(&policy.quota).ask(buckets[policy.name.index()], now, policy.cost)
}

fn is_used(buckets: &Buckets, now: u64) -> bool {
    buckets.iter().any(|full_at| *full_at > now)
}

#[async_trait]
impl Limiter for LocalLimiter {
    async fn decide(&self, identity: &Identity, policies: &[Policy]) -> Result<Vec<Decision>, Error> {
        Ok(self.take(identity, policies))
    }

    async fn reset(&self, identity: &Identity) -> Result<bool, Error> {
        Ok(self.fill(identity))
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv6Addr;
    use std::num::NonZeroU32;
    use std::time::Duration;

    use super::*;
    use crate::domain::Quota;

    fn policy(permits: u32) -> Policy {
        let permits = NonZeroU32::new(permits).unwrap();
        let quota = Quota { permits, window: Duration::from_mins(1), burst: permits };
        Policy { name: PolicyName::Anonymous, quota, cost: 1 }
    }

    /// A caller from a site of its own.
    fn site(n: u64) -> Identity {
        Identity::of_address(Ipv6Addr::from(u128::from(n) << 64).into())
    }

    fn passes(limiter: &LocalLimiter, caller: u64, policy: Policy) -> bool {
        limiter.take(&site(caller), &[policy])[0].allowed
    }

    #[tokio::test(start_paused = true)]
    async fn a_million_callers_stay_bounded_in_memory_and_in_rate() {
        let limiter = LocalLimiter::new(10_000);
        let admitted = (1..=1_000_000).filter(|n| passes(&limiter, *n, policy(1))).count();
        assert_eq!(limiter.callers(), 10_000);
        assert_eq!(limiter.shards.iter().map(|shard| shard.lock().unwrap().len()).sum::<usize>(), 10_000);
        assert!((10_000..=10_000 + LocalLimiter::SHARED).contains(&admitted), "{admitted}");
        assert!(!passes(&limiter, 1, policy(1)), "who has used its bucket up is not forgotten in the crowd");

        tokio::time::advance(Duration::from_mins(1)).await;
        limiter.forget_idle();
        assert_eq!(limiter.callers(), 0);
        assert!(passes(&limiter, 1, policy(1)));
    }

    #[tokio::test(start_paused = true)]
    async fn looks_and_full_buckets_take_no_memory() {
        let limiter = LocalLimiter::default();
        assert!(passes(&limiter, 1, Policy { cost: 0, ..policy(3) }));
        assert_eq!(limiter.callers(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn what_another_limiter_gave_is_gone_here_too() {
        let (other, limiter) = (LocalLimiter::default(), LocalLimiter::default());
        for left in [2, 1, 0] {
            let told = other.take(&site(1), &[policy(3)]);
            limiter.mirror(&site(1), &told);
            let look = limiter.take(&site(1), &[Policy { cost: 0, ..policy(3) }])[0];
            assert_eq!((look.remaining, look.reset_after), (left, told[0].reset_after));
        }
        // An answer that comes late takes nothing back.
        limiter.mirror(&site(1), &LocalLimiter::default().take(&site(1), &[policy(3)]));
        let refused = limiter.take(&site(1), &[policy(3)])[0];
        assert_eq!((refused.allowed, refused.retry_after), (false, Duration::from_secs(20)));
        assert!(limiter.fill(&site(1)) && !limiter.fill(&site(1)));
        assert!(passes(&limiter, 1, policy(3)));
    }

    #[tokio::test(start_paused = true)]
    async fn one_who_shares_a_bucket_can_be_let_go_on() {
        let limiter = LocalLimiter::new(0);
        assert!(passes(&limiter, 1, policy(1)) && !passes(&limiter, 1, policy(1)));
        assert!(limiter.fill(&site(1)) && passes(&limiter, 1, policy(1)));
    }
}
