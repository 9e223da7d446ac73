//! What a store showed, as variables below those of the environment.

use std::collections::BTreeMap;
use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use super::wanted::wanted;
use crate::config::{Env, Layers, SecretsManager};

/// The secrets that a store showed, by variable. No text shows them.
#[derive(Clone)]
pub struct Values {
    found: BTreeMap<&'static str, SecretString>,
    /// The variables that the store has no secret for, and what these would be called.
    missing: BTreeMap<&'static str, String>,
    store: &'static str,
}

impl Values {
    /// Nothing yet of what `manager` names.
    pub(super) fn new(manager: &SecretsManager) -> Self {
        Self { found: BTreeMap::new(), missing: BTreeMap::new(), store: manager.store.as_str() }
    }

    /// Takes a secret without the newline at its end, as from a file: what fills stores often leaves one.
    pub(super) fn found(&mut self, variable: &'static str, secret: &SecretString) {
        let text = secret.expose_secret();
        let text = text.strip_suffix('\n').unwrap_or(text);
        self.found.insert(variable, text.strip_suffix('\r').unwrap_or(text).into());
    }

    pub(super) fn missing(&mut self, variable: &'static str, name: String) {
        self.missing.insert(variable, name);
    }

    /// The variables that the store has a secret for.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.found.keys().copied()
    }

    /// These secrets for what `env` leaves open, and everything else as `env` has it.
    #[must_use]
    pub fn below(&self, env: Layers) -> Layers {
        let open = wanted(&env);
        let mut values = self.clone();
        values.found.retain(|variable, _| open.contains(variable));
        // They come first, because an empty variable counts as open.
        Layers::new(vec![Box::new(values), Box::new(env)])
    }
}

impl Env for Values {
    fn get(&self, name: &str) -> Option<String> {
        self.found.get(name).map(|secret| secret.expose_secret().to_owned())
    }

    fn names(&self) -> Vec<String> {
        self.found.keys().map(|name| (*name).to_owned()).collect()
    }

    fn looked_for(&self, name: &str) -> Option<String> {
        self.missing.get(name).map(|called| format!("{} has no {called} either", self.store))
    }
}

impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.found.keys()).finish()
    }
}
