//! The claims as they stand in the token.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Error, MAX_ORIGINS};
use crate::domain::{ClientId, DashboardId, EmbedClaims, LeaderId, Locale, Locks, Origin, Theme, TokenCheck, TokenId};

pub(super) const TYP: &str = "amber-embed+jwt";
pub(super) const AUDIENCE: &str = "amber-embed";

/// The shortest and the longest session that a token may open, in seconds.
pub(super) const SESSION: std::ops::RangeInclusive<u64> = 60..=600;

/// The claims of a token: all of them are required and no other is allowed.
#[derive(Serialize, Deserialize)]
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
    prm: Parameters,
    mxs: u64,
    #[serde(flatten, skip_serializing)]
    others: Map<String, Value>,
}

/// The locks; one that this version does not know must not be passed over.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    #[serde(skip_serializing_if = "Option::is_none")]
    locale: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    theme: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    days: Option<u32>,
}

impl Parameters {
    fn of(locks: Locks) -> Self {
        Self {
            locale: locks.locale.map(|locale| locale.as_str().to_owned()),
            theme: locks.theme.map(|theme| theme.as_str().to_owned()),
            days: locks.days,
        }
    }

    fn read(&self) -> Option<Locks> {
        if self.days.is_some_and(|days| !Locks::DAYS.contains(&days)) {
            return None;
        }
        Some(Locks {
            locale: self.locale.as_ref().map(|name| Locale::exactly(name).ok_or(())).transpose().ok()?,
            theme: self.theme.as_ref().map(|name| Theme::parse(name).ok_or(())).transpose().ok()?,
            days: self.days,
        })
    }
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
            cid: claims.client_id.0.clone(),
            dsh: claims.dashboard_id.to_string(),
            org: claims.origins.iter().map(Origin::to_string).collect(),
            ldr: claims.leaders.iter().map(LeaderId::to_string).collect(),
            prm: Parameters::of(claims.locks),
            mxs: claims.max_session.as_secs(),
            others: Map::new(),
        }
    }

    fn is_well_formed(&self) -> bool {
        SESSION.contains(&self.mxs)
            && (1..=MAX_ORIGINS).contains(&self.org.len())
            && !self.sub.is_empty()
            && !self.cid.is_empty()
    }

    /// The first instant at which the token is of use, in seconds since 1970.
    pub(super) fn valid_from(&self) -> i64 {
        self.nbf.max(self.iat)
    }

    /// Reads every claim but issuer and audience, of which the caller judges.
    pub(super) fn parse(&self, key_id: &str) -> Result<EmbedClaims, Error> {
        self.read(key_id).ok_or(Error::TokenMalformed)
    }

    fn read(&self, key_id: &str) -> Option<EmbedClaims> {
        if !self.others.is_empty() && TokenCheck::Claims.is_made() {
            return None;
        }
        if !self.is_well_formed() && TokenCheck::Form.is_made() {
            return None;
        }
        Timestamp::from_second(self.nbf).ok()?;
        Some(EmbedClaims {
            token_id: token_id(&self.jti)?,
            key_id: key_id.to_owned(),
            issuer: self.iss.clone(),
            subject: self.sub.clone(),
            client_id: ClientId(self.cid.clone()),
            dashboard_id: DashboardId::parse(&self.dsh)?,
            origins: self.org.iter().map(|text| canonical_origin(text)).collect::<Option<_>>()?,
            leaders: self.ldr.iter().map(|text| text.parse().ok()).collect::<Option<_>>()?,
            locks: self.prm.read()?,
            max_session: Duration::from_secs(self.mxs),
            issued_at: Timestamp::from_second(self.iat).ok()?,
            expires_at: Timestamp::from_second(self.exp).ok()?,
        })
    }
}

fn token_id(text: &str) -> Option<TokenId> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    (bytes.len() == 16).then(|| TokenId(text.to_owned()))
}

pub(super) fn canonical_origin(text: &str) -> Option<Origin> {
    Origin::parse(text).ok().filter(|origin| origin.as_str() == text)
}
