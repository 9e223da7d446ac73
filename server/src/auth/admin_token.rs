//! Admin tokens: HS256 JWTs that name a person and a role.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::Error;
use super::jws::{Jws, MacKey};
use crate::domain::{Clock, Entropy, Principal, Role};

const TYP: &str = "amber-admin+jwt";
const ISSUER: &str = "amber";
const AUDIENCE: &str = "amber-admin";

/// How far another server's clock may be ahead of ours, in seconds.
const LEEWAY: i64 = 2;

/// Issues and checks admin tokens.
#[derive(Debug)]
pub struct AdminTokens {
    key: MacKey,
    ttl: Duration,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

/// A fresh admin token.
#[derive(Debug)]
pub struct IssuedAdminToken {
    /// The token.
    pub token: SecretString,
    /// How long it is of use, in whole seconds.
    pub expires_in: Duration,
    /// From when on it is of no use.
    pub expires_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    jti: String,
    iat: i64,
    nbf: i64,
    exp: i64,
    role: String,
}

impl AdminTokens {
    /// Tokens signed with `secret`, of use for `ttl`.
    ///
    /// # Errors
    /// [`Error::SecretTooShort`].
    pub fn new(
        secret: &SecretString,
        ttl: Duration,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, Error> {
        let key = MacKey::new(secret.expose_secret().as_bytes()).ok_or(Error::SecretTooShort)?;
        Ok(Self { key, ttl, clock, entropy })
    }

    /// The longest life of a token.
    #[must_use]
    pub fn ttl(&self) -> Duration {
        self.ttl
    }

    /// Issues a token for a person, of use for `lifetime`, which is cut to [`Self::ttl`] and whole seconds.
    ///
    /// # Errors
    /// [`Error::AdminIdInvalid`].
    pub fn issue(&self, admin_id: &str, role: Role, lifetime: Duration) -> Result<IssuedAdminToken, Error> {
        if !is_admin_id(admin_id) {
            return Err(Error::AdminIdInvalid);
        }
        let now = self.clock.now().as_second();
        let ttl = lifetime.min(self.ttl).as_secs();
        let exp = now.saturating_add_unsigned(ttl);
        let mut id = [0; 16];
        self.entropy.fill(&mut id);
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: admin_id.to_owned(),
            jti: URL_SAFE_NO_PAD.encode(id),
            iat: now,
            nbf: now,
            exp,
            role: role.as_str().to_owned(),
        };
        Ok(IssuedAdminToken {
            token: self.key.sign(TYP, None, &claims),
            expires_in: Duration::from_secs(ttl),
            expires_at: Timestamp::from_second(exp).unwrap_or(Timestamp::MAX),
        })
    }

    /// Reads a token; everything that [`Self::issue`] would not write is refused.
    ///
    /// # Errors
    /// [`Error::CredentialInvalid`], or [`Error::CredentialExpired`] for a token that was right once.
    pub fn verify(&self, token: &str) -> Result<Principal, Error> {
        let jws = Jws::read(token).map_err(|_| Error::CredentialInvalid)?;
        if jws.typ() != Some(TYP) || jws.key_id().is_some() {
            return Err(Error::CredentialInvalid);
        }
        let claims: Claims = jws.claims(&self.key).map_err(|_| Error::CredentialInvalid)?;
        if claims.iss != ISSUER || claims.aud != AUDIENCE || !is_admin_id(&claims.sub) {
            return Err(Error::CredentialInvalid);
        }
        let role = Role::parse(&claims.role).ok_or(Error::CredentialInvalid)?;
        self.check_times(&claims)?;
        let expires_at = Timestamp::from_second(claims.exp).ok();
        Ok(Principal::User { id: claims.sub, role, expires_at })
    }

    fn check_times(&self, claims: &Claims) -> Result<(), Error> {
        let now = self.clock.now().as_second();
        let lifetime = claims.exp.checked_sub(claims.iat).and_then(|seconds| u64::try_from(seconds).ok());
        if !lifetime.is_some_and(|seconds| (1..=self.ttl.as_secs()).contains(&seconds)) {
            return Err(Error::CredentialInvalid);
        }
        if now >= claims.exp {
            return Err(Error::CredentialExpired);
        }
        if claims.iat.max(claims.nbf) > now + LEEWAY {
            return Err(Error::CredentialInvalid);
        }
        Ok(())
    }
}

fn is_admin_id(text: &str) -> bool {
    (1..=128).contains(&text.len()) && !text.chars().any(char::is_control)
}
