//! The table of variables as a Markdown reference and as a sample file.

use std::fmt::Write;

use super::variable::{Fallback, Form, Need, Variable};
use super::variables::SECTIONS;

/// The reference of every variable, in Markdown.
#[must_use]
pub fn reference() -> String {
    let mut text = String::new();
    for section in SECTIONS {
        let _ = writeln!(text, "### {}\n", section.title);
        text.push_str("| variable | form | default | meaning |\n|---|---|---|---|\n");
        for variable in section.variables {
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} |",
                names(variable),
                form(variable),
                default(variable),
                variable.about
            );
        }
        text.push('\n');
    }
    text.push_str(
        "A secret `NAME` can also be put into a file that `NAME_FILE` names. An empty value counts as not set.\n",
    );
    text
}

/// The sample file `.env.example`.
#[must_use]
pub fn env_example() -> String {
    let mut text = String::from(
        "# Variables of Amber. Copy this file to .env, which .env.local and the environment of the process override.\n\
         # Put values with spaces, quotes, # or $ in single quotes. A secret NAME can also come from the file NAME_FILE.\n",
    );
    for section in SECTIONS {
        let _ = writeln!(text, "\n# --- {} ---", section.title);
        for variable in section.variables {
            text.push_str(&sample(variable));
        }
    }
    text
}

fn sample(variable: &Variable) -> String {
    let need = match variable.need {
        Need::Required => "Required.".to_owned(),
        Need::With(switch) => format!("Required when {switch} is on."),
        Need::Optional => "Optional.".to_owned(),
    };
    let default = match default(variable) {
        words if words.is_empty() || variable.need != Need::Optional => String::new(),
        words => format!(" Default: {words}."),
    };
    let making = match variable.form {
        Form::Secret(least) => format!(" At least {least} characters; make one: openssl rand -base64 48"),
        _ => String::new(),
    };
    let about = format!("{}. {need}{default}{making}", variable.about).replace('`', "");
    let comment = if variable.need == Need::Required { "" } else { "# " };
    let value = match variable.fallback {
        Fallback::Value(value) => value,
        _ => "",
    };
    format!("\n# {about}\n{comment}{}={value}\n", variable.name)
}

fn names(variable: &Variable) -> String {
    let mut names = format!("`{}`", variable.name);
    for alias in variable.aliases {
        let _ = write!(names, " or `{alias}`");
    }
    names
}

fn form(variable: &Variable) -> String {
    match &variable.form {
        Form::Flag => "true, false".to_owned(),
        Form::Number(range) => format!("{} to {}", range.start(), range.end()),
        Form::Text => "text".to_owned(),
        Form::Secret(least) => format!("secret, at least {least} characters"),
        Form::Sealed => "secret".to_owned(),
    }
}

fn default(variable: &Variable) -> String {
    match (variable.need, variable.fallback) {
        (Need::Required, _) => "required".to_owned(),
        (Need::With(switch), _) => format!("required with `{switch}`"),
        (Need::Optional, Fallback::Nothing) => String::new(),
        (Need::Optional, Fallback::Value(value)) => format!("`{value}`"),
        (Need::Optional, Fallback::SameAs(name)) => format!("that of `{name}`"),
        (Need::Optional, Fallback::Computed(words)) => words.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{Config, Env, MapEnv, SECTIONS, variables};

    fn sample_path() -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../.env.example")
    }

    #[test]
    fn the_committed_sample_file_is_up_to_date() {
        let is_update = crate::config::ProcessEnv.get("UPDATE").is_some_and(|value| value == "1");
        if is_update {
            std::fs::write(sample_path(), env_example()).unwrap();
        }
        let committed = std::fs::read_to_string(sample_path()).unwrap_or_default();
        assert_eq!(committed, env_example(), "run this test with UPDATE=1 to write .env.example anew");
    }

    #[test]
    fn the_sample_file_needs_only_its_required_secret() {
        let sample = MapEnv::from_file(&sample_path()).unwrap();
        let refused = Config::load(&sample).unwrap_err();
        assert_eq!(refused.0.iter().map(|m| m.variable.as_str()).collect::<Vec<_>>(), ["ADMIN_JWT_SECRET"]);
        let loaded = Config::load(&sample.with("ADMIN_JWT_SECRET", "kT9v+Qm2Lr7Zx4Wc8Yb1Nd6Hf3Js5Pg0")).unwrap();
        assert_eq!(loaded.warnings, []);
    }

    #[test]
    fn every_default_of_the_sample_file_is_what_holds_without_it() {
        let every_line = env_example().lines().map(|line| line.trim_start_matches("# ").to_owned()).collect::<Vec<_>>();
        for variable in variables() {
            let start = format!("{}=", variable.name);
            let line = every_line.iter().find(|line| line.starts_with(&start)).unwrap();
            let expected = if let Fallback::Value(value) = variable.fallback { value } else { "" };
            assert_eq!(line.strip_prefix(&start), Some(expected));
        }
    }

    #[test]
    fn the_reference_has_a_row_per_variable_and_a_heading_per_section() {
        let text = reference();
        for variable in variables() {
            let rows = text.lines().filter(|line| line.starts_with(&format!("| `{}`", variable.name))).count();
            assert_eq!(rows, 1, "{}", variable.name);
        }
        assert_eq!(text.lines().filter(|line| line.starts_with("### ")).count(), SECTIONS.len());
        assert!(text.contains("| `X_INGEST_LIMIT` or `TWITTER_LIMIT` | 1 to 3200 | `10` |"), "{text}");
    }
}
