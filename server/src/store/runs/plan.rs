//! Writes down runs with their tasks: asked for by somebody, or by a tick of the schedule.

use std::time::Duration;

use jiff::Timestamp;
use ring::digest::{Context, SHA256};
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, Set};

use super::row::{self, columns};
use super::{LOOKUP_AGAIN, MAX_OPEN_RUNS, Opened, RunRequest, Tick, Ticked};
use crate::domain::{LeaderId, LeaderState, Run, RunCounters, RunId, RunStatus, RunTrigger};
use crate::resilience::furthest;
use crate::store::bounded::Transaction;
use crate::store::entity::ingest_runs::{ActiveModel, Column, Entity};
use crate::store::entity::{ingest_control, ingest_tasks, leaders};
use crate::store::{Error, Store, instant, number, schedule};

/// Leaders of one statement, far below both databases' limits of bound values.
const ROWS: usize = 1_000;

/// Tasks of one run that change what the database has to know of their table.
const MANY: u64 = 1_000;

impl Store {
    pub(super) async fn open(&self, request: &RunRequest) -> Result<Opened, Error> {
        let tx = self.begin().await?;
        // Two that ask at once are told of one run.
        schedule::lock(&tx).await?;
        let open = row::open(&tx).await?;
        let key = request_key(request);
        if let Some(equal) = open.iter().find(|run| run.request_key == key && !run.cancel_requested) {
            return row::read(equal.clone()).map(Opened::Joined);
        }
        if number::len(&open) >= MAX_OPEN_RUNS {
            return Ok(Opened::Full { open: number::len(&open) });
        }
        let run = self.insert_run(&tx, request, None).await?;
        tx.commit().await?;
        Ok(Opened::New(run))
    }

    pub(super) async fn take_tick(&self, tick: Tick, dry_run: bool) -> Result<Ticked, Error> {
        use ingest_control::Column as Control;
        let tx = self.begin().await?;
        let control = schedule::lock(&tx).await?;
        let is_due = control.next_due_at == Some(tick.due.as_microsecond());
        if !is_due || control.paused || schedule::has_stopped(&control, self.now()) {
            return Ok(Ticked::Lost);
        }
        let is_swallowed = self.is_swallowed(&tx, tick.at).await?;
        let missed = number::write(tick.missed) + i64::from(is_swallowed);
        let mut update = ingest_control::Entity::update_many()
            .col_expr(Control::NextDueAt, Expr::value(tick.next.as_microsecond()))
            .col_expr(Control::MissedTicks, Expr::col(Control::MissedTicks).add(missed));
        if !is_swallowed {
            update = update.col_expr(Control::LastTick, Expr::value(tick.at.as_microsecond()));
        }
        update.exec(&tx).await?;
        if is_swallowed {
            tx.commit().await?;
            return Ok(Ticked::Swallowed);
        }
        let request = RunRequest { trigger: RunTrigger::Schedule, backfill: false, dry_run, leaders: Vec::new() };
        let run = self.insert_run(&tx, &request, Some(tick.at)).await?;
        tx.commit().await?;
        Ok(Ticked::Started(run))
    }

    /// Whether the scheduled run before is open, or the tick had its run already, which happens when the schedule was
    /// changed meanwhile.
    async fn is_swallowed(&self, tx: &Transaction, at: Timestamp) -> Result<bool, Error> {
        let open = Column::EndedAt.is_null().and(Column::Trigger.eq(RunTrigger::Schedule.as_str()));
        let ran = Column::Tick.eq(at.as_microsecond());
        Ok(Entity::find().filter(open.or(ran)).count(tx).await? > 0)
    }

    async fn insert_run(&self, tx: &Transaction, request: &RunRequest, tick: Option<Timestamp>) -> Result<Run, Error> {
        let now = self.now();
        let id = RunId(self.entropy.uuid_v7(now));
        Entity::insert(new_row(id, request, tick, now)).exec_without_returning(tx).await?;
        let leaders = self.insert_tasks(tx, id, request).await?;
        let mut update = Entity::update_many()
            .col_expr(Column::LeadersTotal, Expr::value(i32::try_from(leaders).unwrap_or(i32::MAX)));
        if leaders == 0 {
            update = update
                .col_expr(Column::Status, Expr::value(RunStatus::Succeeded.as_str()))
                .col_expr(Column::EndedAt, Expr::value(now.as_microsecond()));
        }
        update.filter(Column::Id.eq(id.0)).exec(tx).await?;
        if leaders >= MANY {
            // PostgreSQL would look by itself within a minute; until then its plans read the whole tables.
            for table in ["ingest_tasks", "ingest_streams"] {
                tx.execute_unprepared(&format!("ANALYZE {table}")).await?;
            }
        }
        row::find(tx, id).await?.ok_or(Error::Corrupt { what: "run" })
    }

    /// Makes the tasks inside the database, so that their number costs no memory, and says how many there are.
    async fn insert_tasks(&self, tx: &Transaction, id: RunId, request: &RunRequest) -> Result<u64, Error> {
        let mut wanted = wanted(id);
        if request.trigger == RunTrigger::Schedule {
            let now = self.now();
            let long_ago = now.as_microsecond() - instant::micros(LOOKUP_AGAIN);
            let is_promising = Expr::col(leaders::Column::State)
                .eq(LeaderState::Active.as_str())
                .or(leaders::Column::LookedUpAt.is_null())
                .or(leaders::Column::LookedUpAt.lte(long_ago))
                .or(leaders::Column::LookedUpAt.gt(furthest(now, Duration::ZERO).as_microsecond()));
            wanted.and_where(is_promising);
        }
        if request.leaders.is_empty() {
            return insert(tx, wanted).await;
        }
        let mut inserted = 0;
        for some in request.leaders.chunks(ROWS) {
            let mut wanted = wanted.clone();
            wanted.and_where(leaders::Column::Id.is_in(some.iter().map(|leader| leader.0)));
            inserted += insert(tx, wanted).await?;
        }
        Ok(inserted)
    }
}

/// A task for each leader with a handle on X.
fn wanted(run: RunId) -> SelectStatement {
    Query::select()
        .expr(Expr::value(run.0))
        .column(leaders::Column::Id)
        .expr(Expr::value(0_i64))
        .from(leaders::Entity)
        .and_where(leaders::Column::XHandle.is_not_null())
        .to_owned()
}

async fn insert(tx: &Transaction, rows: SelectStatement) -> Result<u64, Error> {
    use ingest_tasks::Column;
    let mut insert = Query::insert();
    insert.into_table(ingest_tasks::Entity).columns([Column::RunId, Column::LeaderId, Column::NotBefore]);
    insert.select_from(rows).expect("the columns of the rows are those of the table");
    Ok(tx.execute(&insert).await?.rows_affected())
}

fn new_row(id: RunId, request: &RunRequest, tick: Option<Timestamp>, now: Timestamp) -> ActiveModel {
    let mut row = ActiveModel {
        id: Set(id.0),
        trigger: Set(request.trigger.as_str().to_owned()),
        tick: Set(tick.map(Timestamp::as_microsecond)),
        request_key: Set(request_key(request)),
        cancel_requested: Set(false),
        seq: Set(1),
        status: Set(RunStatus::Queued.as_str().to_owned()),
        backfill: Set(request.backfill),
        dry_run: Set(request.dry_run),
        started_at: Set(now.as_microsecond()),
        ended_at: Set(None),
        leaders_total: Set(0),
        leaders_done: Set(0),
        leaders_failed: Set(0),
        error: Set(None),
        ..ActiveModel::default()
    };
    for (column, count) in columns(&RunCounters::default()) {
        sea_orm::ActiveModelTrait::set(&mut row, column, count.into());
    }
    row
}

/// A text that two requests share when they ask for the same.
fn request_key(request: &RunRequest) -> String {
    let leaders = if request.leaders.is_empty() { "all".to_owned() } else { digest(&request.leaders) };
    format!("backfill={} dry_run={} leaders={leaders}", request.backfill, request.dry_run)
}

fn digest(leaders: &[LeaderId]) -> String {
    let mut context = Context::new(&SHA256);
    for leader in leaders {
        context.update(leader.0.as_bytes());
    }
    hex::encode(context.finish())
}
