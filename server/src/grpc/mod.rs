//! The gRPC adapter: one file per service, conversions, statuses and layers.
