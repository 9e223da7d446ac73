//! Values and rules of Amber: no I/O, no async, no wire types.
