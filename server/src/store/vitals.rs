//! What the health report asks of the database.

use async_trait::async_trait;
use jiff::Timestamp;

use sea_orm::{EntityTrait, PaginatorTrait};

use super::entity::ingest_tasks;
use super::{Error, Leaders, Posts, Reviews, Store};

/// How much is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Leaders.
    pub leaders: u64,
    /// Posts.
    pub posts: u64,
    /// Items of the review queue that wait.
    pub review_items: u64,
    /// When the newest post was published.
    pub latest_post_at: Option<Timestamp>,
}

/// What waits in the database for somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Queues {
    /// Items of the review queue that wait for a reviewer.
    pub review_items: u64,
    /// Leaders that open runs have still to read.
    pub ingestion_tasks: u64,
}

/// Says whether the database lives.
#[async_trait]
pub trait Vitals: Send + Sync {
    /// Asks the database for an answer.
    ///
    /// # Errors
    /// When there is none.
    async fn ping(&self) -> Result<(), Error>;

    /// How much is stored.
    ///
    /// # Errors
    /// When the database fails.
    async fn counts(&self) -> Result<Counts, Error>;

    /// What waits.
    ///
    /// # Errors
    /// When the database fails.
    async fn queues(&self) -> Result<Queues, Error>;
}

#[async_trait]
impl Vitals for Store {
    async fn ping(&self) -> Result<(), Error> {
        Ok(self.db.ping().await?)
    }

    async fn counts(&self) -> Result<Counts, Error> {
        Ok(Counts {
            leaders: Leaders::count(self).await?,
            posts: Posts::count(self).await?,
            review_items: self.waiting().await?,
            latest_post_at: self.latest_post_at().await?,
        })
    }

    async fn queues(&self) -> Result<Queues, Error> {
        let ingestion_tasks = ingest_tasks::Entity::find().count(&self.db).await?;
        Ok(Queues { review_items: self.waiting().await?, ingestion_tasks })
    }
}
