//! `amber api-key`.

use std::process::ExitCode;

use amber_server::app::{self, World};
use amber_server::config::ApiKeyDesk;
use amber_server::domain::{ApiClient, Origin, Principal, Role, Scope};
use amber_server::usecase::{ApiKeys, AskedKey};
use clap::{Args, Subcommand};
use secrecy::ExposeSecret;

use super::output::{print, table};
use super::{Failure, environment};

/// Make, list and revoke the API keys of services.
///
/// Of the configuration only the variables of the database, `ADMIN_JWT_SECRET` and `API_KEY_PEPPER` are used. A server on the
/// same PostgreSQL sees a change within a second. An SQLite file belongs to its server while it runs: ask that instead, by
/// `/api/api-keys`.
#[derive(Debug, Subcommand)]
#[command(after_help = SEE)]
pub(super) enum ApiKey {
    /// Make a key.
    ///
    /// Standard output holds the key alone, so that it can be piped; it is shown this once and stored nowhere. Standard error
    /// tells the id by which the key is listed and revoked.
    #[command(after_help = CREATE)]
    Create(Create),
    /// Show every key, the newest first: id, name, scopes, sites, and when it was made, used and revoked.
    List,
    /// Revoke a key for good, with every token that it issued.
    Revoke(Revoke),
}

/// Whose key it is, and what for.
#[derive(Debug, Args)]
pub(super) struct Create {
    /// Whose it is.
    #[arg(long, value_name = "NAME")]
    name: String,
    /// What it may do: `embed.issue`, `embed.revoke` or `dashboard.read`; can be repeated.
    #[arg(long = "scope", value_name = "SCOPE", required = true, value_parser = scope)]
    scopes: Vec<Scope>,
    /// A site for which it may issue embed tokens; can be repeated.
    #[arg(long = "origin", value_name = "ORIGIN", value_parser = Origin::parse)]
    origins: Vec<Origin>,
}

/// Which key.
#[derive(Debug, Args)]
pub(super) struct Revoke {
    /// The id, as `amber api-key list` shows it.
    #[arg(value_name = "ID")]
    id: String,
}

const SEE: &str = "\
Exit codes:
  0   done
  1   there is no such key, or such a key is not made; the reason is on standard error
  64  the configuration has mistakes
  69  the database is not available, or a server has its file";

const CREATE: &str = "\
Example:
  amber api-key create --name 'web team' --scope embed.issue --origin https://partner.example";

impl ApiKey {
    pub(super) async fn run(self) -> Result<ExitCode, Failure> {
        let ApiKeyDesk { database, admin } = ApiKeyDesk::load(&environment::standard().await?)?;
        let world = World::real();
        let store = app::open_store(&database, None, &world).await?;
        let text = self.work(&app::api_keys(&admin, &store, &world)?).await;
        store.close().await?;
        print(&text?)?;
        Ok(ExitCode::SUCCESS)
    }

    async fn work(self, keys: &ApiKeys) -> Result<String, Failure> {
        // Whoever reads the secrets of the server is an admin of it.
        let caller = Principal::User { id: "cli".to_owned(), role: Role::Admin, expires_at: None };
        match self {
            Self::Create(Create { name, scopes, origins }) => {
                let origins = origins.iter().map(ToString::to_string).collect();
                let issued = keys.create(&caller, AskedKey { name, scopes, origins }).await?;
                eprintln!("id       {}", issued.client.id);
                Ok(format!("{}\n", issued.text.expose_secret()))
            }
            Self::List => Ok(table(&all(keys, &caller).await?.iter().map(row).collect::<Vec<_>>())),
            Self::Revoke(Revoke { id }) => {
                let client = keys.revoke(&caller, &id).await?;
                Ok(format!("{} of {} is revoked\n", client.id, client.name))
            }
        }
    }
}

async fn all(keys: &ApiKeys, caller: &Principal) -> Result<Vec<ApiClient>, Failure> {
    let (mut all, mut place) = (Vec::new(), String::new());
    loop {
        let page = keys.list(caller, ApiKeys::MAX_PAGE_SIZE, &place).await?;
        all.extend(page.clients);
        place = page.next;
        if place.is_empty() {
            return Ok(all);
        }
    }
}

fn row(client: &ApiClient) -> (String, String) {
    let ApiClient { id, name, scopes, origins, created_at, last_used_at, revoked_at } = client;
    let scopes: Vec<_> = scopes.iter().map(|scope| scope.as_str()).collect();
    let origins: Vec<_> = origins.iter().map(Origin::as_str).collect();
    let mut parts = vec![name.clone(), scopes.join(" ")];
    parts.extend((!origins.is_empty()).then(|| origins.join(" ")));
    parts.push(format!("made {created_at}"));
    parts.extend(last_used_at.map(|at| format!("used {at}")));
    parts.extend(revoked_at.map(|at| format!("revoked {at}")));
    (id.to_string(), parts.join(", "))
}

fn scope(name: &str) -> Result<Scope, &'static str> {
    Scope::parse(name).ok_or("write embed.issue, embed.revoke or dashboard.read")
}
