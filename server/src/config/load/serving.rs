//! How Amber listens, whom it believes, and what it logs.

use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::path::PathBuf;

use super::traces;
use crate::config::parse::{self, Refusal};
use crate::config::reader::Reader;
use crate::config::{Build, Cors, LogFormat, Server, Telemetry, Tls};

pub(super) fn listen(reader: &mut Reader<'_>) -> SocketAddr {
    let port = reader.number("PORT");
    let listen = reader
        .parsed("LISTEN_ADDR", |text| parse::address(text, port))
        .unwrap_or(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)));
    if reader.is_set("PORT") && listen.port() != port {
        reader.warn("PORT", "is ignored, because LISTEN_ADDR names another port");
    }
    listen
}

pub(super) fn tls(reader: &mut Reader<'_>) -> Option<Tls> {
    let mut path = |name| reader.parsed(name, |text| Ok(PathBuf::from(text)));
    let missing = match (path("TLS_CERT_PATH"), path("TLS_KEY_PATH")) {
        (Some(certificate), Some(key)) => return Some(Tls { certificate, key }),
        (None, None) => return None,
        (Some(_), None) => "TLS_KEY_PATH",
        (None, Some(_)) => "TLS_CERT_PATH",
    };
    reader.refuse(missing, Refusal::new("is not set, but the other half of TLS is", "set both paths, or neither"));
    None
}

pub(super) fn server(reader: &mut Reader<'_>) -> (Server, Cors) {
    let listen = listen(reader);
    let tls = tls(reader);
    let public_url = reader.parsed("PUBLIC_URL", parse::base_url);
    let scheme = if tls.is_some() { "https" } else { "http" };
    let max_connection_age = reader.seconds("MAX_CONNECTION_AGE_SECONDS");
    let server = Server {
        listen,
        tls,
        max_connection_age: Some(max_connection_age).filter(|age| !age.is_zero()),
        max_connections_per_address: NonZeroUsize::new(reader.number("MAX_CONNECTIONS_PER_ADDRESS")),
        public_url: public_url.unwrap_or_else(|| format!("{scheme}://localhost:{}", listen.port())),
        reflection: reader.flag("REFLECTION_ENABLED"),
        metrics_require_auth: reader.flag("METRICS_REQUIRE_AUTH"),
        drain: reader.seconds("SHUTDOWN_DEADLINE_SECONDS"),
        grace: reader.seconds("SHUTDOWN_GRACE_SECONDS"),
        max_body: 1024 * 1024,
        trusted_proxies: reader.parsed("TRUSTED_PROXY_CIDRS", parse::blocks).unwrap_or_default(),
    };
    let cors = Cors { allowed_origins: reader.parsed("CORS_ALLOWED_ORIGINS", parse::sites).unwrap_or_default() };
    (server, cors)
}

pub(super) fn build(reader: &mut Reader<'_>) -> Build {
    let version = reader.parsed("APP_VERSION", |text| Ok(text.to_owned()));
    Build {
        version: version.unwrap_or_else(|| env!("CARGO_PKG_VERSION").to_owned()),
        commit: reader.text("GIT_COMMIT"),
        build_time: reader.text("BUILD_TIME"),
    }
}

pub(super) fn telemetry(reader: &mut Reader<'_>) -> Telemetry {
    let log_format = reader.parsed("LOG_FORMAT", |text| match text {
        "json" => Ok(LogFormat::Json),
        "text" => Ok(LogFormat::Text),
        _ => Err(Refusal::new(format!("{text:?} is no format"), "write json or text")),
    });
    let log_filter = reader.parsed("RUST_LOG", parse::log_filter);
    Telemetry {
        log_format: log_format.unwrap_or(LogFormat::Json),
        log_filter: log_filter.unwrap_or_default(),
        traces: traces::traces(reader),
    }
}
