//! Issues tokens.

use std::time::Duration;

use jiff::SignedDuration;
use ring::digest::{SHA256, digest};
use serde_json::json;
use tokio::time::timeout;

use super::{EmbedParts, EmbedTokens};
use crate::auth::{self, require_scope};
use crate::domain::{AuditAction, ClientId, LeaderId, Locale, Locks, Network, Origin, Principal, Scope, Theme};
use crate::embed::{self, IssueRequest, Issued, frame_url, parse_origins};
use crate::store::{self, Remembered};
use crate::usecase::Error;
use crate::usecase::dashboards::dashboard_id;

/// What a caller asks for.
#[derive(Debug, Clone, Default)]
pub struct IssueToken {
    /// The dashboard to open.
    pub dashboard_id: String,
    /// The sites that may frame it; empty means all registered ones.
    pub origins: Vec<String>,
    /// The viewer, as the caller's pseudonym.
    pub user_id: Option<String>,
    /// How long the token is of use.
    pub ttl: Option<Duration>,
    /// The leaders to show; empty means the dashboard's.
    pub leader_ids: Vec<String>,
    /// What the host page cannot change.
    pub locked: AskedLocks,
    /// The longest session that the token opens.
    pub max_session: Option<Duration>,
    /// The caller's id of the call, which makes it safe to repeat; empty means a new token.
    pub request_id: String,
}

/// What the host page shall not change, as a caller writes it. What is empty or zero is left open.
#[derive(Debug, Clone, Default)]
pub struct AskedLocks {
    /// The language, `en` or `hi`.
    pub locale: String,
    /// The look, `auto`, `light` or `dark`.
    pub theme: String,
    /// How many UTC days, 1 to 90.
    pub days: i64,
}

/// A token and where to use it.
#[derive(Debug)]
pub struct IssuedToken {
    /// The token.
    pub issued: Issued,
    /// The page to frame, without the token.
    pub embed_url: String,
}

/// How long a named call can be repeated.
const REMEMBERED_FOR: SignedDuration = SignedDuration::from_secs(60);
/// How long a caller waits for the database. A token is worth little when it comes late, and its caller can ask again.
const PATIENCE: Duration = Duration::from_secs(3);
/// The longest name of a call, in characters.
const MAX_REQUEST_ID: usize = 64;

impl EmbedTokens {
    /// Issues a token, and answers when that is written down in the audit. For admins and API keys with the scope.
    ///
    /// # Errors
    /// [`Error::Disabled`], [`Error::Auth`], [`Error::Invalid`], [`Error::Embed`], or when the store fails.
    pub async fn issue(
        &self,
        caller: &Principal,
        request: IssueToken,
        network: Option<Network>,
    ) -> Result<IssuedToken, Error> {
        let work = timeout(PATIENCE, self.try_issue(caller, request, network));
        let outcome = work.await.unwrap_or_else(|late| Err(unavailable(late)));
        match &outcome {
            Ok(_) => self.metrics.token_issued(),
            Err(Error::Auth(auth::Error::CredentialMissing)) => self.metrics.token_denied(),
            Err(Error::Auth(error)) => self.metrics.token_refused(error.reason()),
            Err(Error::Embed(error)) => self.metrics.token_refused(error.reason()),
            Err(Error::Disabled(_)) => self.metrics.token_refused("FEATURE_DISABLED"),
            Err(Error::Store(_)) => self.metrics.token_refused("DATABASE_UNAVAILABLE"),
            Err(_) => self.metrics.token_refused("FIELD_INVALID"),
        }
        outcome
    }

    async fn try_issue(
        &self,
        caller: &Principal,
        request: IssueToken,
        network: Option<Network>,
    ) -> Result<IssuedToken, Error> {
        let parts = self.parts()?;
        require_scope(caller, Scope::EmbedIssue)?;
        let client_id = ClientId::of(caller).ok_or(auth::Error::CredentialMissing)?;
        let (asked, name) = read(client_id, request)?;
        let embed_url = frame_url(&self.public_url, &asked.dashboard);
        let registered = parts.registry.origins(&asked.client_id).await?.ok_or(auth::Error::CredentialInvalid)?;
        if parts.graves.hold(&asked.dashboard).await? {
            return Err(embed::Error::DashboardNotFound.into());
        }
        let issued = match name {
            None => parts.issuer.issue(asked, &registered)?,
            Some(name) => self.issue_named(parts, asked, &registered, &name).await?,
        };
        let event = embed::event(self.clock.now(), AuditAction::Issued, &issued.claims, None, network);
        parts.audit.record(event).await.map_err(unavailable)?;
        Ok(IssuedToken { issued, embed_url })
    }

    /// The token of a call with a name: the first call makes it, and its repetitions make it again from its id and its time.
    async fn issue_named(
        &self,
        parts: &EmbedParts,
        asked: IssueRequest,
        registered: &[Origin],
        name: &str,
    ) -> Result<Issued, Error> {
        let fingerprint = fingerprint(&asked);
        let fresh = parts.issuer.issue(asked, registered)?;
        let (token_id, issued_at) = (fresh.claims.token_id.clone(), fresh.claims.issued_at);
        let call = Remembered { fingerprint: fingerprint.clone(), token_id, issued_at };
        let client_id = &fresh.claims.client_id;
        let first = parts.requests.remember(client_id, name, call, issued_at + REMEMBERED_FOR).await?;
        if first.fingerprint != fingerprint {
            let rule = "request_id was used for another request; use a new one for every request";
            return Err(Error::field("request_id", rule));
        }
        if first.token_id == fresh.claims.token_id {
            return Ok(fresh);
        }
        Ok(parts.issuer.again(fresh.claims, first.token_id, first.issued_at)?)
    }
}

fn read(client_id: ClientId, request: IssueToken) -> Result<(IssueRequest, Option<String>), Error> {
    let dashboard = dashboard_id(&request.dashboard_id)?;
    let asked = IssueRequest {
        client_id,
        dashboard,
        origins: parse_origins(&request.origins)?,
        subject: request.user_id.filter(|id| !id.is_empty()),
        ttl: request.ttl,
        leaders: request.leader_ids.iter().map(|id| leader(id)).collect::<Result<_, _>>()?,
        locks: locks(&request.locked)?,
        max_session: request.max_session,
    };
    let name = request.request_id;
    if name.chars().count() > MAX_REQUEST_ID || name.chars().any(char::is_control) {
        return Err(Error::field(
            "request_id",
            "request_id must be at most 64 characters, none of them a control character",
        ));
    }
    Ok((asked, Some(name).filter(|name| !name.is_empty())))
}

fn leader(id: &str) -> Result<LeaderId, Error> {
    id.parse().map_err(|_| Error::field("leader_ids", "every id in leader_ids must be the UUID of a leader"))
}

fn locks(asked: &AskedLocks) -> Result<Locks, Error> {
    let AskedLocks { locale, theme, days } = asked;
    let given = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    let wrong = |field: &str, rule: &str| Error::field(field, format!("{field} must be {rule}"));
    let locale = given(locale).map(|tag| Locale::exactly(&tag).ok_or_else(|| wrong("locked.locale", "en or hi")));
    let theme =
        given(theme).map(|name| Theme::parse(&name).ok_or_else(|| wrong("locked.theme", "auto, light or dark")));
    let days = match u32::try_from(*days) {
        Ok(0) => None,
        Ok(days) if Locks::DAYS.contains(&days) => Some(days),
        _ => return Err(wrong("locked.days", "between 1 and 90")),
    };
    Ok(Locks { locale: locale.transpose()?, theme: theme.transpose()?, days })
}

/// A digest of everything that is asked for, the same on every replica and in every release.
fn fingerprint(asked: &IssueRequest) -> Vec<u8> {
    let IssueRequest { client_id: _, dashboard, origins, subject, ttl, leaders, locks, max_session } = asked;
    let origins: Vec<_> = origins.iter().map(Origin::as_str).collect();
    let leaders: Vec<_> = leaders.iter().map(ToString::to_string).collect();
    let locked = (locks.locale.map(Locale::as_str), locks.theme.map(Theme::as_str), locks.days);
    let parts = json!([dashboard.as_str(), origins, subject, ttl, leaders, locked, max_session]);
    digest(&SHA256, parts.to_string().as_bytes()).as_ref().to_vec()
}

fn unavailable(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Store(store::Error::Unavailable { source: Box::new(error) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locks_are_read_strictly_and_nothing_is_left_open() {
        let asked =
            |locale: &str, theme: &str, days| locks(&AskedLocks { locale: locale.into(), theme: theme.into(), days });
        assert_eq!(asked("", "", 0).unwrap(), Locks::default());
        let all = Locks { locale: Some(Locale::Hi), theme: Some(Theme::Dark), days: Some(90) };
        assert_eq!(asked("hi", "dark", 90).unwrap(), all);
        for (locale, theme, days, field) in [
            ("hi-IN", "", 0, "locked.locale"),
            ("fr", "", 0, "locked.locale"),
            ("", "pink", 0, "locked.theme"),
            ("", "", 91, "locked.days"),
            ("", "", -1, "locked.days"),
        ] {
            let refused = asked(locale, theme, days);
            assert!(matches!(refused, Err(Error::Invalid(bad)) if bad[0].field == field), "{field}");
        }
    }

    #[test]
    fn a_fingerprint_tells_every_field() {
        let client = || ClientId("key:web".into());
        let of = |request: IssueToken| {
            let dashboard_id =
                if request.dashboard_id.is_empty() { "main".into() } else { request.dashboard_id.clone() };
            fingerprint(&read(client(), IssueToken { dashboard_id, ..request }).unwrap().0)
        };
        let text = |text: &str| text.to_owned();
        let variants = [
            IssueToken::default(),
            IssueToken { dashboard_id: text("other"), ..IssueToken::default() },
            IssueToken { origins: vec![text("https://a.example")], ..IssueToken::default() },
            IssueToken { user_id: Some(text("viewer")), ..IssueToken::default() },
            IssueToken { ttl: Some(Duration::from_secs(30)), ..IssueToken::default() },
            IssueToken { leader_ids: vec![text("00000000-0000-0000-0000-000000000001")], ..IssueToken::default() },
            IssueToken { locked: AskedLocks { days: 7, ..AskedLocks::default() }, ..IssueToken::default() },
            IssueToken { max_session: Some(Duration::from_secs(90)), ..IssueToken::default() },
        ];
        let prints: std::collections::HashSet<_> = variants.iter().cloned().map(of).collect();
        assert_eq!(prints.len(), variants.len());
        let named = IssueToken { request_id: text("call-1"), ..IssueToken::default() };
        assert_eq!(of(named), of(IssueToken::default()), "the name is no part of what is asked for");
    }
}
