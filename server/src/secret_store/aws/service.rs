//! The two stores of AWS: how each is asked, and what its answers say.

use reqwest::StatusCode;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::secret_store::Error;
use crate::secret_store::call::{Answer, Caller, Failed, LONGEST_SECRET};

pub(super) const CREDENTIALS_REMEDY: &str =
    "give its service account a role (IRSA), or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";

/// What differs between the two.
pub(super) struct Service {
    /// Its name in hosts and signatures.
    pub(super) name: &'static str,
    /// The call that reads several secrets.
    pub(super) target: &'static str,
    /// How many at once.
    pub(super) batch: usize,
    /// What must be allowed.
    permission: &'static str,
    /// The body of that call; the second value asks for the next part of an answer.
    pub(super) ask: fn(&[String], Option<String>) -> Value,
    read: fn(&Caller, &str, &[u8]) -> Result<Page, Error>,
}

/// A part of an answer.
#[derive(Default)]
pub(super) struct Page {
    pub(super) secrets: Vec<(String, SecretString)>,
    pub(super) next: Option<String>,
}

/// [`GetParameters`](https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html)
pub(super) const PARAMETERS: Service = Service {
    name: "ssm",
    target: "AmazonSSM.GetParameters",
    batch: 10,
    permission: "allow its role ssm:GetParameters on all parameters below SECRETS_PREFIX, and kms:Decrypt on their key, or name in \
                 SECRETS_NAMES those that it may read",
    ask: |names, _| json!({ "Names": names, "WithDecryption": true }),
    read: parameters,
};

/// [`BatchGetSecretValue`](https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_BatchGetSecretValue.html)
pub(super) const SECRETS: Service = Service {
    name: "secretsmanager",
    target: "secretsmanager.BatchGetSecretValue",
    batch: 20,
    permission: "allow its role secretsmanager:BatchGetSecretValue, secretsmanager:GetSecretValue on all secrets below \
                 SECRETS_PREFIX, and kms:Decrypt on their key, or name in SECRETS_NAMES those that it may read",
    ask: |names, next| match next {
        None => json!({ "SecretIdList": names }),
        Some(next) => json!({ "SecretIdList": names, "NextToken": next }),
    },
    read: secrets,
};

impl Service {
    /// What an answer says about the secrets of these names.
    pub(super) fn judge(&self, caller: &Caller, names: &str, answer: &Answer) -> Result<Page, Failed> {
        if answer.status.is_success() {
            return (self.read)(caller, names, answer.body.expose()).map_err(Failed::for_good);
        }
        let problem: Problem = serde_json::from_slice(answer.body.expose()).unwrap_or_default();
        // `com.amazonaws.ssm#ThrottlingException`, or the last part alone.
        let code = problem.code.rsplit('#').next().unwrap_or_default();
        let reason = format!("{} {code} {}", answer.status.as_u16(), problem.message.unwrap_or_default());
        let reason = reason.trim_end();
        if answer.status.is_server_error() || answer.status == StatusCode::TOO_MANY_REQUESTS || is_passing(code) {
            return Err(caller.unavailable(answer, reason));
        }
        Err(Failed::for_good(caller.refusal(names, code, reason, self.permission)))
    }
}

impl Caller {
    /// A refusal that lasts: of one secret, of all of them, or of the process.
    fn refusal(&self, names: &str, code: &str, reason: &str, permission: &'static str) -> Error {
        match code {
            "AccessDeniedException" | "AccessDenied" => self.forbidden(names, reason, permission),
            "UnrecognizedClientException"
            | "InvalidSignatureException"
            | "ExpiredTokenException"
            | "InvalidClientTokenId"
            | "IncompleteSignature"
            | "MissingAuthenticationToken" => self.no_credentials(reason, CREDENTIALS_REMEDY),
            _ => self.refused(names, reason),
        }
    }
}

/// [Errors](https://docs.aws.amazon.com/systems-manager/latest/APIReference/CommonErrors.html) that pass by themselves.
fn is_passing(code: &str) -> bool {
    code.contains("Throttl")
        || ["TooManyRequestsException", "RequestTimeout", "ServiceUnavailable"].contains(&code)
        || code.starts_with("InternalService")
        || code.starts_with("InternalServer")
        || code == "InternalFailure"
}

#[derive(Default, Deserialize)]
struct Problem {
    #[serde(rename = "__type", default)]
    code: String,
    #[serde(alias = "Message")]
    message: Option<String>,
}

fn parameters(caller: &Caller, names: &str, body: &[u8]) -> Result<Page, Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Parameters {
        parameters: Vec<Parameter>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Parameter {
        name: String,
        value: String,
    }
    let read: Parameters = serde_json::from_slice(body).map_err(|_| not_understood(caller, names))?;
    let secrets = read.parameters.into_iter().map(|Parameter { name, value }| (name, value.into())).collect();
    Ok(Page { secrets, next: None })
}

fn secrets(caller: &Caller, names: &str, body: &[u8]) -> Result<Page, Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Secrets {
        #[serde(default)]
        secret_values: Vec<Secret>,
        #[serde(default)]
        errors: Vec<Refusal>,
        next_token: Option<String>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Secret {
        name: String,
        secret_string: Option<String>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Refusal {
        secret_id: String,
        error_code: String,
        #[serde(default)]
        message: String,
    }
    let read: Secrets = serde_json::from_slice(body).map_err(|_| not_understood(caller, names))?;
    let is_absent = |refusal: &Refusal| refusal.error_code.starts_with("ResourceNotFound");
    let refused: Vec<Refusal> = read.errors.into_iter().filter(|refusal| !is_absent(refusal)).collect();
    if let Some(Refusal { error_code, message, .. }) = refused.first() {
        // All that are refused like the first, so that the rights can be given at once.
        let alike = refused.iter().filter(|refusal| refusal.error_code == *error_code);
        let names: Vec<_> = alike.map(|refusal| refusal.secret_id.as_str()).collect();
        let reason = format!("{error_code} {message}");
        return Err(caller.refusal(&names.join(", "), error_code, &reason, SECRETS.permission));
    }
    let usable = |Secret { name, secret_string }: Secret| match secret_string {
        None => Err(caller.unusable(&name, "it is binary; store it as text")),
        Some(text) if text.len() > LONGEST_SECRET => Err(caller.unusable(&name, "it is longer than 64 KiB")),
        Some(text) => Ok((name, text.into())),
    };
    let secrets = read.secret_values.into_iter().map(usable).collect::<Result<_, _>>()?;
    Ok(Page { secrets, next: read.next_token.filter(|next| !next.is_empty()) })
}

fn not_understood(caller: &Caller, names: &str) -> Error {
    caller.unusable(names, "the answer is not understood")
}
