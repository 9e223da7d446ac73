//! Which secret store of a cloud is read, and how a variable is called there.

use std::fmt;
use std::time::Duration;

/// The secret store of a cloud.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretsManager {
    /// Which one it is.
    pub store: CloudStore,
    /// What stands before the name of each variable.
    pub prefix: String,
    /// The variables whose secrets are there; None: perhaps all that are set nowhere else.
    pub names: Option<Vec<&'static str>>,
    /// Where it is reached in place of its public address: `http(s)://host[:port][/path]`, without a slash at the end.
    pub endpoint: Option<String>,
    /// How long reading all secrets may take.
    pub timeout: Duration,
    /// How often it is read again while Amber runs; None: when asked only.
    pub poll: Option<Duration>,
}

/// The stores that Amber knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CloudStore {
    /// Parameters of AWS Systems Manager.
    AwsSsm {
        /// The region, such as `eu-west-1`.
        region: String,
    },
    /// AWS Secrets Manager.
    AwsSecrets {
        /// The region, such as `eu-west-1`.
        region: String,
    },
    /// Secret Manager of Google Cloud.
    GcpSecretManager {
        /// The project, by its id or number.
        project: String,
    },
}

impl CloudStore {
    /// What `SECRETS_MANAGER_PROVIDER` calls it.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::AwsSsm { .. } => "aws-ssm",
            Self::AwsSecrets { .. } => "aws-secrets",
            Self::GcpSecretManager { .. } => "gcp-secret-manager",
        }
    }

    /// The cargo feature with which it is built.
    #[must_use]
    pub fn feature(&self) -> &'static str {
        match self {
            Self::AwsSsm { .. } | Self::AwsSecrets { .. } => "aws",
            Self::GcpSecretManager { .. } => "gcp",
        }
    }
}

impl fmt::Display for CloudStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl SecretsManager {
    /// What a variable is called in the store: the prefix and its name. Ids of Google Cloud are
    /// [letters, digits, hyphens and underscores](https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets/create),
    /// so there every other character becomes a hyphen, and the slash at the beginning goes.
    #[must_use]
    pub fn name_of(&self, variable: &str) -> String {
        let name = format!("{}{variable}", self.prefix);
        match self.store {
            CloudStore::AwsSsm { .. } | CloudStore::AwsSecrets { .. } => name,
            CloudStore::GcpSecretManager { .. } => {
                let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
                name.trim_start_matches('/').replace(|c| !is_allowed(c), "-")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_called_as_each_store_allows() {
        let project = "amber-prod".to_owned();
        for (store, prefix, name) in [
            (CloudStore::AwsSsm { region: "eu-west-1".to_owned() }, "/amber/prod/", "/amber/prod/REDIS_URL"),
            (CloudStore::AwsSecrets { region: "eu-west-1".to_owned() }, "amber/", "amber/REDIS_URL"),
            (CloudStore::GcpSecretManager { project: project.clone() }, "/amber/prod/", "amber-prod-REDIS_URL"),
            (CloudStore::GcpSecretManager { project }, "amber_", "amber_REDIS_URL"),
        ] {
            let (endpoint, timeout, prefix) = (None, Duration::from_secs(1), prefix.to_owned());
            let manager = SecretsManager { store, prefix, names: None, endpoint, timeout, poll: None };
            assert_eq!(manager.name_of("REDIS_URL"), name);
        }
    }
}
