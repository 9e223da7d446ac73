//! Sends spans to a collector by OTLP, without ever holding up what they tell about.

use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io};

use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::trace::{Link, SpanKind, TraceContextExt, TraceId, TraceState, TracerProvider};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::tonic_types::metadata::MetadataMap;
use opentelemetry_otlp::tonic_types::transport::{Certificate, ClientTlsConfig};
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig, WithTonicConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{
    BatchSpanProcessor, Sampler, SamplingDecision, SamplingResult, SdkTracerProvider, ShouldSample,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use secrecy::ExposeSecret;
use tracing::warn;
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::Registry;
use tracing_subscriber::filter::{LevelFilter, filter_fn};
use tracing_subscriber::layer::Layer;

use super::plain::Plain;
use super::spans;
use crate::config::{Sampling, Traces};

/// The longest that the collector may take for one batch.
const PATIENCE: Duration = Duration::from_secs(5);
/// The longest that the end of the process waits for the last batch.
const LAST_BATCH: Duration = Duration::from_secs(3);

/// Why traces cannot be exported.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address of the collector cannot be used.
    #[error("traces cannot be exported: {0}")]
    Collector(#[from] ExporterBuildError),
    /// The file of the authority that vouches for the collector cannot be read.
    #[error("OTEL_EXPORTER_OTLP_CERTIFICATE: {} cannot be read: {source}", path.display())]
    Authority {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// That file holds no certificate.
    #[error("OTEL_EXPORTER_OTLP_CERTIFICATE: {} holds no certificate", path.display())]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
}

/// Where the traces of this process go.
///
/// Spans that have ended wait in a bounded queue for a thread of their own. A collector that is slow or away costs spans, and
/// nothing else.
#[derive(Debug)]
#[must_use = "without `finish` the last spans are lost"]
pub struct Export(Option<SdkTracerProvider>);

impl Export {
    /// No traces are kept.
    pub(super) fn nowhere() -> Self {
        Self(None)
    }

    /// Traces go to a collector, which need not be there yet.
    pub(super) fn to(traces: &Traces) -> Result<Self, Error> {
        let mut collector = SpanExporter::builder()
            .with_tonic()
            .with_endpoint(&traces.endpoint)
            .with_timeout(PATIENCE)
            .with_metadata(MetadataMap::from_headers(headers(traces)));
        if traces.endpoint.starts_with("https") {
            collector = collector.with_tls_config(tls(traces.authority.as_deref())?);
        }
        let collector = collector.build()?;
        let resource = Resource::builder()
            .with_service_name(traces.service.clone())
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .build();
        let provider = SdkTracerProvider::builder()
            .with_span_processor(BatchSpanProcessor::builder(Plain(collector)).build())
            .with_sampler(Rooted(sampler(traces.sampling)))
            .with_resource(resource)
            .build();
        Ok(Self(Some(provider)))
    }

    /// Sees the spans; None when no traces are kept.
    pub(super) fn layer(&self) -> Option<Box<dyn Layer<Registry> + Send + Sync>> {
        let tracer = self.0.as_ref()?.tracer("amber");
        let layer = OpenTelemetryLayer::new(tracer)
            .with_context_activation(false)
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_level(false)
            .with_target(false);
        let chosen = filter_fn(spans::is_for_traces).with_max_level_hint(LevelFilter::from_level(spans::FINEST));
        Some(layer.with_filter(chosen).boxed())
    }

    /// Sends what still waits, for a few seconds at most.
    pub async fn finish(self) {
        let Some(provider) = self.0 else { return };
        let sent = tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(LAST_BATCH)).await;
        if let Ok(Err(error)) = sent {
            warn!(%error, "The last spans were not exported.");
        }
    }
}

/// Whom to believe that it is the collector.
fn tls(authority: Option<&Path>) -> Result<ClientTlsConfig, Error> {
    let tls = ClientTlsConfig::new().with_enabled_roots();
    let Some(path) = authority else { return Ok(tls) };
    let pem = fs::read(path).map_err(|source| Error::Authority { path: path.to_owned(), source })?;
    let is_certificate = CertificateDer::pem_slice_iter(&pem).next().is_some_and(|first| first.is_ok());
    if !is_certificate {
        return Err(Error::NoCertificate { path: path.to_owned() });
    }
    Ok(tls.ca_certificate(Certificate::from_pem(pem)))
}

/// The headers of each call. Those that no header can carry were refused with the configuration.
fn headers(traces: &Traces) -> HeaderMap {
    let read = |(name, value): &(String, secrecy::SecretString)| {
        let mut value = HeaderValue::from_str(value.expose_secret()).ok()?;
        value.set_sensitive(true);
        Some((HeaderName::try_from(name).ok()?, value))
    };
    traces.headers.iter().filter_map(read).collect()
}

fn sampler(sampling: Sampling) -> Sampler {
    let share = Sampler::TraceIdRatioBased(sampling.share);
    if sampling.by_caller { Sampler::ParentBased(Box::new(share)) } else { share }
}

/// Lets no call to others begin a trace: the statements and calls of chores, which come every second, belong to nothing that
/// anybody looks for.
#[derive(Debug, Clone)]
struct Rooted(Sampler);

impl ShouldSample for Rooted {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        trace_id: TraceId,
        name: &str,
        kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        let is_root = parent.is_none_or(|parent| !parent.span().span_context().is_valid());
        if is_root && *kind == SpanKind::Client {
            let (attributes, trace_state) = (Vec::new(), TraceState::default());
            return SamplingResult { decision: SamplingDecision::Drop, attributes, trace_state };
        }
        self.0.should_sample(parent, trace_id, name, kind, attributes, links)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authority_that_cannot_be_used_is_refused_by_the_name_of_its_variable() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("empty.crt"), "no certificate").unwrap();
        for (file, why) in [("none.crt", "cannot be read"), ("empty.crt", "holds no certificate")] {
            let told = tls(Some(&folder.path().join(file))).map(|_| ()).unwrap_err().to_string();
            assert!(told.starts_with("OTEL_EXPORTER_OTLP_CERTIFICATE: ") && told.contains(why), "{told}");
        }
    }
}
