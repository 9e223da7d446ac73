//! Checks what a token says by itself, one rule after the other; the first that is broken is the answer.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::claims::{AUDIENCE, TYP, Wire};
use super::issuer::MAX_TTL;
use super::{Error, KeyRing, Refusal};
use crate::auth::jws::{self, Jws};
use crate::domain::{Clock, EmbedClaims, TokenCheck};

/// How far another server's clock may be ahead of ours.
const LEEWAY: SignedDuration = SignedDuration::from_secs(2);

/// Checks embed tokens.
#[derive(Debug)]
pub struct Verifier {
    ring: Arc<KeyRing>,
    issuer: String,
    clock: Arc<dyn Clock>,
}

impl Verifier {
    /// Accepts tokens of `issuer` signed by a key of `ring`.
    #[must_use]
    pub fn new(ring: Arc<KeyRing>, issuer: impl Into<String>, clock: Arc<dyn Clock>) -> Self {
        Self { ring, issuer: issuer.into(), clock }
    }

    /// Checks what the token alone can tell, in this order: form, key, signature, claims, issuer and audience, times.
    ///
    /// # Errors
    /// The first rule that the token breaks, with the claims when their signature was right.
    pub fn verify(&self, token: &str) -> Result<EmbedClaims, Refusal> {
        let (wire, key_id) = self.signed_claims(token)?;
        let claims = wire.parse(&key_id)?;
        match self.judge(&wire, &claims) {
            Ok(()) => Ok(claims),
            Err(error) => Err(Refusal::of(error, claims)),
        }
    }

    fn signed_claims(&self, token: &str) -> Result<(Wire, String), Error> {
        let jws = Jws::read(token).map_err(refused)?;
        if jws.typ() != Some(TYP) && TokenCheck::Kind.is_made() {
            return Err(Error::TokenMalformed);
        }
        let key_id = jws.key_id().ok_or(Error::TokenMalformed)?;
        let keys = self.ring.current();
        let key = keys.get(key_id).ok_or(Error::TokenBadSignature)?;
        let wire = jws.claims(key).map_err(refused)?;
        Ok((wire, key_id.to_owned()))
    }

    fn judge(&self, wire: &Wire, claims: &EmbedClaims) -> Result<(), Error> {
        if wire.iss != self.issuer && TokenCheck::Issuer.is_made() {
            return Err(Error::TokenWrongAudience);
        }
        if wire.aud != AUDIENCE && TokenCheck::Audience.is_made() {
            return Err(Error::TokenWrongAudience);
        }
        self.check_times(wire, claims)
    }

    fn check_times(&self, wire: &Wire, claims: &EmbedClaims) -> Result<(), Error> {
        let lifetime = claims.expires_at.duration_since(claims.issued_at);
        let is_sound = lifetime.is_positive() && lifetime.unsigned_abs() <= MAX_TTL;
        if !is_sound && TokenCheck::Lifetime.is_made() {
            return Err(Error::TokenMalformed);
        }
        let now = self.clock.now();
        if now >= claims.expires_at && TokenCheck::Expiry.is_made() {
            return Err(Error::TokenExpired { expired_at: claims.expires_at });
        }
        let valid_from = Timestamp::from_second(wire.valid_from()).map_err(|_| Error::TokenMalformed)?;
        if valid_from.duration_since(now) > LEEWAY && TokenCheck::Start.is_made() {
            return Err(Error::TokenNotYetValid { valid_from });
        }
        Ok(())
    }
}

fn refused(error: jws::Error) -> Error {
    match error {
        jws::Error::Malformed => Error::TokenMalformed,
        jws::Error::Signature => Error::TokenBadSignature,
    }
}
