//! Probes with a time limit each, folded into one report.
