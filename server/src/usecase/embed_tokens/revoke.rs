//! Revokes tokens with the sessions that they opened.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;

use super::EmbedTokens;
use crate::auth::{self, require_scope};
use crate::domain::{
    AuditAction, AuditEvent, ClientId, DashboardId, Network, Principal, Role, Scope, Selector, TokenId,
};
use crate::store::AuditFilter;
use crate::usecase::Error;

/// What a caller wants to revoke: exactly one of these.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Revocation {
    /// One token.
    pub token_id: Option<String>,
    /// The tokens of one viewer.
    pub subject: Option<String>,
    /// The tokens of one dashboard.
    pub dashboard_id: Option<String>,
    /// The tokens that one client had issued.
    pub client_id: Option<String>,
    /// The tokens that one key signed.
    pub key_id: Option<String>,
    /// All tokens; only true is accepted.
    pub all: Option<bool>,
}

/// The longest name of a client or a viewer, in bytes.
const MAX_NAME: usize = 256;

impl EmbedTokens {
    /// Revokes every token that was issued until now and that is meant, with its session, and answers that moment. Admins revoke
    /// what they want. An API key with the scope revokes tokens that it issued itself: one by its id, those of one of its viewers,
    /// or all; the tokens of another client for a viewer of the same name stay.
    ///
    /// # Errors
    /// [`Error::Disabled`], [`Error::Auth`], [`Error::Invalid`], or when the store fails.
    pub async fn revoke(
        &self,
        caller: &Principal,
        asked: &Revocation,
        network: Option<Network>,
    ) -> Result<Timestamp, Error> {
        let parts = self.parts()?;
        require_scope(caller, Scope::EmbedRevoke)?;
        let client_id = ClientId::of(caller).ok_or(auth::Error::CredentialMissing)?;
        let mut selector = asked.selector()?;
        if !caller.has_role(Role::Admin) {
            selector = self.narrowed(selector, &client_id).await?;
        }
        let now = self.clock.now();
        let event = AuditEvent {
            at: now,
            action: AuditAction::Revoked,
            token_id: if let Selector::Token(id) = &selector { Some(id.clone()) } else { None },
            client_id: Some(client_id),
            subject: None,
            dashboard_id: if let Selector::Dashboard(id) = &selector { Some(id.clone()) } else { None },
            origin: None,
            reason: None,
            network: network.map(|network| network.to_string()),
            detail: Some(selector.to_string()),
        };
        parts.tokens.revoke(&selector, now, &event).await?;
        self.metrics.tokens_revoked(selector.kind());
        tracing::warn!(%selector, "Embed tokens were revoked: {selector}.");
        Ok(now)
    }

    /// What a client may revoke of what it asks for: its own.
    async fn narrowed(&self, selector: Selector, own: &ClientId) -> Result<Selector, Error> {
        let is_own = match &selector {
            Selector::Subject(subject) => {
                return Ok(Selector::Viewer { client: own.clone(), subject: subject.clone() });
            }
            Selector::Client(client) => client == own,
            Selector::Token(id) => self.has_issued(own, id).await?,
            Selector::Dashboard(_) | Selector::Viewer { .. } | Selector::Key(_) | Selector::All => false,
        };
        if is_own { Ok(selector) } else { Err(auth::Error::RoleMissing { needed: Role::Admin }.into()) }
    }

    /// The audit knows, because no token leaves before its line is written.
    async fn has_issued(&self, client: &ClientId, id: &TokenId) -> Result<bool, Error> {
        let filter = AuditFilter {
            action: Some(AuditAction::Issued),
            token_id: Some(id.clone()),
            client_id: Some(client.clone()),
            dashboard_id: None,
        };
        Ok(!self.audit.events(&filter, None, 1).await?.is_empty())
    }
}

impl Revocation {
    fn selector(&self) -> Result<Selector, Error> {
        let Self { token_id, subject, dashboard_id, client_id, key_id, all } = self;
        let given = [token_id, subject, dashboard_id, client_id, key_id];
        let count = given.iter().filter(|field| field.is_some()).count() + usize::from(all.is_some());
        if count != 1 {
            let rule = "name exactly one of token_id, subject, dashboard_id, client_id, key_id and all";
            return Err(Error::field("selector", rule));
        }
        if let Some(id) = token_id {
            let is_id = URL_SAFE_NO_PAD.decode(id).is_ok_and(|bytes| bytes.len() == 16);
            return checked(
                is_id,
                "token_id",
                "the id of a token, 22 characters",
                Selector::Token(TokenId(id.clone())),
            );
        }
        if let Some(subject) = subject {
            return checked(is_name(subject), "subject", "a viewer's pseudonym", Selector::Subject(subject.clone()));
        }
        if let Some(id) = dashboard_id {
            let rule = "dashboard_id must be 1 to 64 letters, digits, underscores or hyphens";
            let id = DashboardId::parse(id).ok_or_else(|| Error::field("dashboard_id", rule))?;
            return Ok(Selector::Dashboard(id));
        }
        if let Some(id) = client_id {
            let selector = Selector::Client(ClientId(id.clone()));
            return checked(is_name(id), "client_id", "the id of a client, as key:web or user:asha", selector);
        }
        if let Some(id) = key_id {
            return checked(is_name(id), "key_id", "the id of a signing key", Selector::Key(id.clone()));
        }
        checked(*all == Some(true), "all", "true", Selector::All)
    }
}

fn checked(is_right: bool, field: &str, rule: &str, selector: Selector) -> Result<Selector, Error> {
    if is_right { Ok(selector) } else { Err(Error::field(field, format!("{field} must be {rule}"))) }
}

fn is_name(text: &str) -> bool {
    (1..=MAX_NAME).contains(&text.len()) && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_one_selector_is_read() {
        let id = "AAAAAAAAAAAAAAAAAAAAAA";
        let none = Revocation::default;
        for (asked, selector) in [
            (Revocation { token_id: Some(id.into()), ..none() }, "token:AAAAAAAAAAAAAAAAAAAAAA"),
            (Revocation { subject: Some("viewer 1".into()), ..none() }, "subject:viewer 1"),
            (Revocation { dashboard_id: Some("main".into()), ..none() }, "dashboard:main"),
            (Revocation { client_id: Some("key:web".into()), ..none() }, "client:key:web"),
            (Revocation { key_id: Some("k1".into()), ..none() }, "key:k1"),
            (Revocation { all: Some(true), ..none() }, "all:"),
        ] {
            assert_eq!(asked.selector().unwrap().to_string(), selector);
        }
    }

    #[test]
    fn every_other_selector_is_refused_by_its_name() {
        let none = Revocation::default;
        for (asked, field) in [
            (none(), "selector"),
            (Revocation { subject: Some("a".into()), all: Some(true), ..none() }, "selector"),
            (Revocation { token_id: Some("short".into()), ..none() }, "token_id"),
            (Revocation { subject: Some(String::new()), ..none() }, "subject"),
            (Revocation { subject: Some("a\0b".into()), ..none() }, "subject"),
            (Revocation { dashboard_id: Some("../x".into()), ..none() }, "dashboard_id"),
            (Revocation { client_id: Some("x".repeat(257)), ..none() }, "client_id"),
            (Revocation { key_id: Some(String::new()), ..none() }, "key_id"),
            (Revocation { all: Some(false), ..none() }, "all"),
        ] {
            let refused = asked.selector();
            assert!(matches!(&refused, Err(Error::Invalid(bad)) if bad[0].field == field), "{field}: {refused:?}");
        }
    }
}
