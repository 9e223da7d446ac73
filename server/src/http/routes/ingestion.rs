//! `/api/ingestion`: ask for a run, see what ingestion is doing, stop and start the schedule.

use axum::Json;
use axum::extract;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::run::run;
use super::{Caller, State};
use crate::domain::Usage;
use crate::http::json::JsonFields;
use crate::http::problem::Problem;
use crate::ingestion::{Job, LeaderProgress, Status};
use crate::usecase::Trigger;

pub(super) async fn trigger(
    extract::State(state): extract::State<State>,
    Caller(caller): Caller,
    JsonFields(mut fields): JsonFields,
) -> Result<Json<Value>, Problem> {
    let backfill = fields.flag("backfill");
    let trigger = Trigger { backfill, dry_run: fields.flag("dryRun"), leaders: fields.texts("leaderIds") };
    fields.finish().map_err(|violations| Problem::invalid(&violations))?;
    let run = state.use_cases.runs.trigger(&caller, trigger).await?;
    Ok(Json(json!({
        "status": "triggered",
        "message": "Ingestion started in background",
        "backfill": backfill,
        "runId": run.id.to_string(),
    })))
}

pub(super) async fn stop(
    extract::State(state): extract::State<State>,
    Caller(caller): Caller,
) -> Result<Json<Value>, Problem> {
    let status = state.use_cases.runs.stop(&caller).await?;
    let message = "Ingestion stopped; runs under way go on";
    Ok(Json(json!({ "status": "stopped", "message": message, "running": status.running })))
}

pub(super) async fn start(
    extract::State(state): extract::State<State>,
    Caller(caller): Caller,
) -> Result<Json<Value>, Problem> {
    let status = state.use_cases.runs.start(&caller).await?;
    Ok(Json(json!({
        "status": "started",
        "message": "Ingestion started",
        "running": status.running,
        "jobs": status.jobs.iter().map(job).collect::<Vec<_>>(),
    })))
}

pub(super) async fn status(extract::State(state): extract::State<State>) -> Result<Json<Value>, Problem> {
    let status = state.use_cases.runs.status().await?;
    Ok(Json(show(&status)))
}

fn show(status: &Status) -> Value {
    json!({
        "enabled": status.enabled,
        "running": status.running,
        "circuit_breaker_state": status.breaker.state.as_str(),
        "circuit_breaker_failures": status.breaker.consecutive_failures,
        "rate_limited_until": text(status.rate_limited_until),
        "paused": status.control.paused,
        "stopped_reason": status.control.stopped_reason,
        "stopped_until": text(status.control.stopped_until),
        "last_tick": text(status.control.last_tick),
        "missed_ticks": status.control.missed_ticks,
        "usage": status.usage.map(usage),
        "jobs": status.jobs.iter().map(job).collect::<Vec<_>>(),
        "config": {
            "interval_minutes": status.settings.interval.as_secs() / 60,
            "cron": status.settings.cron,
            "backfill_count": status.settings.backfill_count,
            "limit": status.settings.limit,
            "dry_run": status.settings.dry_run,
        },
        "last_run": status.last_run.as_ref().map(run),
        "leaders": status.leaders.iter().map(progress).collect::<Vec<_>>(),
    })
}

fn usage(usage: Usage) -> Value {
    json!({
        "posts_today": usage.today.posts,
        "posts_this_month": usage.month.posts,
        "users_today": usage.today.users,
        "users_this_month": usage.month.users,
        "monthly_post_budget": usage.budget,
    })
}

fn job(job: &Job) -> Value {
    json!({ "id": job.id, "name": job.name, "trigger": job.trigger, "next_run": job.next_run.to_string() })
}

fn progress(progress: &LeaderProgress) -> Value {
    json!({
        "id": progress.leader.id.to_string(),
        "name": progress.leader.name,
        "handle": progress.leader.x_handle().map(|handle| handle.to_string()),
        "state": progress.state().as_str(),
        "last_success_at": text(progress.last_success_at),
        "last_error": progress.last_error,
        "high_water_mark": progress.high_water.map(|id| id.to_string()),
        "gaps": progress.gaps,
        "unreachable_gaps": progress.unreachable,
    })
}

fn text(at: Option<Timestamp>) -> Option<String> {
    at.map(|at| at.to_string())
}
