//! The HTTP adapter: JSON routes, probes, the iframe page and security headers.
