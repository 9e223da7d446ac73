//! Which secrets are asked for: those that the environment does not set by any name.

use crate::config::{Env, Variable, variables};

/// Variables of which one takes the place of the other.
const EITHER: [&str; 2] = ["EMBED_SIGNING_KEY", "EMBED_SIGNING_KEYS"];

/// The names of all secrets that `env` leaves open, older names included.
pub(super) fn wanted(env: &dyn Env) -> Vec<&'static str> {
    let is_open = |variable: &&Variable| {
        let is_set_by_its_other = EITHER.contains(&variable.name) && EITHER.iter().any(|name| is_set(env, name));
        variable.is_secret() && !variable.names().any(|name| is_set(env, name)) && !is_set_by_its_other
    };
    variables().filter(is_open).flat_map(Variable::names).collect()
}

/// Whether there is a value, or a file for it.
fn is_set(env: &dyn Env, name: &str) -> bool {
    let is_filled = |name: &str| env.get(name).is_some_and(|value| !value.trim().is_empty());
    is_filled(name) || is_filled(&format!("{name}_FILE"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::MapEnv;

    #[test]
    fn every_secret_that_the_environment_leaves_open_is_wanted_and_nothing_else() {
        let all = wanted(&MapEnv::default());
        for name in ["DATABASE_URL", "REDIS_URL", "ADMIN_JWT_SECRET", "X_API_BEARER", "TWITTER_BEARER_TOKEN"] {
            assert!(all.contains(&name), "{name} of {all:?}");
        }
        assert!(!all.contains(&"PORT") && !all.contains(&"SECRETS_PREFIX"), "{all:?}");

        for (set, gone) in [
            ("ADMIN_JWT_SECRET", &["ADMIN_JWT_SECRET"][..]),
            ("ADMIN_JWT_SECRET_FILE", &["ADMIN_JWT_SECRET"]),
            ("TWITTER_BEARER_TOKEN", &["X_API_BEARER", "TWITTER_BEARER_TOKEN"]),
            ("X_API_BEARER_FILE", &["X_API_BEARER", "TWITTER_BEARER_TOKEN"]),
            ("EMBED_SIGNING_KEYS", &["EMBED_SIGNING_KEY", "EMBED_SIGNING_KEYS"]),
            ("EMBED_SIGNING_KEY_FILE", &["EMBED_SIGNING_KEY", "EMBED_SIGNING_KEYS"]),
        ] {
            let left = wanted(&MapEnv::default().with(set, "value"));
            let expected: Vec<_> = all.iter().filter(|name| !gone.contains(name)).copied().collect();
            assert_eq!(left, expected, "{set} is set");
            assert_eq!(wanted(&MapEnv::default().with(set, " ")), all, "{set} is empty");
        }
    }
}
