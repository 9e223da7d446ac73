//! Looks at names that are set but mean nothing to Amber, so that a slip of the pen is seen.

use strsim::damerau_levenshtein;

use super::parse::{self, Refusal};
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
];

/// Sources of the old service that Amber does not have.
const DROPPED_PREFIXES: &[&str] = &["FACEBOOK_", "NEWS_", "POST_LIMIT"];

/// What this version does not do yet.
const LATER: &[Later] = &[
    Later {
        name: "SECRETS_MANAGER_ENABLED",
        harmless: "false",
        otherwise: Refuse("secrets come from variables and files"),
    },
    Later { name: "SECRETS_MANAGER_PROVIDER", harmless: "", otherwise: Ignore },
    Later { name: "SECRETS_PREFIX", harmless: "", otherwise: Ignore },
];

/// A variable that this version knows by name only.
struct Later {
    name: &'static str,
    /// The value that asks for what Amber does anyway.
    harmless: &'static str,
    otherwise: Otherwise,
}

/// What to do about any other value.
enum Otherwise {
    /// Start, and say that it does nothing.
    Ignore,
    /// Do not start, because the operator relies on something that would not happen; the text says what to do.
    Refuse(&'static str),
}

use Otherwise::{Ignore, Refuse};

/// Warns of every name that does nothing.
pub(super) fn review(env: &dyn Env, reader: &mut Reader<'_>) {
    for name in env.names() {
        let is_empty = env.get(&name).is_none_or(|value| value.trim().is_empty());
        if is_empty || is_known(&name) {
            continue;
        }
        if let Some(later) = LATER.iter().find(|later| later.name == name) {
            review_later(later, env, reader);
        } else if DROPPED_PREFIXES.iter().any(|prefix| name.starts_with(prefix)) {
            reader.warn(&name, "is ignored, because posts come from X alone");
        } else if let Some(message) = slip_of(&name) {
            reader.warn(&name, message);
        }
    }
}

fn review_later(later: &Later, env: &dyn Env, reader: &mut Reader<'_>) {
    let value = env.get(later.name).unwrap_or_default();
    let value = value.trim();
    let is_off = later.harmless == "false" && parse::flag(value) == Ok(false);
    if value == later.harmless || is_off {
        return;
    }
    match later.otherwise {
        Ignore => reader.warn(later.name, "is not supported yet by this version, and does nothing"),
        Refuse(instead) => {
            reader.refuse(
                later.name,
                Refusal::new("is not supported yet by this version", format!("unset it; {instead}")),
            );
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
