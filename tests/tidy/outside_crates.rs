//! Each outside crate that shapes code is known to few modules of the server.

use crate::Finding;
use crate::paths::{Path, paths};
use crate::tokens::tokens;
use crate::tree::File;

/// Crates, and the files or folders of `server/src` that may name them.
const PINS: &[(&[&str], &[&str])] = &[
    // The wire: the adapters speak it, and `app/` puts their services together behind one listener.
    (&["tonic", "tonic_health", "tonic_reflection", "tonic_types", "tonic_web"], &["grpc/", "http/", "app/"]),
    (&["hyper", "hyper_util", "tower", "tower_http", "tower_governor"], &["grpc/", "http/", "sandbox/", "app/"]),
    // The listener speaks TLS, and the probe of the program itself.
    (&["tokio_rustls"], &["app/", "http/"]),
    // The sandbox is itself a server, and `app/` owns the listener.
    (&["axum"], &["grpc/", "http/", "sandbox/", "app/"]),
    (&["maud"], &["http/"]),
    (&["sea_orm", "amber_migrations"], &["store/"]),
    (&["deadpool_redis"], &["redis/", "rate_limit/", "embed/", "ingestion/", "health/"]),
    // The secret stores of the clouds are fetched from as well.
    (&["reqwest"], &["x_api/", "secret_store/"]),
    (
        &["aws_config", "aws_credential_types", "aws_sigv4", "aws_smithy_http_client", "google_cloud_auth"],
        &["secret_store/"],
    ),
    (&["backon"], &["resilience/"]),
    // The cron text is parsed where it is read, and followed where it is used.
    (&["croner"], &["config/", "ingestion/"]),
    (&["dotenvy"], &["config/"]),
    (&["jsonwebtoken"], &["auth/", "embed/"]),
    (&["metrics", "metrics_exporter_prometheus", "tracing_subscriber"], &["telemetry/"]),
    (&["opentelemetry", "opentelemetry_otlp", "opentelemetry_sdk", "tracing_opentelemetry"], &["telemetry/"]),
    (&["vader_parity", "whatlang"], &["sentiment/"]),
    (&["clap", "indicatif"], &["main.rs", "cli/"]),
];

/// Checks the files of `server/src`.
pub(crate) fn check(files: &[File]) -> Vec<Finding> {
    files.iter().flat_map(check_file).collect()
}

/// Checks that the server depends on every crate of the table, so that the table cannot outlive what it pins.
pub(crate) fn check_table(manifest: &str) -> Vec<Finding> {
    let crates = PINS.iter().flat_map(|(crates, _)| crates.iter());
    // A manifest may write a hyphen where code writes an underscore.
    let manifest = manifest.replace('-', "_");
    let is_missing =
        |name: &&&str| !["\n{}.workspace", "\n{} = {"].iter().any(|line| manifest.contains(&line.replace("{}", name)));
    let finding = |name| Finding::new("server/Cargo.toml", 0, format!("`{name}` is pinned but not depended on"));
    crates.filter(is_missing).map(finding).collect()
}

fn check_file(file: &File) -> Vec<Finding> {
    let inside = file.path.strip_prefix("server/src/").unwrap_or(&file.path);
    let paths = paths(&file.text);
    let local = local_names(&file.text, &paths);
    let finding = |path: &Path<'_>| {
        let name = *path.segments.first()?;
        let (_, allowed) = PINS.iter().find(|(crates, _)| crates.contains(&name))?;
        let is_meant = (path.imported || path.segments.len() > 1) && !local.contains(&name);
        if !is_meant || allowed.iter().any(|place| is_in(inside, place)) {
            return None;
        }
        let used = path.segments.join("::");
        Some(Finding::new(&file.path, path.line, format!("`{used}` belongs to {}", allowed.join(", "))))
    };
    paths.iter().filter_map(finding).collect()
}

/// Names that stand for a module of our own here, such as `metrics` after `use crate::telemetry::metrics`.
fn local_names<'a>(text: &'a str, paths: &[Path<'a>]) -> Vec<&'a str> {
    let imported = paths.iter().filter(|path| path.imported && path.segments.len() > 1);
    let imported = imported.filter_map(|path| path.segments.last().copied());
    let tokens = tokens(text);
    let declared = tokens.windows(2).filter(|pair| pair[0].text == "mod").map(|pair| pair[1].text);
    imported.chain(declared).collect()
}

/// Whether a file is `place` or lies in it; a folder's module may also be a single file.
fn is_in(inside: &str, place: &str) -> bool {
    match place.strip_suffix('/') {
        Some(module) => inside.starts_with(place) || inside.strip_suffix(".rs") == Some(module),
        None => inside == place,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(path: &str, text: &str) -> Vec<String> {
        check(&[File::new(path, text)]).into_iter().map(|finding| finding.rule).collect()
    }

    #[test]
    fn a_foreign_crate_is_found_however_it_is_named() {
        for text in [
            "use sea_orm::Database;",
            "use {sea_orm::Database, tokio::time};",
            "use ::sea_orm::Database;",
            "use sea_orm as orm;",
            "fn f(_: &sea_orm::DatabaseConnection) {}",
            "#[derive(sea_orm::DeriveEntityModel)] struct A;",
            "mod tests { use sea_orm::Database; }",
        ] {
            assert_eq!(rules("server/src/embed/issuer.rs", text).len(), 1, "{text}");
        }
        assert_eq!(rules("server/src/embed/issuer.rs", "fn f() { metrics::counter!(\"a\") }").len(), 1);
        assert_eq!(rules("server/src/app/mod.rs", "use sea_orm::Database;").len(), 1);
        assert_eq!(rules("server/src/cli.rs", "use clap::Parser; use axum::Router;").len(), 1);
    }

    #[test]
    fn a_crate_is_free_where_it_belongs() {
        assert_eq!(rules("server/src/store/posts.rs", "use sea_orm::Database;"), [""; 0]);
        assert_eq!(rules("server/src/store.rs", "use sea_orm::Database;"), [""; 0]);
        assert_eq!(rules("server/src/main.rs", "use clap::Parser;"), [""; 0]);
    }

    #[test]
    fn a_module_of_our_own_may_share_the_name_of_a_crate() {
        let text = "use crate::telemetry::{self, metrics}; fn f() { metrics::count(); telemetry::metrics::count(); }";
        assert_eq!(rules("server/src/embed/mod.rs", text), [""; 0]);
        assert_eq!(rules("server/src/embed/mod.rs", "mod metrics; fn f() { metrics::count() }"), [""; 0]);
        assert_eq!(rules("server/src/embed/mod.rs", "mod metrics; pub use metrics::count;"), [""; 0]);
    }

    #[test]
    fn comments_strings_and_methods_are_free() {
        let text = "// use axum::Router\nfn f(a: A) { a.metrics(); println!(\"tonic::Status\") }";
        assert_eq!(rules("server/src/embed/mod.rs", text), [""; 0]);
    }

    #[test]
    fn a_pin_of_a_crate_that_is_gone_is_found() {
        let rest = PINS.iter().flat_map(|(crates, _)| crates.iter()).filter(|name| **name != "maud");
        let lines: Vec<String> = rest.map(|name| format!("\n{}.workspace = true", name.replace('_', "-"))).collect();
        let found: Vec<String> = check_table(&lines.concat()).into_iter().map(|finding| finding.rule).collect();
        assert_eq!(found, ["`maud` is pinned but not depended on"]);
    }
}
