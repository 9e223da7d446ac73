//! The spans of Amber: one that ties log lines to their request, and those that only traces show.

use http::HeaderMap;
use opentelemetry::Context;
use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::trace::{SpanContext, TraceContextExt, TraceId};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::{Level, Metadata, Span, field};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use super::RequestId;

/// The target of spans that only traces show. They cost nothing while no traces are exported.
///
/// Whoever makes such a span says which of its fields are known, and none of them may hold a secret or what people wrote.
pub const TRACED: &str = "amber::traced";

/// The spans of the statements, which the library of the database makes.
const STATEMENTS: &str = "sea_orm::database";

/// Whether log lines show the span: the one of their request.
pub(super) fn is_for_logs(metadata: &Metadata<'_>) -> bool {
    metadata.target().starts_with("amber_server")
}

/// The finest spans that traces show; libraries make more for their own sake.
pub(super) const FINEST: Level = Level::INFO;

/// Whether traces show it.
pub(super) fn is_for_traces(metadata: &Metadata<'_>) -> bool {
    let is_known = metadata.target() == TRACED || metadata.target().starts_with(STATEMENTS);
    metadata.is_span() && is_known && *metadata.level() <= FINEST
}

/// The span of a request in the log. It is there at every level, so that no line lacks the id of its request.
#[must_use]
pub fn logged(id: &RequestId) -> Span {
    tracing::error_span!("request", request_id = id.as_str(), trace_id = field::Empty)
}

/// Which protocol a call speaks, and what it asks for, as far as there are only so many answers.
#[derive(Debug, Clone, Copy)]
pub enum Asked<'a> {
    /// A method and the pattern of a route.
    Http(&'a str, &'a str),
    /// The path of a gRPC method, `/package.Service/Method`.
    Rpc(&'a str),
}

/// The span of a request in its trace: that of the caller when it sent a `traceparent` (W3C Trace Context), else a new one.
#[derive(Debug)]
pub struct RequestSpan(Span);

impl RequestSpan {
    /// Begins it, and notes its trace in the span of the log that is entered.
    #[must_use]
    pub fn begin(headers: &HeaderMap, id: Option<&RequestId>) -> Self {
        let span = tracing::info_span!(
            target: TRACED,
            "request",
            otel.kind = "server",
            otel.status_code = field::Empty,
            http.request.method = field::Empty,
            http.route = field::Empty,
            http.response.status_code = field::Empty,
            rpc.system = field::Empty,
            rpc.service = field::Empty,
            rpc.method = field::Empty,
            rpc.grpc.status_code = field::Empty,
            error.type = field::Empty,
            amber.request_id = id.map(RequestId::as_str),
            amber.caller = field::Empty,
        );
        let caller = TraceContextPropagator::new().extract(&Sent(headers));
        let mut trace = caller.span().span_context().trace_id();
        if span.set_parent(caller).is_ok() {
            trace = span.context().span().span_context().trace_id();
        }
        if trace != TraceId::INVALID {
            Span::current().record("trace_id", field::display(trace));
        }
        Self(span)
    }

    /// No span, for requests that nobody wants to find in traces.
    #[must_use]
    pub fn none() -> Self {
        Self(Span::none())
    }

    /// The span, for what is done for the request.
    #[must_use]
    pub fn span(&self) -> Span {
        self.0.clone()
    }

    /// Writes down what was asked and what was answered, by the semantic conventions of OpenTelemetry for servers.
    pub fn end(self, asked: Asked<'_>, code: &str, caller: &'static str) {
        if self.0.is_disabled() {
            return;
        }
        self.0.record("amber.caller", caller);
        let rename = |name: String| self.0.context().span().update_name(name);
        let number: i64 = code.parse().unwrap_or_default();
        let failed = match asked {
            Asked::Http(method, route) => {
                rename(format!("{method} {route}"));
                self.0.record("http.request.method", method).record("http.route", route);
                self.0.record("http.response.status_code", number);
                number >= 500
            }
            Asked::Rpc(path) => {
                let name = path.trim_start_matches('/');
                let (service, method) = name.rsplit_once('/').unwrap_or((name, ""));
                rename(name.to_owned());
                self.0.record("rpc.system", "grpc").record("rpc.service", service).record("rpc.method", method);
                self.0.record("rpc.grpc.status_code", number);
                SERVER_FAILED.contains(&number)
            }
        };
        if failed {
            self.0.record("otel.status_code", "ERROR").record("error.type", code);
        }
    }
}

/// The statuses of gRPC that are the fault of the server, as the semantic conventions list them.
const SERVER_FAILED: [i64; 6] = [2, 4, 12, 13, 14, 15];

/// A place in a trace, for what is done for it later and elsewhere in this process.
#[derive(Debug, Clone, PartialEq)]
pub struct TracePlace(SpanContext);

impl TracePlace {
    /// That of the span which is entered; None when it is in no trace.
    #[must_use]
    pub fn here() -> Option<Self> {
        let place = Span::current().context().span().span_context().clone();
        place.is_valid().then_some(Self(place))
    }

    /// Puts a span that has not been entered yet below it.
    pub fn adopt(&self, span: &Span) {
        // It fails only for a span that no trace shows.
        let _ = span.set_parent(Context::new().with_remote_span_context(self.0.clone()));
    }
}

/// Headers as the propagator reads them.
struct Sent<'a>(&'a HeaderMap);

impl Extractor for Sent<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(http::HeaderName::as_str).collect()
    }
}
