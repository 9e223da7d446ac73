//! What Amber remembers: one trait per need, on SQLite and PostgreSQL.
