//! The contract of Amber, package `amber.v1`, in its Rust form.
