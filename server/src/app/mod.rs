//! The composition root: builds everything from the configuration, listens, drains and stops.
