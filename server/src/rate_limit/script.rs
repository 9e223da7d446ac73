//! The script in Redis: how it is asked and what its answers mean.

use std::sync::LazyLock;
use std::time::Duration;

use deadpool_redis::redis::{Script, ScriptInvocation};

use super::{Decision, Error, Identity, Policy};

/// What the script answers for one policy: permits left, the wait and the time until the bucket is full.
const NUMBERS: usize = 3;

static SCRIPT: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("gcra.lua")));

/// What one caller asks the script.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) key: String,
    pub(super) policies: Vec<Policy>,
}

impl Question {
    pub(super) fn new(identity: &Identity, policies: &[Policy]) -> Self {
        Self { key: identity.to_string(), policies: policies.to_vec() }
    }
}

/// The call of the script for all these callers.
pub(super) fn invocation<'q>(questions: impl Iterator<Item = &'q Question>) -> ScriptInvocation<'static> {
    let mut call = SCRIPT.prepare_invoke();
    for Question { key, policies } in questions {
        call.key(key).arg(policies.len());
        for Policy { name, quota, cost } in policies {
            let window = u64::try_from(quota.window.as_micros()).unwrap_or(u64::MAX);
            call.arg(name.as_str()).arg(quota.permits.get()).arg(window).arg(quota.burst.get()).arg(cost);
        }
    }
    call
}

/// What the script said to each caller.
pub(super) fn decisions<'q>(
    questions: impl Iterator<Item = &'q Question>,
    answer: &[i64],
) -> Result<Vec<Vec<Decision>>, Error> {
    let mut numbers = answer.chunks_exact(NUMBERS);
    let told = questions
        .map(|question| question.policies.iter().map(|policy| decision(policy, numbers.next()?)).collect())
        .collect::<Option<Vec<Vec<Decision>>>>();
    let is_all = numbers.next().is_none() && numbers.remainder().is_empty();
    told.filter(|_| is_all).ok_or(Error::Answer)
}

fn decision(policy: &Policy, numbers: &[i64]) -> Option<Decision> {
    let &[remaining, wait, reset] = numbers else { return None };
    let micros = |number: i64| u64::try_from(number).ok().map(Duration::from_micros);
    Some(Decision {
        policy: policy.name,
        allowed: wait == 0,
        limit: policy.quota.burst.get(),
        remaining: u32::try_from(remaining).ok()?,
        reset_after: micros(reset)?,
        retry_after: if wait == -1 { Duration::MAX } else { micros(wait)? },
    })
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;
    use crate::domain::{PolicyName, Quota};

    fn question(policies: usize) -> Question {
        let permits = NonZeroU32::new(60).unwrap();
        let quota = Quota { permits, window: Duration::from_mins(1), burst: permits };
        let policy = Policy { name: PolicyName::Anonymous, quota, cost: 1 };
        Question { key: "rate_limit:ip:192.0.2.1".into(), policies: vec![policy; policies] }
    }

    #[test]
    fn every_caller_gets_what_was_said_to_it() {
        let asked = [question(1), question(2)];
        let told = decisions(asked.iter(), &[59, 0, 1_000_000, 3, 250, 57_000_000, 60, -1, 0]).unwrap();
        assert_eq!(told.iter().map(Vec::len).collect::<Vec<_>>(), [1, 2]);
        assert_eq!((told[0][0].allowed, told[0][0].remaining), (true, 59));
        assert_eq!((told[1][0].allowed, told[1][0].retry_after), (false, Duration::from_micros(250)));
        assert_eq!((told[1][1].allowed, told[1][1].retry_after), (false, Duration::MAX));
    }

    #[test]
    fn an_answer_of_another_length_or_kind_is_no_decision() {
        for answer in [&[][..], &[1, 0], &[1, 0, 0, 0], &[1, 0, 0, 1, 0, 0], &[-1, 0, 0], &[1, -2, 0], &[1, 0, -1]] {
            assert_eq!(decisions([question(1)].iter(), answer), Err(Error::Answer), "{answer:?}");
        }
    }
}
