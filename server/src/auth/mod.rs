//! Who is calling: API key or admin JWT to a principal.
