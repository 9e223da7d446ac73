//! The session that a token opens: signed like a token, so that every replica knows it and none remembers it.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::claims::{AUDIENCE, SESSION, Wire, canonical_origin};
use super::issuer::{MAX_TTL, whole_seconds};
use super::{Error, KeyRing, Refusal};
use crate::auth::jws::{Jws, MAX_TOKEN};
use crate::domain::{Clock, EmbedClaims, EmbedSession, Origin, TokenCheck};

/// The kind of JWS, which keeps tokens and sessions apart.
const TYP: &str = "amber-embed-session+jwt";

/// The longest session in bytes: the claims of the longest token, once more in base64url, and the framing site.
const MAX_SESSION: usize = MAX_TOKEN * 2;

/// A fresh session.
#[derive(Debug)]
pub struct Opened {
    /// What the frame reads its data with; opaque to it, and a secret.
    pub text: SecretString,
    /// What it stands for.
    pub session: EmbedSession,
    /// How long it is of use from now on.
    pub life: Duration,
}

/// The claims of a session: all of them are required and no other is allowed.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SessionWire {
    tok: Wire,
    site: String,
    exp: i64,
}

/// Opens and reads sessions.
#[derive(Debug)]
pub struct Sessions {
    ring: Arc<KeyRing>,
    issuer: String,
    clock: Arc<dyn Clock>,
}

impl Sessions {
    /// Opens sessions for tokens of `issuer` that a key of `ring` signed.
    #[must_use]
    pub fn new(ring: Arc<KeyRing>, issuer: impl Into<String>, clock: Arc<dyn Clock>) -> Self {
        Self { ring, issuer: issuer.into(), clock }
    }

    /// Opens the session of a token that was just used up. The key that signed the token signs the session too, so that
    /// both end when the key is taken away.
    ///
    /// # Errors
    /// [`Error::TokenBadSignature`] when the key of the token is not in the ring.
    pub fn open(&self, claims: EmbedClaims, origin: Origin) -> Result<Opened, Error> {
        let keys = self.ring.current();
        let key = keys.get(&claims.key_id).ok_or(Error::TokenBadSignature)?;
        let now = self.clock.now();
        let length = SignedDuration::try_from(claims.max_session).unwrap_or_default();
        let expires_at = whole_seconds(now) + length;
        let wire =
            SessionWire { tok: Wire::of(&claims), site: origin.as_str().to_owned(), exp: expires_at.as_second() };
        let text = key.sign(TYP, Some(&claims.key_id), &wire);
        let life = Duration::try_from(expires_at.duration_since(now)).unwrap_or_default();
        Ok(Opened { text, session: EmbedSession { claims, origin, expires_at }, life })
    }

    /// Reads a session; whether it was revoked is not asked.
    ///
    /// # Errors
    /// [`Error::SessionEnded`] for one that is over, and for every text that is none, with the claims when the signature was
    /// right.
    pub fn read(&self, text: &str) -> Result<EmbedSession, Refusal> {
        let session = self.signed(text).ok_or(Error::SessionEnded)?;
        if self.clock.now() >= session.expires_at && TokenCheck::SessionEnd.is_made() {
            return Err(Refusal { error: Error::SessionEnded, claims: Some(Box::new(session.claims)) });
        }
        Ok(session)
    }

    fn signed(&self, text: &str) -> Option<EmbedSession> {
        let jws = Jws::read_within(MAX_SESSION, text).ok()?;
        if jws.typ() != Some(TYP) && TokenCheck::Kind.is_made() {
            return None;
        }
        let key_id = jws.key_id()?;
        let wire: SessionWire = jws.claims(self.ring.current().get(key_id)?).ok()?;
        if wire.tok.iss != self.issuer || wire.tok.aud != AUDIENCE {
            return None;
        }
        let claims = wire.tok.parse(key_id).ok()?;
        let expires_at = Timestamp::from_second(wire.exp).ok()?;
        let longest = MAX_TTL + Duration::from_secs(*SESSION.end());
        if expires_at.duration_since(claims.issued_at) > SignedDuration::try_from(longest).ok()? {
            return None;
        }
        Some(EmbedSession {
            claims,
            origin: canonical_origin(&wire.site).filter(|site| !site.is_wildcard())?,
            expires_at,
        })
    }
}
