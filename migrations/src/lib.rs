//! The tables of Amber, step by step, for PostgreSQL and SQLite.
