//! A collector of traces: it takes OTLP by gRPC and keeps every span.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{TraceService, TraceServiceServer};
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Identity, Server, ServerTlsConfig};
use tonic::{Request, Response, Status};

use crate::authority::Certified;

/// The longest that spans are waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// A collector on a port of its own. It ends when it is dropped.
#[derive(Debug)]
pub struct Collector {
    scheme: &'static str,
    address: SocketAddr,
    kept: Kept,
    _server: JoinSet<()>,
}

/// A span as the collector got it.
#[derive(Debug, Clone)]
pub struct TraceSpan {
    /// The name of the service that sent it.
    pub service: String,
    /// Its trace, in hexadecimal digits.
    pub trace: String,
    /// Its own id, in hexadecimal digits.
    pub id: String,
    /// The span above it; empty for the first of a trace.
    pub parent: String,
    /// What it is called.
    pub name: String,
    /// `server`, `client`, `consumer` or `internal`.
    pub kind: &'static str,
    /// Whether it tells of a failure.
    pub failed: bool,
    /// What it says, as text.
    pub attributes: BTreeMap<String, String>,
    /// How many events it holds.
    pub events: usize,
}

impl TraceSpan {
    /// What it says of this; empty when it says nothing.
    #[must_use]
    pub fn says(&self, attribute: &str) -> &str {
        self.attributes.get(attribute).map_or("", String::as_str)
    }
}

impl Collector {
    /// Starts a collector.
    ///
    /// # Panics
    /// When no port of 127.0.0.1 is free.
    pub async fn start() -> Self {
        Self::serve("http", Server::builder()).await
    }

    /// Starts one that speaks TLS with this certificate.
    ///
    /// # Panics
    /// When the certificate cannot be used, or no port of 127.0.0.1 is free.
    pub async fn start_encrypted(by: &Certified) -> Self {
        let read = |path: &PathBuf| std::fs::read(path).expect("the authority wrote it");
        let identity = Identity::from_pem(read(&by.certificate), read(&by.key));
        let server = Server::builder().tls_config(ServerTlsConfig::new().identity(identity));
        Self::serve("https", server.expect("the certificate fits its key")).await
    }

    async fn serve(scheme: &'static str, mut server: Server) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("a bound port has an address");
        let kept = Kept::default();
        let server = server.add_service(TraceServiceServer::new(kept.clone()));
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            server.serve_with_incoming(TcpIncoming::from(listener)).await.expect("it serves until it is dropped");
        });
        Self { scheme, address, kept, _server: tasks }
    }

    /// Where it listens, such as `http://127.0.0.1:4317`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// Every span so far.
    #[must_use]
    pub fn spans(&self) -> Vec<TraceSpan> {
        self.kept.0.lock().unwrap_or_else(PoisonError::into_inner).spans.clone()
    }

    /// What the last call showed under this name; empty when it was nothing.
    #[must_use]
    pub fn shown(&self, header: &str) -> String {
        let kept = self.kept.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.metadata.get(header).cloned().unwrap_or_default()
    }

    /// The spans, once they are as wanted.
    ///
    /// # Panics
    /// When that does not come.
    pub async fn until(&self, what: &str, is_so: impl Fn(&[TraceSpan]) -> bool) -> Vec<TraceSpan> {
        let come = async {
            loop {
                let spans = self.spans();
                if is_so(&spans) {
                    return spans;
                }
                sleep(Duration::from_millis(20)).await;
            }
        };
        let spans = timeout(PATIENCE, come).await;
        spans.unwrap_or_else(|_| panic!("no {what} in {:#?}", self.spans()))
    }
}

/// What was sent.
#[derive(Debug, Clone, Default)]
struct Kept(Arc<Mutex<Sent>>);

#[derive(Debug, Default)]
struct Sent {
    spans: Vec<TraceSpan>,
    metadata: BTreeMap<String, String>,
}

#[tonic::async_trait]
impl TraceService for Kept {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let headers = request.metadata().clone().into_headers();
        let metadata =
            headers.iter().map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into()));
        let mut sent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sent.metadata = metadata.collect();
        for resource in request.into_inner().resource_spans {
            let of = resource.resource.map(|resource| attributes(resource.attributes)).unwrap_or_default();
            let service = of.get("service.name").cloned().unwrap_or_default();
            let spans = resource.scope_spans.into_iter().flat_map(|scope| scope.spans);
            sent.spans.extend(spans.map(|span| read(span, &service)));
        }
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

fn read(span: Span, service: &str) -> TraceSpan {
    let kind = match span.kind() {
        SpanKind::Server => "server",
        SpanKind::Client => "client",
        SpanKind::Consumer => "consumer",
        SpanKind::Producer => "producer",
        SpanKind::Internal | SpanKind::Unspecified => "internal",
    };
    TraceSpan {
        service: service.to_owned(),
        trace: hex::encode(&span.trace_id),
        id: hex::encode(&span.span_id),
        parent: hex::encode(&span.parent_span_id),
        kind,
        failed: span.status.is_some_and(|status| status.code() == StatusCode::Error),
        events: span.events.len(),
        name: span.name,
        attributes: attributes(span.attributes),
    }
}

fn attributes(told: Vec<KeyValue>) -> BTreeMap<String, String> {
    told.into_iter().map(|told| (told.key, text(told.value))).collect()
}

fn text(value: Option<AnyValue>) -> String {
    match value.and_then(|value| value.value) {
        Some(Value::StringValue(text)) => text,
        Some(Value::BoolValue(value)) => value.to_string(),
        Some(Value::IntValue(value)) => value.to_string(),
        Some(Value::DoubleValue(value)) => value.to_string(),
        other => format!("{other:?}"),
    }
}
