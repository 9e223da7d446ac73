//! The claims as they stand in the token.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Error, MAX_ORIGINS};
use crate::domain::{DashboardId, EmbedClaims, LeaderId, Origin, TokenId};

pub(super) const TYP: &str = "amber-embed+jwt";
pub(super) const AUDIENCE: &str = "amber-embed";

/// The longest session that a token may open, in seconds.
const MAX_SESSION: u32 = 600;

/// The claims of a token: all of them are required and no other is allowed.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wire {
    pub(super) iss: String,
    pub(super) aud: String,
    sub: String,
    jti: String,
    iat: i64,
    nbf: i64,
    exp: i64,
    cid: String,
    dsh: String,
    org: Vec<String>,
    ldr: Vec<String>,
    prm: BTreeMap<String, Value>,
    mxs: u32,
}

impl Wire {
    pub(super) fn of(claims: &EmbedClaims) -> Self {
        let issued_at = claims.issued_at.as_second();
        Self {
            iss: claims.issuer.clone(),
            aud: AUDIENCE.to_owned(),
            sub: claims.subject.clone(),
            jti: claims.token_id.0.clone(),
            iat: issued_at,
            nbf: issued_at,
            exp: claims.expires_at.as_second(),
            cid: claims.client_id.clone(),
            dsh: claims.dashboard_id.to_string(),
            org: claims.origins.iter().map(Origin::to_string).collect(),
            ldr: claims.leaders.iter().map(LeaderId::to_string).collect(),
            prm: BTreeMap::new(),
            mxs: MAX_SESSION,
        }
    }

    /// The first instant at which the token is of use, in seconds since 1970.
    pub(super) fn valid_from(&self) -> i64 {
        self.nbf.max(self.iat)
    }

    /// Reads every claim but issuer and audience, of which the caller judges.
    pub(super) fn parse(&self) -> Result<EmbedClaims, Error> {
        self.read().ok_or(Error::TokenMalformed)
    }

    fn read(&self) -> Option<EmbedClaims> {
        // Locks that this version does not know must not be passed over.
        if !self.prm.is_empty() || !(1..=MAX_SESSION).contains(&self.mxs) {
            return None;
        }
        if !(1..=MAX_ORIGINS).contains(&self.org.len()) || self.sub.is_empty() || self.cid.is_empty() {
            return None;
        }
        Timestamp::from_second(self.nbf).ok()?;
        Some(EmbedClaims {
            token_id: token_id(&self.jti)?,
            issuer: self.iss.clone(),
            subject: self.sub.clone(),
            client_id: self.cid.clone(),
            dashboard_id: DashboardId::parse(&self.dsh)?,
            origins: self.org.iter().map(|text| canonical_origin(text)).collect::<Option<_>>()?,
            leaders: self.ldr.iter().map(|text| text.parse().ok()).collect::<Option<_>>()?,
            issued_at: Timestamp::from_second(self.iat).ok()?,
            expires_at: Timestamp::from_second(self.exp).ok()?,
        })
    }
}

fn token_id(text: &str) -> Option<TokenId> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    (bytes.len() == 16).then(|| TokenId(text.to_owned()))
}

fn canonical_origin(text: &str) -> Option<Origin> {
    Origin::parse(text).ok().filter(|origin| origin.as_str() == text)
}
