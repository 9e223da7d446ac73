//! Shows statements by the names of the semantic conventions, and without the words of the database.

use std::time::Duration;

use opentelemetry::{Key, KeyValue, Value};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};

/// The longest statement that is shown, in bytes. Values are never part of it: they are bound.
const LONGEST: usize = 1_024;

/// The names that the library of the database gives, and those of the conventions.
const NAMES: [(&str, &str); 3] =
    [("db.system", "db.system.name"), ("db.operation", "db.operation.name"), ("db.statement", "db.query.text")];

/// An exporter that sees statements in this form.
#[derive(Debug)]
pub(super) struct Plain<E>(pub(super) E);

impl<E: SpanExporter> SpanExporter for Plain<E> {
    fn export(&self, mut batch: Vec<SpanData>) -> impl Future<Output = OTelSdkResult> + Send {
        batch.iter_mut().filter(|span| span.name.starts_with("sea_orm.")).for_each(tidy);
        self.0.export(batch)
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.0.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.0.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.0.set_resource(resource);
    }
}

fn tidy(span: &mut SpanData) {
    // An error of the database may quote values.
    span.attributes.retain(|attribute| attribute.key.as_str() != "exception.message");
    for attribute in &mut span.attributes {
        if let Some((_, name)) = NAMES.iter().find(|(name, _)| attribute.key.as_str() == *name) {
            attribute.key = Key::from_static_str(name);
        }
    }
    let statement = span.attributes.iter_mut().find(|attribute| attribute.key.as_str() == "db.query.text");
    match statement {
        Some(KeyValue { value: Value::String(text), .. }) => {
            span.name = summary(text.as_str()).into();
            if text.as_str().len() > LONGEST {
                let end = text.as_str().floor_char_boundary(LONGEST);
                *text = format!("{}…", &text.as_str()[..end]).into();
            }
        }
        // A transaction begins or ends.
        _ => span.name = span.name.trim_start_matches("sea_orm.").to_ascii_uppercase().into(),
    }
}

/// The operation and its first table, such as `SELECT posts`.
fn summary(statement: &str) -> String {
    let mut words = statement.split_whitespace();
    let operation = words.next().unwrap_or_default().to_ascii_uppercase();
    let is_before_table = |word: &&str| matches!(word.to_ascii_uppercase().as_str(), "FROM" | "INTO" | "UPDATE");
    let table =
        if operation == "UPDATE" { words.next() } else { words.skip_while(|word| !is_before_table(word)).nth(1) };
    let table = table.map(|table| table.trim_matches(|c: char| !c.is_ascii_alphanumeric() && c != '_'));
    table.map_or(operation.clone(), |table| format!("{operation} {table}"))
}

#[cfg(test)]
mod tests {
    use opentelemetry::InstrumentationScope;
    use opentelemetry::trace::{SpanContext, SpanId, SpanKind, Status};
    use opentelemetry_sdk::trace::{SpanEvents, SpanLinks};

    use super::*;

    fn tidied(name: &'static str, attributes: &[(&'static str, String)]) -> (String, Vec<(String, String)>) {
        let now = std::time::UNIX_EPOCH;
        let attributes = attributes.iter().map(|(key, value)| KeyValue::new(*key, value.clone())).collect();
        let mut span = SpanData {
            span_context: SpanContext::empty_context(),
            parent_span_id: SpanId::INVALID,
            parent_span_is_remote: false,
            span_kind: SpanKind::Client,
            name: name.into(),
            start_time: now,
            end_time: now,
            attributes,
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status: Status::Unset,
            instrumentation_scope: InstrumentationScope::default(),
        };
        tidy(&mut span);
        let attributes = span.attributes.into_iter().map(|told| (told.key.to_string(), told.value.to_string()));
        (span.name.to_string(), attributes.collect())
    }

    #[test]
    fn a_statement_is_named_by_what_it_does_to_which_table() {
        for (statement, name) in [
            (r#"SELECT "posts"."id" FROM "posts" WHERE "id" = $1"#, "SELECT posts"),
            (r#"INSERT INTO "leaders" ("id") VALUES ($1)"#, "INSERT leaders"),
            (r#"UPDATE "ingest_runs" SET "status" = $1"#, "UPDATE ingest_runs"),
            ("DELETE FROM `posts` WHERE 1", "DELETE posts"),
            ("SELECT 1", "SELECT"),
            ("", ""),
        ] {
            assert_eq!(summary(statement), name);
        }
        let (name, attributes) = tidied("sea_orm.commit", &[("db.system", "sqlite".into())]);
        assert_eq!((name.as_str(), attributes), ("COMMIT", vec![("db.system.name".into(), "sqlite".into())]));
    }

    #[test]
    fn the_words_of_the_database_and_endless_statements_stay_inside() {
        let long = format!("SELECT {} FROM posts", "x, ".repeat(1_000));
        let (name, attributes) =
            tidied("sea_orm.query_all", &[("db.statement", long), ("exception.message", "value 'hush'".into())]);
        assert_eq!(name, "SELECT posts");
        assert!(
            matches!(&attributes[..], [(key, text)] if key == "db.query.text" && text.len() < 1_030),
            "{attributes:?}"
        );
    }
}
