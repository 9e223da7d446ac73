//! Compact JWS with HS256 and nothing else ([RFC 7515](https://www.rfc-editor.org/rfc/rfc7515), RFC 8725): what is unusual is refused.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, crypto};
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use thiserror::Error;

use super::install_crypto;
use crate::domain::TokenCheck;

/// Longer texts are refused before they are looked at, in bytes.
pub const MAX_TOKEN: usize = 2_048;

/// Longer headers are refused, in bytes after decoding.
const MAX_HEADER: usize = 256;

/// Why a text is no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Error {
    /// Not of the one form that Amber signs.
    #[error("the token is malformed")]
    Malformed,
    /// Of that form, but not signed with this key.
    #[error("the signature of the token is wrong")]
    Signature,
}

/// A secret for signing and checking; wiped from memory when it is dropped.
#[derive(Clone)]
pub struct MacKey {
    signing: EncodingKey,
    checking: DecodingKey,
}

impl MacKey {
    /// The shortest secret: as long as the MAC (RFC 7518, section 3.2), in bytes.
    pub const MIN_BYTES: usize = 32;

    /// Takes a secret over; None when it is shorter than [`Self::MIN_BYTES`].
    #[must_use]
    pub fn new(secret: &[u8]) -> Option<Self> {
        install_crypto();
        let (signing, checking) = (EncodingKey::from_secret(secret), DecodingKey::from_secret(secret));
        (secret.len() >= Self::MIN_BYTES).then_some(Self { signing, checking })
    }

    /// Signs `claims` as a token of the kind `typ`.
    ///
    /// # Panics
    /// When `claims` is no JSON value; a struct of texts, numbers and lists always is one.
    #[must_use]
    pub fn sign<T: Serialize>(&self, typ: &str, key_id: Option<&str>, claims: &T) -> SecretString {
        let mut header = Header::new(Algorithm::HS256);
        header.typ = Some(typ.to_owned());
        header.kid = key_id.map(str::to_owned);
        jsonwebtoken::encode(&header, claims, &self.signing)
            .expect("claims are plain JSON and the key is for HS256")
            .into()
    }
}

impl fmt::Debug for MacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MacKey([REDACTED])")
    }
}

#[derive(Deserialize)]
struct Head {
    alg: String,
    typ: Option<String>,
    kid: Option<String>,
    /// Keys of which Amber never signs any: `crit`, `jwk`, `jku`, `x5u` and whatever else.
    #[serde(flatten)]
    others: Map<String, Value>,
}

/// A token whose form is right and whose signature is not checked yet.
pub struct Jws<'a> {
    head: Head,
    signed: &'a str,
    payload: &'a str,
    signature: &'a str,
}

impl<'a> Jws<'a> {
    /// Reads the form: length, three parts, and a header of `alg` (HS256), `typ` and `kid` alone.
    ///
    /// # Errors
    /// [`Error::Malformed`] for everything else.
    pub fn read(token: &'a str) -> Result<Self, Error> {
        Self::read_within(MAX_TOKEN, token)
    }

    /// As [`Self::read`], for a text of at most `longest` bytes.
    ///
    /// # Errors
    /// [`Error::Malformed`] for everything else.
    pub fn read_within(longest: usize, token: &'a str) -> Result<Self, Error> {
        if token.len() > longest && TokenCheck::Length.is_made() {
            return Err(Error::Malformed);
        }
        let mut parts = token.split('.');
        let (Some(header), Some(payload), Some(signature)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(Error::Malformed);
        };
        let is_whole = [header, payload, signature].iter().all(|part| !part.is_empty()) && parts.next().is_none();
        if !is_whole && TokenCheck::Parts.is_made() {
            return Err(Error::Malformed);
        }
        let signed = &token[..header.len() + 1 + payload.len()];
        let header = decode(header)?;
        if header.len() > MAX_HEADER && TokenCheck::Header.is_made() {
            return Err(Error::Malformed);
        }
        let head: Head = object(&header)?;
        if !head.others.is_empty() && TokenCheck::Header.is_made() {
            return Err(Error::Malformed);
        }
        if head.alg != "HS256" && TokenCheck::Algorithm.is_made() {
            return Err(Error::Malformed);
        }
        Ok(Self { head, signed, payload, signature })
    }

    /// The kind of token that it says to be.
    #[must_use]
    pub fn typ(&self) -> Option<&str> {
        self.head.typ.as_deref()
    }

    /// The name of the key that it says to be signed with.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.head.kid.as_deref()
    }

    /// Checks the signature, and only then reads the bytes that it covers.
    ///
    /// # Errors
    /// [`Error::Signature`]; [`Error::Malformed`] when signed bytes are no base64url.
    pub fn payload(&self, key: &MacKey) -> Result<Vec<u8>, Error> {
        let right = crypto::verify(self.signature, self.signed.as_bytes(), &key.checking, Algorithm::HS256);
        match right {
            Ok(false) | Err(_) if TokenCheck::Mac.is_made() => Err(Error::Signature),
            Ok(_) | Err(_) => decode(self.payload),
        }
    }

    /// Checks the signature and reads the claims.
    ///
    /// # Errors
    /// [`Error::Signature`]; [`Error::Malformed`] when the claims are not those of `T`.
    pub fn claims<T: DeserializeOwned>(&self, key: &MacKey) -> Result<T, Error> {
        object(&self.payload(key)?)
    }
}

fn decode(part: &str) -> Result<Vec<u8>, Error> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| Error::Malformed)
}

/// Reads a JSON object; serde alone would also take an array for a struct.
fn object<T: DeserializeOwned>(json: &[u8]) -> Result<T, Error> {
    if !json.trim_ascii_start().starts_with(b"{") {
        return Err(Error::Malformed);
    }
    serde_json::from_slice(json).map_err(|_| Error::Malformed)
}

#[cfg(test)]
mod tests;
