//! Logs, request ids, and the one place where every metric is declared.
