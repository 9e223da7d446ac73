//! Tests of embed tokens.
