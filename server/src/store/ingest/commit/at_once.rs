//! A page of new posts as one statement of PostgreSQL: one message, and no transaction that stays open between two.
//!
//! Each part waits for the one before it, as the steps of a transaction do: the fence, the posts, what belongs to them, the ledger,
//! then the run, and last of all the clock of arrivals, since everybody waits for these two.

use sea_orm::sea_query::{Expr, Query, WithQuery};
use sea_orm::{ConnectionTrait, DbBackend};

use super::{add_to_run, entry, is_over, owner, pass_fence};
use crate::domain::{RunCounters, ScoredPost};
use crate::store::arrivals::NewArrivals;
use crate::store::bulk::Chain;
use crate::store::entity::{arrival_clock, ingest_commits};
use crate::store::ingest::upsert::NewPosts;
use crate::store::ingest::{Committed, PageCommit};
use crate::store::{Error, Store, number};

impl Store {
    /// Stores a page if every one of its posts is new. None when that is not so, or the page holds more, or may not be stored:
    /// nothing is stored then, and who looks at the posts one by one finds out what is the matter.
    pub(super) async fn commit_at_once(
        &self,
        page: &PageCommit,
        posts: &[&ScoredPost],
    ) -> Result<Option<Committed>, Error> {
        let fits = page.is_likely_new && page.rejected.is_empty() && !posts.is_empty();
        if !fits || self.db.get_database_backend() != DbBackend::Postgres {
            return Ok(None);
        }
        let inserted = number::len(posts);
        let counters = RunCounters {
            fetched: page.fetched,
            inserted,
            duplicates: page.fetched - inserted,
            pages: 1,
            ..RunCounters::default()
        };
        let new = NewPosts::of(self, owner(page), posts);
        let row = match self.db.query_one(&self.statement(page, new, &counters)).await.map_err(Error::from) {
            Ok(Some(row)) => row,
            Ok(None) | Err(Error::Conflict { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        Ok(Some(Committed { version: page.version + 1, counters, cancel_requested: row.try_get_by_index(0)? }))
    }

    fn statement(&self, page: &PageCommit, new: NewPosts, counters: &RunCounters) -> WithQuery {
        let clock = Query::select().expr(Expr::cust("1")).from(arrival_clock::Entity).take();
        let mut chain = Chain::begin("stream", pass_fence(page).and_where(Expr::exists(clock)).take());
        let ids = new.join(&mut chain);
        let entry = entry(page).row(Some(page.run), counters, self.now());
        chain.insert::<ingest_commits::Entity>("entry", vec![entry], &[]);
        chain.update("run", add_to_run(page.run, counters), (is_over(), "is_over"));
        let (parts, is_done) = chain.parts();
        NewArrivals { posts: &ids, at: self.now() }.join(parts, Some(is_done));
        chain.answer(Query::select().column("is_over").from("run").take())
    }
}
