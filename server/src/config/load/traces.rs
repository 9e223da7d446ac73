//! Which traces go where, by the names that OpenTelemetry gives to its variables.

use std::path::PathBuf;

use secrecy::SecretString;

use crate::config::parse::{self, Refusal};
use crate::config::reader::Reader;
use crate::config::{Sampling, Traces};

pub(super) fn traces(reader: &mut Reader<'_>) -> Option<Traces> {
    let endpoint = reader.parsed("OTEL_EXPORTER_OTLP_ENDPOINT", parse::base_url);
    let headers = reader.parsed("OTEL_EXPORTER_OTLP_HEADERS", headers).unwrap_or_default();
    let authority = reader.parsed("OTEL_EXPORTER_OTLP_CERTIFICATE", |path| Ok(PathBuf::from(path)));
    if authority.is_some() && !endpoint.as_ref().is_some_and(|endpoint| endpoint.starts_with("https")) {
        reader.warn("OTEL_EXPORTER_OTLP_CERTIFICATE", "does nothing while OTEL_EXPORTER_OTLP_ENDPOINT is not on https");
    }
    let service = reader.text("OTEL_SERVICE_NAME");
    let share = reader.parsed("OTEL_TRACES_SAMPLER_ARG", share).unwrap_or(1.0);
    let sampling = reader.parsed("OTEL_TRACES_SAMPLER", |name| sampling(name, share));
    Some(Traces { endpoint: endpoint?, headers, authority, service, sampling: sampling? })
}

fn share(text: &str) -> Result<f64, Refusal> {
    let refusal = || Refusal::new(format!("{text:?} is no share"), "write a number from 0 to 1, such as 0.1");
    text.parse().ok().filter(|share| (0.0..=1.0).contains(share)).ok_or_else(refusal)
}

fn sampling(name: &str, share: f64) -> Result<Sampling, Refusal> {
    let inner = name.strip_prefix("parentbased_");
    let share = match inner.unwrap_or(name) {
        "always_on" => 1.0,
        "always_off" => 0.0,
        "traceidratio" => share,
        _ => {
            let remedy = "write always_on, always_off or traceidratio, or one of them after parentbased_";
            return Err(Refusal::new(format!("{name:?} is no way to choose traces"), remedy));
        }
    };
    Ok(Sampling { by_caller: inner.is_some(), share })
}

/// Headers of the form `name=value,name=value`. No mistake shows a value, which may be a key.
fn headers(text: &str) -> Result<Vec<(String, SecretString)>, Refusal> {
    let refusal = |problem: &str| Refusal::new(problem, "write name=value, separated by commas, with %20 for a space");
    let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
    let read = |item: &str| {
        let (name, value) = item.split_once('=').ok_or_else(|| refusal("holds an entry without ="))?;
        let name = name.trim().to_ascii_lowercase();
        let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
        if !is_name {
            return Err(refusal("holds a name that no header has"));
        }
        let value = decoded(value.trim()).filter(|value| value.bytes().all(|b| (b' '..=b'~').contains(&b)));
        Ok((name, value.ok_or_else(|| refusal("holds a value that no header can carry"))?.into()))
    };
    items.map(read).collect()
}

/// The text without its percent-encoding; None when that is broken.
fn decoded(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let (code, rest) = part.split_at_checked(2)?;
        bytes.extend(hex::decode(code).ok()?);
        bytes.extend(rest.bytes());
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;
    use crate::config::{MapEnv, Telemetry};

    #[test]
    fn without_a_collector_there_are_no_traces() {
        let env = MapEnv::default().with("OTEL_SERVICE_NAME", "web");
        assert!(Telemetry::load(&env).unwrap().traces.is_none());
    }

    #[test]
    fn the_standard_names_say_where_traces_go() {
        let env = MapEnv::default()
            .with("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4317/")
            .with("OTEL_EXPORTER_OTLP_CERTIFICATE", "/etc/collector.crt")
            .with("OTEL_EXPORTER_OTLP_HEADERS", "Authorization=Basic%20a+b==, x-team = web ");
        let traces = Telemetry::load(&env).unwrap().traces.expect("there is a collector");
        assert_eq!((traces.endpoint.as_str(), traces.service.as_str()), ("http://collector:4317", "amber"));
        assert_eq!(traces.authority.as_deref(), Some("/etc/collector.crt".as_ref()));
        let headers: Vec<_> = traces.headers.iter().map(|(name, value)| (&**name, value.expose_secret())).collect();
        assert_eq!(headers, [("authorization", "Basic a+b=="), ("x-team", "web")]);
        assert_eq!(traces.sampling, Sampling { by_caller: true, share: 1.0 });
    }

    #[test]
    fn every_sampler_of_the_standard_is_known() {
        for (name, by_caller, share) in [
            ("always_on", false, 1.0),
            ("always_off", false, 0.0),
            ("traceidratio", false, 0.25),
            ("parentbased_always_on", true, 1.0),
            ("parentbased_always_off", true, 0.0),
            ("parentbased_traceidratio", true, 0.25),
        ] {
            assert_eq!(sampling(name, 0.25), Ok(Sampling { by_caller, share }), "{name}");
        }
        assert!(sampling("sometimes", 0.25).is_err() && sampling("parentbased_", 0.25).is_err());
        assert!(share("1.5").is_err() && share("-0.1").is_err() && share("NaN").is_err() && share("half").is_err());
    }

    #[test]
    fn a_bad_header_is_refused_without_its_value() {
        for text in ["hush", "=hush", "a b=hush", "a=hush%2", "a=hush%zz", "a=hush%0A", "a=hush%00"] {
            let refusal = headers(text).map(|_| ()).expect_err(text);
            assert!(!format!("{refusal:?}").contains("hush"), "{refusal:?}");
        }
    }
}
