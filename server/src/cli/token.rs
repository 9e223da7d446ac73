//! `amber token`.

use std::process::ExitCode;
use std::time::Duration;

use amber_server::app::{self, World};
use amber_server::config::TokenIssue;
use amber_server::domain::{ClientId, DashboardId, LeaderId, Locale, Locks, Origin, Theme};
use amber_server::embed::{IssueRequest, frame_url};
use clap::{Args, Subcommand};
use secrecy::ExposeSecret;

use super::output::print;
use super::{Failure, environment};

/// Make embed tokens by hand.
#[derive(Debug, Subcommand)]
pub(super) enum Token {
    /// Sign a token that opens one dashboard once, on the sites it names.
    ///
    /// Standard output holds the token alone, so that it can be piped; standard error tells where to use it and until
    /// when. Only the configuration is needed, neither database nor server. Whoever has the token can use it.
    #[command(after_help = ISSUE)]
    Issue(Issue),
}

/// What the token shall say.
#[derive(Debug, Args)]
pub(super) struct Issue {
    /// The dashboard to open: 1 to 64 letters, digits, `_` and `-`.
    #[arg(long, value_name = "ID", value_parser = dashboard)]
    dashboard: DashboardId,
    /// A site that may frame it, among `EMBED_ALLOWED_ORIGINS`; can be repeated [default: all of them].
    #[arg(long = "origin", value_name = "ORIGIN", value_parser = Origin::parse)]
    origins: Vec<Origin>,
    /// How long the token is of use, in seconds, at most 300 [default: `EMBED_TOKEN_TTL`].
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=300))]
    ttl: Option<u64>,
    /// The viewer, as a pseudonym [default: anonymous].
    #[arg(long, value_name = "ID")]
    user: Option<String>,
    /// A leader to show, by id; can be repeated [default: those of the dashboard].
    #[arg(long = "leader", value_name = "ID", value_parser = leader)]
    leaders: Vec<LeaderId>,
    /// Lock the language of the page: en or hi [default: as the viewer or the host page chooses].
    #[arg(long, value_name = "LOCALE", value_parser = locale)]
    locale: Option<Locale>,
    /// Lock the look of the page: auto, light or dark [default: as the viewer or the host page chooses].
    #[arg(long, value_name = "THEME", value_parser = theme)]
    theme: Option<Theme>,
    /// Lock how many UTC days the page covers, 1 to 90.
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=90))]
    days: Option<u32>,
    /// The longest session that the token opens, in seconds, 60 to 600 [default: 600].
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(60..=600))]
    max_session: Option<u64>,
}

const ISSUE: &str = "\
Examples:
  amber token issue --dashboard main
  amber token issue --dashboard main --origin https://partner.example --ttl 300 | xclip
  amber token issue --dashboard main --user viewer-7 --locale hi --theme dark --days 7

Exit codes:
  0   the token is on standard output
  1   such a token is not issued; the reason is on standard error
  64  the configuration has mistakes, or EMBED_ENABLED is off";

/// The caller that these tokens name.
const CLIENT: &str = "cli";

impl Token {
    pub(super) async fn run(self) -> Result<ExitCode, Failure> {
        let Self::Issue(asked) = self;
        let TokenIssue { public_url, embed } = TokenIssue::load(&environment::standard().await?)?;
        let request = IssueRequest {
            client_id: ClientId(CLIENT.to_owned()),
            dashboard: asked.dashboard,
            origins: asked.origins,
            subject: asked.user,
            ttl: asked.ttl.map(Duration::from_secs),
            leaders: asked.leaders,
            locks: Locks { locale: asked.locale, theme: asked.theme, days: asked.days },
            max_session: asked.max_session.map(Duration::from_secs),
        };
        let issued = app::issuer(&embed, &World::real())?.issue(request, &embed.allowed_origins)?;
        let claims = &issued.claims;
        let origins: Vec<_> = claims.origins.iter().map(Origin::as_str).collect();
        eprintln!("opens    {}", frame_url(&public_url, &claims.dashboard_id));
        eprintln!("on       {}", origins.join(", "));
        eprintln!("until    {}", claims.expires_at);
        print(&format!("{}\n", issued.token.expose_secret()))?;
        Ok(ExitCode::SUCCESS)
    }
}

fn dashboard(text: &str) -> Result<DashboardId, &'static str> {
    DashboardId::parse(text).ok_or("write 1 to 64 letters, digits, _ and -")
}

fn leader(text: &str) -> Result<LeaderId, &'static str> {
    text.parse().map_err(|_| "write the UUID of a leader")
}

fn locale(text: &str) -> Result<Locale, &'static str> {
    Locale::exactly(text).ok_or("write en or hi")
}

fn theme(text: &str) -> Result<Theme, &'static str> {
    Theme::parse(text).ok_or("write auto, light or dark")
}
