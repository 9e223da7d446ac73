//! What must hold after a storm.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::prelude::Uuid;

use crate::cast::Truth;
use crate::history::{Commit, Counters, History};

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// Findings of one kind that are shown; of a broken rule there may be thousands.
const SHOWN: usize = 5;

/// A rule, which tells what breaks it.
type Rule = fn(&History, &Truth) -> Vec<String>;

/// All rules.
const RULES: [Rule; 13] = [
    every_post_is_stored,
    no_post_is_stored_twice,
    nothing_else_is_stored,
    the_newest_version_is_stored,
    the_chain_of_cursors_is_whole,
    no_cursor_goes_back,
    no_lease_goes_back,
    no_gap_is_left,
    the_ledger_balances,
    runs_count_what_their_pages_count,
    days_count_their_posts,
    each_tick_is_one_run,
    nothing_is_under_way,
];

/// Everything that should not be.
pub(crate) fn findings(history: &History, truth: &Truth) -> Vec<String> {
    let mut findings = Vec::new();
    for rule in RULES {
        let broken = rule(history, truth);
        let more = broken.len().saturating_sub(SHOWN);
        findings.extend(broken.into_iter().take(SHOWN));
        if more > 0 {
            findings.push(format!("and {more} more like this"));
        }
    }
    findings.extend(x_was_not_bothered(history));
    findings
}

fn every_post_is_stored(history: &History, truth: &Truth) -> Vec<String> {
    let stored: BTreeSet<_> = history.posts.iter().map(|post| &post.root_id).collect();
    let lost = truth.shown.keys().filter(|root| !stored.contains(root));
    lost.map(|root| format!("post {root} is lost")).collect()
}

fn no_post_is_stored_twice(history: &History, _: &Truth) -> Vec<String> {
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    for post in &history.posts {
        *times.entry(&post.root_id).or_default() += 1;
    }
    times.retain(|_, times| *times > 1);
    times.into_iter().map(|(root, times)| format!("post {root} is stored {times} times")).collect()
}

fn nothing_else_is_stored(history: &History, truth: &Truth) -> Vec<String> {
    let is_known = |root: &String| truth.shown.contains_key(root) || truth.deleted.contains(root);
    let foreign = history.posts.iter().filter(|post| !is_known(&post.root_id));
    foreign.map(|post| format!("post {} was never on X", post.root_id)).collect()
}

fn the_newest_version_is_stored(history: &History, truth: &Truth) -> Vec<String> {
    let newest = |root: &String| truth.shown.get(root);
    let old = history.posts.iter().filter(|post| newest(&post.root_id).is_some_and(|id| *id != post.external_id));
    old.map(|post| format!("post {} is stored as of version {}", post.root_id, post.external_id)).collect()
}

/// Version after version, up to that of the stream: a fork would be one twice, a lost page one missing.
fn the_chain_of_cursors_is_whole(history: &History, _: &Truth) -> Vec<String> {
    let mut chains: BTreeMap<Uuid, Vec<i64>> = BTreeMap::new();
    for commit in &history.commits {
        chains.entry(commit.stream_id).or_default().push(commit.cursor_version);
    }
    let mut findings = Vec::new();
    for stream in &history.streams {
        let mut chain = chains.remove(&stream.id).unwrap_or_default();
        chain.sort_unstable();
        if !chain.iter().copied().eq(1..=stream.cursor_version) {
            findings.push(format!("stream {} is at {}, its chain is {chain:?}", stream.id, stream.cursor_version));
        }
    }
    findings.extend(chains.into_keys().map(|stream| format!("the chain of {stream} has no stream")));
    findings
}

/// A worker that was overtaken and writes all the same would put an older cursor behind a newer one.
fn no_cursor_goes_back(history: &History, _: &Truth) -> Vec<String> {
    let top = |cursor: &serde_json::Value| cursor["top"].as_i64();
    let mut findings = Vec::new();
    for pair in history.commits.windows(2) {
        let is_step = pair[0].stream_id == pair[1].stream_id;
        if is_step && top(&pair[1].cursor) < top(&pair[0].cursor) {
            let (stream, version) = (pair[1].stream_id, pair[1].cursor_version);
            findings.push(format!("version {version} of stream {stream} goes back"));
        }
    }
    let last: BTreeMap<_, _> = history.commits.iter().map(|commit| (commit.stream_id, &commit.cursor)).collect();
    let lags = history.streams.iter().filter(|stream| last.get(&stream.id).is_some_and(|last| **last != stream.cursor));
    findings.extend(lags.map(|stream| format!("the cursor of stream {} is not that of its last page", stream.id)));
    findings
}

/// A page under an older lease behind one under a newer lease is the work of a zombie.
fn no_lease_goes_back(history: &History, _: &Truth) -> Vec<String> {
    let is_zombie =
        |pair: &&[Commit]| pair[0].stream_id == pair[1].stream_id && pair[1].lease_epoch < pair[0].lease_epoch;
    let zombies = history.commits.windows(2).filter(is_zombie).map(|pair| &pair[1]);
    zombies.map(|page| format!("version {} of stream {} is a zombie's", page.cursor_version, page.stream_id)).collect()
}

fn no_gap_is_left(history: &History, _: &Truth) -> Vec<String> {
    let gaps = |cursor: &serde_json::Value| cursor["gaps"].as_array().map_or(0, Vec::len);
    let open = history.streams.iter().filter(|stream| gaps(&stream.cursor) > 0);
    open.map(|stream| format!("stream {} has {} gaps", stream.id, gaps(&stream.cursor))).collect()
}

fn the_ledger_balances(history: &History, _: &Truth) -> Vec<String> {
    let is_off = |counters: &Counters| {
        let Counters { fetched, inserted, updated, unchanged, quarantined, duplicates } = counters;
        *fetched != inserted + updated + unchanged + quarantined + duplicates
    };
    let mut findings: Vec<_> = history
        .commits
        .iter()
        .filter(|commit| is_off(&commit.counters))
        .map(|commit| format!("version {} of stream {} is off", commit.cursor_version, commit.stream_id))
        .collect();
    let inserted: i64 = history.commits.iter().map(|commit| commit.counters.inserted).sum();
    if usize::try_from(inserted) != Ok(history.posts.len()) {
        findings.push(format!("the ledger has {inserted} posts, the table {}", history.posts.len()));
    }
    findings
}

fn runs_count_what_their_pages_count(history: &History, _: &Truth) -> Vec<String> {
    let mut sums: BTreeMap<Uuid, (i64, Counters)> = BTreeMap::new();
    for commit in &history.commits {
        let Some(run) = commit.run_id else { continue };
        let (pages, counters) = sums.entry(run).or_default();
        *pages += 1;
        counters.add(commit.counters);
    }
    let off = history.runs.iter().filter_map(|run| {
        let sum = sums.get(&run.id).copied().unwrap_or_default();
        (sum != (run.pages, run.counters))
            .then(|| format!("run {} has {:?}, its pages {sum:?}", run.id, (run.pages, run.counters)))
    });
    off.collect()
}

fn days_count_their_posts(history: &History, _: &Truth) -> Vec<String> {
    let mut days: BTreeMap<(Uuid, i64), i64> = BTreeMap::new();
    for post in &history.posts {
        *days.entry((post.leader_id, post.posted_at.div_euclid(DAY))).or_default() += 1;
    }
    let counted = history.counts.iter().filter(|(_, n)| **n != 0).map(|(key, n)| (*key, *n)).collect();
    if days == counted { Vec::new() } else { vec![format!("days count {counted:?}, their posts {days:?}")] }
}

/// However many processes see that it is time.
fn each_tick_is_one_run(history: &History, _: &Truth) -> Vec<String> {
    let mut runs: BTreeMap<i64, usize> = BTreeMap::new();
    let mut findings = Vec::new();
    for run in &history.runs {
        if (run.trigger == "schedule") != run.tick.is_some() {
            findings.push(format!("run {} of trigger {} has the tick {:?}", run.id, run.trigger, run.tick));
        }
        run.tick.into_iter().for_each(|tick| *runs.entry(tick).or_default() += 1);
    }
    let twice = runs.into_iter().filter(|(_, runs)| *runs > 1);
    findings.extend(twice.map(|(tick, runs)| format!("tick {tick} made {runs} runs")));
    findings
}

fn nothing_is_under_way(history: &History, _: &Truth) -> Vec<String> {
    let open = history.runs.iter().filter(|run| run.ended_at.is_none());
    let open = open.map(|run| format!("run {} is {} for ever", run.id, run.status));
    let left = (history.tasks > 0).then(|| format!("{} tasks are left", history.tasks));
    open.chain(left).collect()
}

/// X asks callers to keep to its limits, so a caller that knows them is never refused.
fn x_was_not_bothered(history: &History) -> Option<String> {
    (history.refusals > 0).then(|| format!("X had to refuse {} requests", history.refusals))
}

#[cfg(test)]
mod tests;
