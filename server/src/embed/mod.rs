//! Embed tokens: issue, verify, redeem; the key ring.
