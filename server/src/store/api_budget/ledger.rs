//! The rows that a decision reads and writes, always under the lock of the breaker's row.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{Timestamp, ToSpan};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Func, OnConflict, Query};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QuerySelect, Set,
};
use serde_json::Value;

use super::{ApiCall, ApiLine, Known, reads};
use crate::resilience::{
    Allowance, Ask, BreakerSettings, Circuit, Decision, PROBE_PATIENCE, Purse, Report, UnderWay, after, decide,
    furthest,
};
use crate::store::bounded::Transaction;
use crate::store::entity::{api_breakers, api_budget, api_calls};
use crate::store::text::{from_json, json};
use crate::store::{Error, Store, instant, number};

/// The one service so far.
const SERVICE: &str = "x";

impl Store {
    pub(super) async fn reserve_call(
        &self,
        line: &ApiLine,
        ask: &Ask,
        budget: Option<u64>,
        settings: &BreakerSettings,
    ) -> Result<(Decision<ApiCall>, Known), Error> {
        let tx = self.begin().await?;
        let before = lock_circuit(&tx).await?;
        // The lock may have been waited for.
        let now = self.now();
        let under_way = under_way(&tx, line, now).await?;
        let allowance = read_allowance(&tx, key(line), now).await?;
        let spent = if budget.is_some() { reads::this_month(&tx, now).await?.posts } else { 0 };
        let mut circuit = before;
        let decision = decide(now, ask, &Purse { budget, spent }, &allowance, under_way, (&mut circuit, settings))
            .map(|grant| ApiCall { id: self.entropy.uuid_v7(now), pass: grant.pass, posts: grant.posts });
        if let Decision::Granted(call) = &decision {
            enter(&tx, line, call, now, ask.hold).await?;
        }
        if circuit != before {
            write_circuit(&tx, &circuit).await?;
        }
        tx.commit().await?;
        Ok((decision, Known { circuit, allowances: [(line.endpoint.to_owned(), allowance)].into() }))
    }

    pub(super) async fn settle_call(
        &self,
        line: &ApiLine,
        call: &ApiCall,
        report: &Report,
    ) -> Result<(Option<Timestamp>, Known), Error> {
        let tx = self.begin().await?;
        let before = lock_circuit(&tx).await?;
        let now = self.now();
        api_calls::Entity::delete_by_id(call.id).exec(&tx).await?;
        reads::count(&tx, now, report.reads).await?;
        let known = read_allowance(&tx, key(line), now).await?;
        let mut allowance = known.clone();
        let rests_until = report.teach(&mut allowance, now);
        if allowance != known {
            write_allowance(&tx, key(line), &allowance, now).await?;
        }
        let mut circuit = before;
        if report.is_alive {
            circuit.succeed(call.pass);
        }
        if circuit != before {
            write_circuit(&tx, &circuit).await?;
        }
        tx.commit().await?;
        Ok((rests_until, Known { circuit, allowances: [(line.endpoint.to_owned(), allowance)].into() }))
    }

    pub(super) async fn fail_call(&self, call: &ApiCall, settings: &BreakerSettings) -> Result<Circuit, Error> {
        let tx = self.begin().await?;
        let mut circuit = lock_circuit(&tx).await?;
        circuit.fail(call.pass, self.now(), settings);
        write_circuit(&tx, &circuit).await?;
        tx.commit().await?;
        Ok(circuit)
    }

    pub(super) async fn all_known(&self, credential: &str) -> Result<Known, Error> {
        let circuit = api_breakers::Entity::find_by_id(SERVICE).one(&self.db).await?;
        let rows =
            api_budget::Entity::find().filter(api_budget::Column::Credential.eq(credential)).all(&self.db).await?;
        let now = self.now();
        let read = |row: api_budget::Model| Ok((row.endpoint, believed(row.allowance, now)?));
        let allowances = rows.into_iter().map(read).collect::<Result<BTreeMap<_, _>, Error>>()?;
        Ok(Known { circuit: circuit.as_ref().map(read_circuit).transpose()?.unwrap_or_default(), allowances })
    }

    pub(super) async fn delete_unused_budgets(&self) -> Result<u64, Error> {
        let before = self.now().checked_sub(48.hours()).map_err(|_| Error::Corrupt { what: "time" })?;
        let unused =
            api_budget::Entity::delete_many().filter(api_budget::Column::UpdatedAt.lt(before.as_microsecond()));
        Ok(unused.exec(&self.db).await?.rows_affected)
    }
}

/// Locks the row of the breaker, made at its first use. SQLite has one writer anyway.
async fn lock_circuit(tx: &Transaction) -> Result<Circuit, Error> {
    let row = api_breakers::Entity::find_by_id(SERVICE).lock_exclusive();
    if let Some(row) = row.clone().one(tx).await? {
        return read_circuit(&row);
    }
    let closed = model(&Circuit::default());
    let once = OnConflict::column(api_breakers::Column::Service).do_nothing().to_owned();
    api_breakers::Entity::insert(closed).on_conflict(once).exec_without_returning(tx).await?;
    row.one(tx).await?.as_ref().map_or(Err(Error::Corrupt { what: "breaker" }), read_circuit)
}

async fn write_circuit(tx: &Transaction, circuit: &Circuit) -> Result<(), Error> {
    model(circuit).update(tx).await?;
    Ok(())
}

fn model(circuit: &Circuit) -> api_breakers::ActiveModel {
    api_breakers::ActiveModel {
        service: Set(SERVICE.to_owned()),
        failures: Set(i64::from(circuit.failures)),
        open_until: Set(circuit.open_until.map(Timestamp::as_microsecond)),
        probe_until: Set(circuit.probe_until.map(Timestamp::as_microsecond)),
        epoch: Set(number::write(circuit.epoch)),
    }
}

fn read_circuit(row: &api_breakers::Model) -> Result<Circuit, Error> {
    Ok(Circuit {
        failures: u32::try_from(row.failures).map_err(|_| Error::Corrupt { what: "count" })?,
        open_until: instant::read_opt(row.open_until)?,
        probe_until: instant::read_opt(row.probe_until)?,
        epoch: number::read(row.epoch)?,
    })
}

fn key(line: &ApiLine) -> (String, String) {
    (line.credential.clone(), line.endpoint.to_owned())
}

async fn read_allowance(tx: &Transaction, key: (String, String), now: Timestamp) -> Result<Allowance, Error> {
    let row = api_budget::Entity::find_by_id(key).one(tx).await?;
    row.map_or(Ok(Allowance::default()), |row| believed(row.allowance, now))
}

fn believed(stored: Value, now: Timestamp) -> Result<Allowance, Error> {
    Ok(from_json::<Allowance>(stored, "allowance")?.believed(now))
}

async fn write_allowance(
    tx: &Transaction,
    (credential, endpoint): (String, String),
    allowance: &Allowance,
    now: Timestamp,
) -> Result<(), Error> {
    use api_budget::{ActiveModel, Column, Entity};
    let row = ActiveModel {
        credential: Set(credential),
        endpoint: Set(endpoint),
        allowance: Set(json(allowance)),
        updated_at: Set(now.as_microsecond()),
    };
    let newer = OnConflict::columns([Column::Credential, Column::Endpoint])
        .update_columns([Column::Allowance, Column::UpdatedAt])
        .to_owned();
    Entity::insert(row).on_conflict(newer).exec_without_returning(tx).await?;
    Ok(())
}

async fn enter(tx: &Transaction, line: &ApiLine, call: &ApiCall, now: Timestamp, hold: Duration) -> Result<(), Error> {
    let row = api_calls::ActiveModel {
        id: Set(call.id),
        credential: Set(line.credential.clone()),
        endpoint: Set(line.endpoint.to_owned()),
        posts: Set(i64::from(call.posts)),
        begun_at: Set(now.as_microsecond()),
        until: Set(after(now, hold).as_microsecond()),
    };
    api_calls::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

#[derive(FromQueryResult)]
struct Dead {
    credential: String,
    endpoint: String,
}

/// Forgets calls whose time is over, or that a clock far ahead began. Who made them is gone or cannot tell how they went, but
/// they may have been counted.
async fn forget_dead(tx: &Transaction, now: Timestamp) -> Result<(), Error> {
    use api_calls::{Column, Entity};
    let latest = furthest(now, Duration::ZERO).as_microsecond();
    let is_dead = Expr::col(Column::Until).lte(now.as_microsecond()).or(Expr::col(Column::BegunAt).gt(latest));
    let forget = Query::delete()
        .from_table(Entity)
        .and_where(is_dead)
        .returning(Query::returning().columns([Column::Credential, Column::Endpoint]))
        .to_owned();
    let mut dead: BTreeMap<(String, String), u64> = BTreeMap::new();
    for row in tx.query_all(&forget).await? {
        let Dead { credential, endpoint } = Dead::from_query_result(&row, "")?;
        *dead.entry((credential, endpoint)).or_default() += 1;
    }
    for (key, calls) in dead {
        let mut allowance = read_allowance(tx, key.clone(), now).await?;
        allowance.lost(now, calls);
        write_allowance(tx, key, &allowance, now).await?;
    }
    Ok(())
}

#[derive(FromQueryResult)]
struct Sums {
    calls: i64,
    recent: i64,
    posts: Option<i64>,
}

/// The calls under way, after those are forgotten whose time is over.
async fn under_way(tx: &Transaction, line: &ApiLine, now: Timestamp) -> Result<UnderWay, Error> {
    use api_calls::{Column, Entity};
    forget_dead(tx, now).await?;
    let own =
        Expr::col(Column::Credential).eq(line.credential.as_str()).and(Expr::col(Column::Endpoint).eq(line.endpoint));
    let recent = own.clone().and(Expr::col(Column::BegunAt).gt((now - PROBE_PATIENCE).as_microsecond()));
    let count = |these| Func::count(Expr::case(these, Expr::value(1)));
    // PostgreSQL sums 64-bit numbers to NUMERIC.
    let posts = Func::cast_as(Func::sum(Expr::col(Column::Posts)), Alias::new("bigint"));
    let query = Query::select()
        .expr_as(count(own), "calls")
        .expr_as(count(recent), "recent")
        .expr_as(posts, "posts")
        .from(Entity)
        .to_owned();
    let Some(row) = tx.query_one(&query).await? else { return Ok(UnderWay::default()) };
    let sums = Sums::from_query_result(&row, "")?;
    Ok(UnderWay {
        calls: number::read(sums.calls)?,
        recent: number::read(sums.recent)?,
        posts: number::read(sums.posts.unwrap_or_default())?,
    })
}
