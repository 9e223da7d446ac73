//! Shows what happened to tokens, and which keys sign them.

use super::EmbedTokens;
use crate::auth::require_role;
use crate::domain::{AuditAction, AuditEvent, ClientId, DashboardId, Principal, Role, TokenId};
use crate::store::AuditFilter;
use crate::usecase::{Error, page_token};

/// Which lines are wanted; what is None or empty matches everything.
#[derive(Debug, Clone, Default)]
pub struct AuditQuery {
    /// What happened.
    pub action: Option<AuditAction>,
    /// Which token.
    pub token_id: String,
    /// Which client.
    pub client_id: String,
    /// Which dashboard.
    pub dashboard_id: String,
}

/// A page of the audit, newest first.
#[derive(Debug, Clone)]
pub struct AuditPage {
    /// The lines.
    pub events: Vec<AuditEvent>,
    /// Where the next page starts; empty at the end.
    pub next: String,
}

impl EmbedTokens {
    /// The most lines on one page.
    pub const MAX_PAGE_SIZE: u32 = 100;
    /// Lines on a page when the caller does not say.
    pub const DEFAULT_PAGE_SIZE: u32 = 50;

    /// A page of the audit, newest first. Admins only.
    ///
    /// # Errors
    /// [`Error::Auth`], [`Error::Invalid`], [`Error::PageToken`], or when the store fails.
    pub async fn events(
        &self,
        caller: &Principal,
        query: AuditQuery,
        page_size: u32,
        token: &str,
    ) -> Result<AuditPage, Error> {
        require_role(caller, Role::Admin)?;
        let before = page_token::decode_text(token)?;
        let before: Option<i64> = before.map(|id| id.parse()).transpose().map_err(|_| Error::PageToken)?;
        let filter = query.filter()?;
        let size = page_size.clamp(1, Self::MAX_PAGE_SIZE);
        let lines = self.audit.events(&filter, before, size + 1).await?;
        let (lines, next) = page_token::cut(lines, size, |(id, _)| page_token::encode_text(&id.to_string()));
        Ok(AuditPage { events: lines.into_iter().map(|(_, event)| event).collect(), next })
    }

    /// The names of the keys of the ring, the signing one first. Admins only.
    ///
    /// # Errors
    /// [`Error::Disabled`], [`Error::Auth`].
    pub fn key_ids(&self, caller: &Principal) -> Result<Vec<String>, Error> {
        require_role(caller, Role::Admin)?;
        Ok(self.parts()?.ring.key_ids())
    }
}

impl AuditQuery {
    fn filter(self) -> Result<AuditFilter, Error> {
        let given = |text: String| Some(text).filter(|text| !text.is_empty());
        let rule = "dashboard_id must be 1 to 64 letters, digits, underscores or hyphens";
        let dashboard = |id: String| DashboardId::parse(&id).ok_or_else(|| Error::field("dashboard_id", rule));
        for (field, text) in [("token_id", &self.token_id), ("client_id", &self.client_id)] {
            if text.chars().any(char::is_control) {
                return Err(Error::field(field, format!("{field} must hold no control characters")));
            }
        }
        Ok(AuditFilter {
            action: self.action,
            token_id: given(self.token_id).map(TokenId),
            client_id: given(self.client_id).map(ClientId),
            dashboard_id: given(self.dashboard_id).map(dashboard).transpose()?,
        })
    }
}
