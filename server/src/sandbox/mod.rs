//! A double of the X API v2 with synthetic leaders, for the demo and the tests.
