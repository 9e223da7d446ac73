//! A page of new posts as one statement of PostgreSQL: one message, and no transaction that stays open between two.
//!
//! The parts wait for one another as the steps of a transaction do: first the fence, then the posts, then what belongs to them,
//! then the run, and last of all the clock of arrivals, since everybody waits for these two. If the fence keeps the page out,
//! no part finds a row to work on.

use sea_orm::sea_query::{Expr, InsertStatement, Query, WithClause, WithQuery};
use sea_orm::{ConnectionTrait, DbBackend};

use super::{add_to_run, entry, is_over, owner, pass_fence};
use crate::domain::{RunCounters, ScoredPost};
use crate::store::arrivals::NewArrivals;
use crate::store::bulk::{self, is_done, part};
use crate::store::entity::{arrival_clock, ingest_commits};
use crate::store::ingest::upsert::NewPosts;
use crate::store::ingest::{Committed, PageCommit};
use crate::store::{Error, Store, number};

/// The parts behind the posts.
const OTHERS: [&str; 5] = ["other_0", "other_1", "other_2", "other_3", "other_4"];

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

    fn statement(&self, page: &PageCommit, mut new: NewPosts, counters: &RunCounters) -> WithQuery {
        let ids = std::mem::take(&mut new.ids);
        let mut with = WithClause::new();
        let clock = Query::select().expr(Expr::cust("1")).from(arrival_clock::Entity).to_owned();
        with.cte(part("stream", pass_fence(page).and_where(Expr::exists(clock)).take()));
        with.cte(part("new", counted(new.insert(is_done("stream")))));
        let mut others = new.insert_others(&is_done("new"));
        let entry = entry(page).row(Some(page.run), counters, self.now());
        others.push(bulk::insert_if::<ingest_commits::Entity>(is_done("new"), vec![entry]));
        let mut run = add_to_run(page.run, counters);
        for (name, other) in OTHERS.into_iter().zip(others) {
            with.cte(part(name, counted(other)));
            run.and_where(is_done(name));
        }
        run.returning(Query::returning().expr(is_over()));
        let mut run = part("run", run);
        run.column("is_over");
        with.cte(run);
        NewArrivals { posts: &ids, at: self.now() }.join(&mut with, Some(is_done("run")));
        bulk::with(with, Query::select().column("is_over").from("run").take())
    }
}

/// Answers a row for each one that it inserts.
fn counted(mut insert: InsertStatement) -> InsertStatement {
    insert.returning(Query::returning().expr(Expr::cust("1"))).take()
}
