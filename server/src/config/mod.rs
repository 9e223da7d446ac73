//! Typed configuration, read from the environment; every mistake is reported at once.
