//! Plan, fetch, validate, score, persist with the checkpoint; scheduler and runs.
