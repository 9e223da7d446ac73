//! Issues embed tokens.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};

use super::claims::{SESSION, TYP, Wire};
use super::registered::covers;
use super::{Error, KeyRing};
use crate::auth::jws::MAX_TOKEN;
use crate::domain::{ClientId, Clock, DashboardId, EmbedClaims, Entropy, LeaderId, Locks, Origin, TokenId};

/// The most sites that one token may name.
pub const MAX_ORIGINS: usize = 8;

/// The longest life of a token.
pub(super) const MAX_TTL: Duration = Duration::from_mins(5);

/// The subject of a token whose caller named none.
const ANONYMOUS: &str = "anonymous";

/// What a token shall say.
#[derive(Debug, Clone)]
pub struct IssueRequest {
    /// The public id of the caller.
    pub client_id: ClientId,
    /// The dashboard to open.
    pub dashboard: DashboardId,
    /// The sites that may frame it; empty means the registered ones.
    pub origins: Vec<Origin>,
    /// The viewer as the caller's pseudonym.
    pub subject: Option<String>,
    /// How long the token is of use, in whole seconds; None means the default.
    pub ttl: Option<Duration>,
    /// The leaders to show; empty means the dashboard's.
    pub leaders: Vec<LeaderId>,
    /// What the host page cannot change.
    pub locks: Locks,
    /// The longest session that the token opens, 60 to 600 seconds; None means the longest possible.
    pub max_session: Option<Duration>,
}

/// A fresh token.
#[derive(Debug)]
pub struct Issued {
    /// The token.
    pub token: SecretString,
    /// What it says.
    pub claims: EmbedClaims,
    /// How long it is of use from now on.
    pub life: Duration,
}

/// Issues embed tokens.
#[derive(Debug)]
pub struct Issuer {
    ring: Arc<KeyRing>,
    name: String,
    default_ttl: Duration,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl Issuer {
    /// Issues in the name of `name`.
    #[must_use]
    pub fn new(
        ring: Arc<KeyRing>,
        name: impl Into<String>,
        default_ttl: Duration,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        Self { ring, name: name.into(), default_ttl, clock, entropy }
    }

    /// Issues one token for sites among `registered`.
    ///
    /// # Errors
    /// [`Error::FieldInvalid`], [`Error::TtlTooLong`], [`Error::OriginNotRegistered`].
    pub fn issue(&self, request: IssueRequest, registered: &[Origin]) -> Result<Issued, Error> {
        let ttl = checked_ttl(request.ttl.unwrap_or(self.default_ttl))?;
        let origins = checked_origins(request.origins, registered)?;
        let subject = checked_subject(request.subject)?;
        let now = self.clock.now();
        let issued_at = whole_seconds(now);
        let claims = EmbedClaims {
            token_id: self.new_token_id(now),
            // It is known when the token is signed.
            key_id: String::new(),
            issuer: self.name.clone(),
            subject,
            client_id: request.client_id,
            dashboard_id: request.dashboard,
            origins,
            leaders: request.leaders,
            locks: request.locks,
            max_session: checked_session(request.max_session)?,
            issued_at,
            expires_at: issued_at + ttl,
        };
        self.sign(claims)
    }

    /// Makes a token again that was issued before, from its claims: its id and its time were kept, itself was not.
    ///
    /// # Errors
    /// [`Error::FieldInvalid`] when it does not fit any more.
    pub fn again(&self, claims: EmbedClaims, token_id: TokenId, issued_at: Timestamp) -> Result<Issued, Error> {
        let ttl = claims.expires_at.duration_since(claims.issued_at);
        self.sign(EmbedClaims { token_id, issued_at, expires_at: issued_at + ttl, ..claims })
    }

    fn sign(&self, claims: EmbedClaims) -> Result<Issued, Error> {
        let keys = self.ring.current();
        let (key_id, key) = keys.signing();
        let claims = EmbedClaims { key_id: key_id.to_owned(), ..claims };
        let token = key.sign(TYP, Some(key_id), &Wire::of(&claims));
        if token.expose_secret().len() > MAX_TOKEN {
            return Err(Error::FieldInvalid {
                field: "leader_ids",
                problem: "leaders and origins together do not fit into a token; name fewer",
            });
        }
        let left = claims.expires_at.duration_since(whole_seconds(self.clock.now()));
        Ok(Issued { token, claims, life: Duration::try_from(left).unwrap_or_default() })
    }

    /// The time in milliseconds, then 80 random bits, as in a [ULID](https://github.com/ulid/spec): tokens of one time lie side
    /// by side in the indexes of the database, so that a batch of them changes few pages.
    fn new_token_id(&self, now: Timestamp) -> TokenId {
        let mut bytes = [0; 16];
        let (time, random) = bytes.split_at_mut(6);
        time.copy_from_slice(&now.as_millisecond().to_be_bytes()[2..]);
        self.entropy.fill(random);
        TokenId(URL_SAFE_NO_PAD.encode(bytes))
    }
}

/// The page to frame, without a token, on the server that browsers reach at `public_url`.
#[must_use]
pub fn frame_url(public_url: &str, dashboard: &DashboardId) -> String {
    format!("{public_url}/embed/v1/dashboards/{dashboard}")
}

/// Reads the origins of a request.
///
/// # Errors
/// [`Error::OriginInvalid`] with the first rule broken.
pub fn parse_origins<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Result<Vec<Origin>, Error> {
    texts.into_iter().map(|text| Origin::parse(text.as_ref()).map_err(Error::from)).collect()
}

fn checked_origins(asked: Vec<Origin>, registered: &[Origin]) -> Result<Vec<Origin>, Error> {
    let invalid = |problem| Error::FieldInvalid { field: "allowed_origins", problem };
    if registered.is_empty() {
        return Err(invalid("no origin is registered; set EMBED_ALLOWED_ORIGINS"));
    }
    let asked = if asked.is_empty() { registered.to_vec() } else { asked };
    let mut origins = Vec::with_capacity(asked.len());
    for origin in asked {
        if !covers(registered, &origin) {
            return Err(Error::OriginNotRegistered { origin });
        }
        if !origins.contains(&origin) {
            origins.push(origin);
        }
    }
    if origins.len() > MAX_ORIGINS {
        return Err(invalid("a token names at most 8 origins; name the ones of this page"));
    }
    Ok(origins)
}

fn checked_ttl(asked: Duration) -> Result<SignedDuration, Error> {
    if asked > MAX_TTL {
        return Err(Error::TtlTooLong { asked, max: MAX_TTL });
    }
    if asked.as_secs() == 0 {
        return Err(Error::FieldInvalid { field: "ttl", problem: "a token lives at least 1 second" });
    }
    Ok(SignedDuration::from_secs(asked.as_secs().cast_signed()))
}

fn checked_session(asked: Option<Duration>) -> Result<Duration, Error> {
    let Some(asked) = asked else { return Ok(Duration::from_secs(*SESSION.end())) };
    if asked.subsec_nanos() > 0 || !SESSION.contains(&asked.as_secs()) {
        return Err(Error::FieldInvalid { field: "max_session", problem: "a session lasts 60 to 600 whole seconds" });
    }
    Ok(asked)
}

fn checked_subject(asked: Option<String>) -> Result<String, Error> {
    let Some(subject) = asked else { return Ok(ANONYMOUS.to_owned()) };
    if !(1..=128).contains(&subject.len()) || subject.chars().any(char::is_control) {
        return Err(Error::FieldInvalid {
            field: "user_id",
            problem: "must be 1 to 128 bytes long and hold no control characters",
        });
    }
    Ok(subject)
}

pub(super) fn whole_seconds(now: Timestamp) -> Timestamp {
    Timestamp::from_second(now.as_second()).expect("a part of a timestamp is a timestamp")
}
