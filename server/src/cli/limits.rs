//! `amber limits`.

use std::process::ExitCode;
use std::time::Duration;

use amber_server::config::SharedLimits;
use amber_server::rate_limit::{Decision, Error, Identity, Limiter, Policies, Settings, SharedLimiter};
use amber_server::redis::Place;
use clap::{Args, Subcommand};
use tokio_util::sync::CancellationToken;

use super::output::{print, table};
use super::{Failure, environment};

/// Look at what a caller may still ask, or give it everything back.
///
/// The limits that replicas share are in Redis: `REDIS_URL` must be set. Without it they are in the memory of the server;
/// then, and from afar, ask the server by `RateLimitService`.
#[derive(Debug, Subcommand)]
#[command(after_help = SEE)]
pub(super) enum Limits {
    /// Show how many calls are left of each limit, and when all of them are back.
    #[command(after_help = SHOW)]
    Show(Caller),
    /// Give a caller all its calls back. Every replica sees it within a second.
    #[command(after_help = RESET)]
    Reset(Caller),
}

/// Which caller.
#[derive(Debug, Args)]
pub(super) struct Caller {
    /// `ip:<address>`, `user:<id>` or `key:<id>`, or the whole key of Redis.
    #[arg(value_name = "IDENTITY")]
    identity: Identity,
}

const SEE: &str = "\
Exit codes:
  0   done
  64  the configuration has mistakes, or REDIS_URL is not set
  69  Redis does not answer";

const SHOW: &str = "\
Example:
  amber limits show ip:192.168.1.1";

const RESET: &str = "\
Examples:
  amber limits reset ip:192.168.1.1
  amber limits reset rate_limit:key:web";

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

impl Limits {
    pub(super) async fn run(self) -> Result<ExitCode, Failure> {
        let SharedLimits { redis, rate_limit, embed_rate } = SharedLimits::load(&environment::standard().await?)?;
        let policies = Policies::new(&rate_limit, embed_rate);
        let place = Place::new(&redis).map_err(|error| Failure::misconfigured(error.to_string()))?;
        let (limiter, transport) = SharedLimiter::new(Settings { place, budget: PATIENCE });
        let stop = CancellationToken::new();
        let work = async {
            let text = self.ask(&limiter, &policies).await;
            stop.cancel();
            text
        };
        let (text, ()) = tokio::join!(work, transport.run(stop.clone()));
        print(&text?)?;
        Ok(ExitCode::SUCCESS)
    }

    async fn ask(self, limiter: &SharedLimiter, policies: &Policies) -> Result<String, Error> {
        match self {
            Self::Show(Caller { identity }) => {
                let limits = limiter.decide(&identity, &policies.all()).await?;
                Ok(table(&limits.iter().map(row).collect::<Vec<_>>()))
            }
            Self::Reset(Caller { identity }) if limiter.reset(&identity).await? => Ok(format!("{identity} is reset\n")),
            Self::Reset(Caller { identity }) => Ok(format!("{identity} had all its calls\n")),
        }
    }
}

fn row(limit: &Decision) -> (&'static str, String) {
    let left = format!("{} of {} left", limit.remaining, limit.limit);
    let seconds = limit.reset_after.as_secs_f64().ceil();
    let back = if limit.reset_after.is_zero() { String::new() } else { format!(", all back in {seconds} s") };
    (limit.policy.as_str(), left + &back)
}
