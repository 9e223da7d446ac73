//! Brings the tables up to date, or takes them back.

use amber_migrations::{MigrationStatus, Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr};
use secrecy::ExposeSecret;

use super::settings::Target;
use super::{Error, Store};

/// Guards the migrations of one PostgreSQL database against another replica that starts at the same time.
const ADVISORY_LOCK: i64 = 0x616d_6265_7200;

/// A step of the schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    /// Its name; names sort by age.
    pub name: String,
    /// Whether the database has it.
    pub applied: bool,
}

enum Direction {
    Up,
    Down(Option<u32>),
}

impl Store {
    /// Applies every step that the database does not have yet.
    ///
    /// # Errors
    /// When the database fails; what the failing step did is undone.
    pub async fn migrate(&self) -> Result<(), Error> {
        self.run_migrations(Direction::Up).await
    }

    /// Takes back the newest `steps` steps, or all of them, with the data they hold.
    ///
    /// # Errors
    /// When the database fails; what the failing step did is undone.
    pub async fn roll_back(&self, steps: Option<u32>) -> Result<(), Error> {
        self.run_migrations(Direction::Down(steps)).await
    }

    /// Every step, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn migrations(&self) -> Result<Vec<Migration>, Error> {
        let steps = Migrator::get_migration_with_status_read_only(self.db.inner()).await?;
        Ok(steps
            .into_iter()
            .map(|step| Migration { name: step.name().to_owned(), applied: step.status() == MigrationStatus::Applied })
            .collect())
    }

    async fn run_migrations(&self, direction: Direction) -> Result<(), Error> {
        let Target::Postgres(url) = &self.target else {
            return Ok(run(self.db.inner(), direction).await?);
        };
        // The lock belongs to the session, and this pool has just one.
        let session = self.unlimited(url.expose_secret()).await?;
        session.execute_unprepared(&format!("SELECT pg_advisory_lock({ADVISORY_LOCK})")).await?;
        let result = run(&session, direction).await;
        session.close().await?;
        Ok(result?)
    }
}

async fn run(db: &DatabaseConnection, direction: Direction) -> Result<(), DbErr> {
    match direction {
        Direction::Up => Migrator::up(db, None).await,
        Direction::Down(steps) => Migrator::down(db, steps).await,
    }
}
