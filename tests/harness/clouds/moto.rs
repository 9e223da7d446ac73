//! AWS as the program moto plays it.

use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::{Value, json};

use crate::guarded::{Guarded, Server, new_home};
use crate::port::Port;
use crate::tools::find_program;

/// A running moto. Dropping it ends it.
pub(super) struct Moto {
    port: Port,
    _process: Guarded,
}

impl Moto {
    /// Starts it; `None` where it is not installed.
    pub(super) fn start() -> Option<Self> {
        let remedy = "pip install 'moto[ssm,secretsmanager]==5.2.5' flask flask-cors";
        let program = find_program("moto_server", remedy)?.display().to_string();
        let port = Port::claim();
        let command = [program, "-H".to_owned(), "127.0.0.1".to_owned(), "-p".to_owned(), port.number().to_string()];
        let server = Server { command: &command, ready: "Running on http://", stop_signal: "KILL" };
        let process = Guarded::start(&new_home("moto"), &server).expect("moto starts");
        Some(Self { port, _process: process })
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.port.address())
    }

    pub(super) async fn put_parameter(&self, name: &str, value: &str) {
        let body = json!({ "Name": name, "Value": value, "Type": "SecureString", "Overwrite": true });
        self.call("ssm", "AmazonSSM.PutParameter", body).await.expect("a parameter");
    }

    pub(super) async fn put_secret(&self, name: &str, value: &str) {
        let mut hasher = DefaultHasher::new();
        value.hash(&mut hasher);
        // A name for the call, which AWS wants to be long, and which tells one value from another.
        let token = format!("{:032x}", hasher.finish());
        let body = json!({ "Name": name, "SecretString": value, "ClientRequestToken": token });
        let made = self.call("secretsmanager", "secretsmanager.CreateSecret", body).await;
        if made.is_err() {
            let body = json!({ "SecretId": name, "SecretString": value, "ClientRequestToken": token });
            self.call("secretsmanager", "secretsmanager.PutSecretValue", body).await.expect("a secret");
        }
    }

    /// Moto checks no signature, but takes service and region from it.
    async fn call(&self, service: &str, target: &str, body: Value) -> Result<Value, String> {
        let signature = format!(
            "AWS4-HMAC-SHA256 Credential=test/20260101/eu-west-1/{service}/aws4_request, SignedHeaders=host, Signature=test"
        );
        let call =
            crate::http_client().post(self.url()).header("x-amz-target", target).header("authorization", signature);
        let call = call.header("content-type", "application/x-amz-json-1.1").body(body.to_string());
        let answer = call.send().await.expect("moto answers");
        let (status, text) = (answer.status(), answer.text().await.expect("a whole answer"));
        if status.is_success() { Ok(serde_json::from_str(&text).expect("JSON")) } else { Err(text) }
    }
}
