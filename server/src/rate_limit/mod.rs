//! Token buckets that bound what each caller may ask.
