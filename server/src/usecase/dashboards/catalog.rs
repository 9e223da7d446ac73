//! The dashboards themselves: list, look at, add, change, delete.

use super::asked::added;
use super::{AskedDashboard, Dashboards, dashboard_id};
use crate::auth::{require_role, require_scope};
use crate::domain::{Dashboard, DashboardId, LeaderId, Principal, Role, Scope};
use crate::store::{DashboardCursor, Found, Updated};
use crate::usecase::error::Missing;
use crate::usecase::{Error, page_token};

/// A page of dashboards, newest first.
#[derive(Debug, Clone)]
pub struct DashboardPage {
    /// The dashboards.
    pub dashboards: Vec<Dashboard>,
    /// Where the next page starts; empty at the end.
    pub next: String,
}

const MISSING: Error = Error::NotFound(Missing::Dashboard);

impl Dashboards {
    /// The most dashboards on one page.
    pub const MAX_PAGE_SIZE: u32 = 100;
    /// Dashboards on a page when the caller does not say.
    pub const DEFAULT_PAGE_SIZE: u32 = 50;

    /// A page of dashboards. For admins and API keys with the scope.
    ///
    /// # Errors
    /// [`Error::Auth`], [`Error::PageToken`], or when the store fails.
    pub async fn list(&self, caller: &Principal, page_size: u32, token: &str) -> Result<DashboardPage, Error> {
        require_scope(caller, Scope::DashboardRead)?;
        let after = cursor(token)?;
        let size = page_size.clamp(1, Self::MAX_PAGE_SIZE);
        let dashboards = self.0.catalog.dashboards(after.as_ref(), size + 1).await?;
        let (dashboards, next) = page_token::cut(dashboards, size, token_after);
        Ok(DashboardPage { dashboards, next })
    }

    /// One dashboard. For admins and API keys with the scope.
    ///
    /// # Errors
    /// [`Error::Auth`], [`Error::Invalid`], [`Error::NotFound`], or when the store fails.
    pub async fn get(&self, caller: &Principal, id: &str) -> Result<Dashboard, Error> {
        require_scope(caller, Scope::DashboardRead)?;
        match self.0.catalog.dashboard(&dashboard_id(id)?).await? {
            Found::Dashboard(dashboard) => Ok(dashboard),
            Found::Deleted | Found::Never => Err(MISSING),
        }
    }

    /// Adds a dashboard. Admins only.
    ///
    /// # Errors
    /// [`Error::Auth`], [`Error::Invalid`] with every mistake, [`Error::DashboardExists`], or when the store fails.
    pub async fn create(&self, caller: &Principal, asked: &AskedDashboard) -> Result<Dashboard, Error> {
        require_role(caller, Role::Admin)?;
        let id = if asked.id.is_empty() { self.0.entropy.uuid_v4().to_string() } else { asked.id.clone() };
        let (id, spec) = (dashboard_id(&id)?, asked.spec()?);
        self.require_leaders(&spec.leaders).await?;
        let created = self.0.catalog.add_dashboard(&id, &spec, self.0.clock.now()).await?;
        created.ok_or(Error::DashboardExists)
    }

    /// Replaces everything but the id. Admins only.
    ///
    /// # Errors
    /// [`Error::Auth`], [`Error::Invalid`] with every mistake, [`Error::NotFound`], [`Error::DashboardChanged`], or when
    /// the store fails.
    pub async fn update(&self, caller: &Principal, asked: &AskedDashboard) -> Result<Dashboard, Error> {
        require_role(caller, Role::Admin)?;
        let (id, spec, version) = (dashboard_id(&asked.id)?, asked.spec()?, asked.version()?);
        let Found::Dashboard(known) = self.0.catalog.dashboard(&id).await? else { return Err(MISSING) };
        // A leader that was removed since may stay, so that the rest can be changed.
        self.require_leaders(&added(&spec.leaders, &known.spec.leaders)).await?;
        match self.0.catalog.update_dashboard(&id, &spec, version, self.0.clock.now()).await? {
            Updated::Done(dashboard) => Ok(dashboard),
            Updated::Changed => Err(Error::DashboardChanged),
            Updated::Missing => Err(MISSING),
        }
    }

    /// Deletes a dashboard for good. Admins only.
    ///
    /// # Errors
    /// [`Error::Auth`], [`Error::Invalid`], [`Error::NotFound`], or when the store fails.
    pub async fn delete(&self, caller: &Principal, id: &str) -> Result<(), Error> {
        require_role(caller, Role::Admin)?;
        let existed = self.0.catalog.delete_dashboard(&dashboard_id(id)?, self.0.clock.now()).await?;
        existed.then_some(()).ok_or(MISSING)
    }

    async fn require_leaders(&self, ids: &[LeaderId]) -> Result<(), Error> {
        if ids.is_empty() {
            return Ok(());
        }
        let known = self.0.leaders.get_many(ids).await?;
        let unknown = ids.iter().find(|id| !known.iter().any(|leader| leader.id == **id));
        unknown.map_or(Ok(()), |id| Err(Error::field("leaderIds", format!("no leader has the id {id}"))))
    }
}

fn token_after(last: &Dashboard) -> String {
    page_token::encode_named(last.created_at, last.id.as_str())
}

fn cursor(token: &str) -> Result<Option<DashboardCursor>, Error> {
    let place = page_token::decode_named(token, DashboardId::parse)?;
    Ok(place.map(|(created_at, id)| DashboardCursor { created_at, id }))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::domain::DashboardSpec;

    #[test]
    fn a_page_token_leads_back_to_its_dashboard() {
        let at: Timestamp = "2026-03-10T23:59:59.123456Z".parse().unwrap();
        let id = DashboardId::parse("dash-1").unwrap();
        let spec = DashboardSpec::default();
        let last = Dashboard { id: id.clone(), spec, version: 1, created_at: at, updated_at: at };
        assert_eq!(cursor(&token_after(&last)).unwrap(), Some(DashboardCursor { created_at: at, id }));
        assert_eq!(cursor("").unwrap(), None);
        for odd in ["x:ada", "12", "12 a/b", "now dash-1"] {
            assert!(matches!(cursor(&page_token::encode_text(odd)), Err(Error::PageToken)), "{odd}");
        }
    }
}
