//! The API keys: make, list, revoke.

use std::sync::Arc;

use super::error::Missing;
use super::{Error, page_token};
use crate::auth::{Clients, IssuedKey, NewClient, require_role};
use crate::domain::{ApiClient, ApiKeyId, Origin, Principal, Role, Scope, Violation};
use crate::store::ClientCursor;

/// The most characters of a name.
const MAX_NAME: usize = 100;
/// The most sites of one key.
const MAX_ORIGINS: usize = 50;

/// What a caller asks for.
#[derive(Debug, Clone, Default)]
pub struct AskedKey {
    /// Whose the key shall be.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// The sites for which it may issue embed tokens.
    pub origins: Vec<String>,
}

/// A page of clients, newest first.
#[derive(Debug, Clone)]
pub struct ApiKeyPage {
    /// The clients.
    pub clients: Vec<ApiClient>,
    /// Where the next page starts; empty at the end.
    pub next: String,
}

/// The API keys.
pub struct ApiKeys {
    clients: Arc<Clients>,
}

impl ApiKeys {
    /// The most keys on one page.
    pub const MAX_PAGE_SIZE: u32 = 100;
    /// Keys on a page when the caller does not say.
    pub const DEFAULT_PAGE_SIZE: u32 = 50;

    /// Works on these.
    #[must_use]
    pub fn new(clients: Arc<Clients>) -> Self {
        Self { clients }
    }

    /// Makes a key. Admins only.
    ///
    /// # Errors
    /// [`Error::Auth`], [`Error::Invalid`] with every mistake, [`Error::OriginInvalid`], or when the store fails.
    pub async fn create(&self, caller: &Principal, asked: AskedKey) -> Result<IssuedKey, Error> {
        require_role(caller, Role::Admin)?;
        let violations = violations(&asked);
        if !violations.is_empty() {
            return Err(Error::Invalid(violations));
        }
        let mut origins = Vec::new();
        for text in asked.origins {
            let origin = match Origin::parse(&text) {
                Ok(origin) => origin,
                Err(problem) => return Err(Error::OriginInvalid { field: "origins", text, problem }),
            };
            if !origins.contains(&origin) {
                origins.push(origin);
            }
        }
        let scopes = Scope::ALL.into_iter().filter(|scope| asked.scopes.contains(scope)).collect();
        let issued = self.clients.create(NewClient { name: asked.name, scopes, origins }).await?;
        tracing::info!(key = %issued.client.id, name = issued.client.name, "The API key {} was made.", issued.client.id);
        Ok(issued)
    }

    /// A page of keys, newest first, revoked ones included. Admins only.
    ///
    /// # Errors
    /// [`Error::Auth`], [`Error::PageToken`], or when the store fails.
    pub async fn list(&self, caller: &Principal, page_size: u32, token: &str) -> Result<ApiKeyPage, Error> {
        require_role(caller, Role::Admin)?;
        let after = page_token::decode_named(token, key_id)?;
        let after = after.map(|(created_at, id)| ClientCursor { created_at, id });
        let size = page_size.clamp(1, Self::MAX_PAGE_SIZE);
        let clients = self.clients.list(after.as_ref(), size + 1).await?;
        let place = |last: &ApiClient| page_token::encode_named(last.created_at, &last.id.0);
        let (clients, next) = page_token::cut(clients, size, place);
        Ok(ApiKeyPage { clients, next })
    }

    /// Revokes a key; one that is revoked already stays as it is. Admins only.
    ///
    /// # Errors
    /// [`Error::Auth`], [`Error::Invalid`], [`Error::NotFound`], or when the store fails.
    pub async fn revoke(&self, caller: &Principal, id: &str) -> Result<ApiClient, Error> {
        require_role(caller, Role::Admin)?;
        if id.is_empty() {
            return Err(Error::field("api_key_id", "the id of a key is required; ListApiKeys shows it"));
        }
        let id = key_id(id).ok_or(Error::NotFound(Missing::ApiKey))?;
        let revoked = self.clients.revoke(&id).await?;
        let client = revoked.ok_or(Error::NotFound(Missing::ApiKey))?;
        tracing::info!(key = %client.id, name = client.name, "The API key {} is revoked.", client.id);
        Ok(client)
    }
}

fn violations(asked: &AskedKey) -> Vec<Violation> {
    let AskedKey { name, scopes, origins } = asked;
    let mut found = Vec::new();
    let is_fit = |c: char| !c.is_control();
    if name.trim().is_empty() || name.chars().count() > MAX_NAME || !name.chars().all(is_fit) {
        let rule = format!("name must be 1 to {MAX_NAME} characters long and hold no control characters");
        found.push(Violation::new("name", rule));
    }
    if scopes.is_empty() {
        let known: Vec<_> = Scope::ALL.iter().map(|scope| scope.as_str()).collect();
        found.push(Violation::new("scopes", format!("scopes must name at least one of {}", known.join(", "))));
    }
    if origins.len() > MAX_ORIGINS {
        found.push(Violation::new("origins", format!("origins must be at most {MAX_ORIGINS}")));
    }
    if origins.is_empty() && scopes.contains(&Scope::EmbedIssue) {
        let rule = "origins must name at least one site, because the key shall issue embed tokens";
        found.push(Violation::new("origins", rule));
    }
    found
}

/// An id as keys may have it; not every text may reach a database.
fn key_id(text: &str) -> Option<ApiKeyId> {
    text.bytes().all(|b| b.is_ascii_alphanumeric()).then(|| ApiKeyId(text.to_owned()))
}
