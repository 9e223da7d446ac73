//! The Redis pool and its time limits.
