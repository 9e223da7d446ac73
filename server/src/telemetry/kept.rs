//! The handles of metrics that were recorded before, so that recording again neither makes a key nor hashes it.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use super::declared::Metric;

/// The handles of one kind of metrics, by name and by the values of the labels.
pub(super) struct Kept<H>(HashMap<&'static str, RwLock<Family<H>>>);

/// The handles of one metric, sorted by the values of its labels, which are few.
type Family<H> = Vec<(Box<[Box<str>]>, H)>;

impl<H: Clone> Kept<H> {
    /// Keeps handles of these metrics, none so far.
    pub(super) fn of(metrics: &[Metric]) -> Self {
        Self(metrics.iter().map(|metric| (metric.name, RwLock::default())).collect())
    }

    /// The handle of a metric for these values of its labels; `create` makes it when it was never asked for.
    ///
    /// # Panics
    /// When the metric is not one of those that were named.
    pub(super) fn get(&self, metric: Metric, values: &[&str], create: impl FnOnce() -> H) -> H {
        let family = self.0.get(metric.name).expect("every metric is declared");
        let known = family.read().unwrap_or_else(PoisonError::into_inner);
        if let Ok(place) = find(&known, values) {
            return known[place].1.clone();
        }
        drop(known);
        let handle = create();
        let mut known = family.write().unwrap_or_else(PoisonError::into_inner);
        if let Err(place) = find(&known, values) {
            known.insert(place, (values.iter().copied().map(Box::from).collect(), handle.clone()));
        }
        handle
    }
}

/// Where the handle for these values is, or where it would be.
fn find<H>(family: &Family<H>, values: &[&str]) -> Result<usize, usize> {
    family.binary_search_by(|(known, _)| known.iter().map(|value| &**value).cmp(values.iter().copied()))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::super::declared::{METRICS, REQUESTS};
    use super::*;

    #[test]
    fn a_handle_is_made_once_for_each_set_of_values() {
        let kept = Kept::of(METRICS);
        let made = Cell::new(0);
        let ask = |values: [&str; 3]| {
            kept.get(REQUESTS, &values, || {
                made.set(made.get() + 1);
                made.get()
            })
        };
        let sets =
            [["http", "b", "200"], ["http", "a", "200"], ["grpc", "b", "200"], ["http", "b", "404"], ["", "", ""]];
        let first = sets.map(ask);
        assert_eq!(first, [1, 2, 3, 4, 5]);
        assert_eq!(sets.map(ask), first);
        assert_ne!(ask(["httpb", "", "200"]), first[0], "values are not run together");
    }
}
