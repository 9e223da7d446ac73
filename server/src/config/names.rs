//! Looks at names that are set but mean nothing to Amber, so that a slip of the pen is seen.

use strsim::damerau_levenshtein;

use super::reader::Reader;
use super::variable::Variable;
use super::{Env, variables};

/// Names that are certainly meant for Amber.
const OWN_PREFIXES: &[&str] = &[
    "X_INGEST_",
    "X_API_",
    "X_BACKFILL_",
    "X_RECHECK_",
    "INGESTION_",
    "EMBED_",
    "ADMIN_",
    "RATE_LIMIT",
    "TWITTER_",
    "CORS_",
    "CHECKPOINT_",
    "SECRETS_",
];

/// Sources of the old service that Amber does not have.
const DROPPED_PREFIXES: &[&str] = &["FACEBOOK_", "NEWS_", "POST_LIMIT"];

/// Warns of every name that does nothing.
pub(super) fn review(env: &dyn Env, reader: &mut Reader<'_>) {
    for name in env.names() {
        let is_empty = env.get(&name).is_none_or(|value| value.trim().is_empty());
        if is_empty || is_known(&name) {
            continue;
        }
        if DROPPED_PREFIXES.iter().any(|prefix| name.starts_with(prefix)) {
            reader.warn(&name, "is ignored, because posts come from X alone");
        } else if let Some(message) = slip_of(&name) {
            reader.warn(&name, message);
        }
    }
}

fn is_known(name: &str) -> bool {
    let from_file = name.strip_suffix("_FILE").and_then(variables::find);
    variables::find(name).is_some() || from_file.is_some_and(Variable::is_secret)
}

/// What to say about a name that looks like a misspelt one of ours; None for a name of another program.
fn slip_of(name: &str) -> Option<String> {
    let is_own = OWN_PREFIXES.iter().any(|prefix| name.starts_with(prefix));
    let most = if is_own { name.len() / 2 } else { 2 };
    let nearest = known_names().filter(|_| is_own).find(|known| known.starts_with(name));
    match nearest.or_else(|| nearest_to(name, most)) {
        Some(nearest) => Some(format!("is unknown; {nearest} may be meant")),
        None => is_own.then(|| "is unknown, and does nothing".to_owned()),
    }
}

/// The known name with the fewest edits (Damerau-Levenshtein), at most `most`; short names are too much alike to tell.
fn nearest_to(name: &str, most: usize) -> Option<&'static str> {
    known_names()
        .filter(|known| known.len().min(name.len()) >= 8)
        .map(|known| (damerau_levenshtein(known, name), known))
        .filter(|(distance, _)| *distance <= most)
        .min()
        .map(|(_, known)| known)
}

fn known_names() -> impl Iterator<Item = &'static str> {
    variables::variables().flat_map(|variable| variable.aliases.iter().copied().chain([variable.name]))
}
