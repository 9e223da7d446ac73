//! What the whole-system tests stand on.
