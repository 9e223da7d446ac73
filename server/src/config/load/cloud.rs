//! Which secret store of a cloud is read.

use crate::config::parse::{self, Refusal};
use crate::config::reader::Reader;
use crate::config::{CloudStore, SecretsManager, Variable, variables};

const CHOICES: &str = "write aws-ssm, aws-secrets or gcp-secret-manager";

/// The longest prefix: with it and a name, the ids of all stores stay below 255 characters.
const LONGEST_PREFIX: usize = 200;

/// The names that `SECRETS_MANAGER_PROVIDER` knows, before their place is known.
#[derive(Clone, Copy)]
enum Kind {
    Ssm,
    Secrets,
    Gcp,
}

/// None when secrets come from variables and files alone.
pub(super) fn secrets_manager(reader: &mut Reader<'_>) -> Option<SecretsManager> {
    if !reader.flag("SECRETS_MANAGER_ENABLED") {
        return None;
    }
    reader.require("SECRETS_MANAGER_PROVIDER", "SECRETS_MANAGER_ENABLED is on", CHOICES);
    let kind = reader.parsed("SECRETS_MANAGER_PROVIDER", kind);
    let prefix = reader.parsed("SECRETS_PREFIX", |text| prefix(text, kind)).unwrap_or_default();
    let names = reader.parsed("SECRETS_NAMES", names);
    let endpoint = reader.parsed("SECRETS_ENDPOINT_URL", parse::base_url);
    let timeout = reader.seconds("SECRETS_TIMEOUT_SECONDS");
    let poll = Some(reader.seconds("SECRETS_POLL_SECONDS")).filter(|poll| !poll.is_zero());
    let store = match kind? {
        Kind::Ssm => CloudStore::AwsSsm { region: region(reader)? },
        Kind::Secrets => CloudStore::AwsSecrets { region: region(reader)? },
        Kind::Gcp => CloudStore::GcpSecretManager { project: project(reader)? },
    };
    Some(SecretsManager { store, prefix, names, endpoint, timeout, poll })
}

fn region(reader: &mut Reader<'_>) -> Option<String> {
    let remedy = "set it to the region of the secrets, such as eu-west-1";
    reader.require("AWS_REGION", "the secrets are in AWS", remedy);
    reader.parsed("AWS_REGION", |text| plain(text, "-", "region", remedy))
}

fn project(reader: &mut Reader<'_>) -> Option<String> {
    let remedy = "set it to the id of the project of the secrets";
    reader.require("GOOGLE_CLOUD_PROJECT", "the secrets are in Google Cloud", remedy);
    reader.parsed("GOOGLE_CLOUD_PROJECT", |text| plain(text, "-.:", "project", remedy))
}

fn kind(text: &str) -> Result<Kind, Refusal> {
    match text {
        "aws-ssm" => Ok(Kind::Ssm),
        "aws-secrets" => Ok(Kind::Secrets),
        "gcp-secret-manager" => Ok(Kind::Gcp),
        _ => Err(Refusal::new(format!("{text:?} is no secret store that Amber knows"), CHOICES)),
    }
}

/// Text that stands in host names or paths.
fn plain(text: &str, marks: &str, what: &str, remedy: &str) -> Result<String, Refusal> {
    let is_plain = text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || marks.contains(c));
    if is_plain { Ok(text.to_owned()) } else { Err(Refusal::new(format!("{text:?} is no {what}"), remedy)) }
}

/// What all stores take, and Parameter Store in particular: paths begin with a slash there.
fn prefix(text: &str, kind: Option<Kind>) -> Result<String, Refusal> {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "/_.-".contains(c);
    if text.len() > LONGEST_PREFIX || !text.chars().all(is_allowed) {
        let problem = format!("{text:?} cannot stand before a name");
        let remedy = format!("write at most {LONGEST_PREFIX} letters, digits, slashes, dots, dashes and underscores");
        return Err(Refusal::new(problem, remedy));
    }
    if matches!(kind, Some(Kind::Ssm)) && text.contains('/') && !text.starts_with('/') {
        return Err(Refusal::new(format!("{text:?} is no path of Parameter Store"), "begin it with a slash"));
    }
    Ok(text.to_owned())
}

/// Variables that hold secrets, by any of their names.
fn names(text: &str) -> Result<Vec<&'static str>, Refusal> {
    let secrets = || variables().filter(|variable| variable.is_secret()).flat_map(Variable::names);
    let read = |item: &str| {
        secrets().find(|known| *known == item).ok_or_else(|| {
            let known = secrets().collect::<Vec<_>>().join(", ");
            Refusal::new(format!("{item:?} is no secret of Amber"), format!("name some of {known}"))
        })
    };
    text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(read).collect()
}
