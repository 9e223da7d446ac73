//! Client of the X API v2: requests, tolerant parsing, rate-limit headers, problem classification.
