//! Tests of the client against recorded answers and a small HTTP server.
