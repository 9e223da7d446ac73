//! Reads single variables by the rules of the table and keeps every mistake.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use super::parse::{self, Refusal};
use super::variable::{Fallback, Form, Variable};
use super::{Env, Mistake, SecretBytes, Warning, secret, variables};

/// One pass over an environment.
pub(super) struct Reader<'a> {
    env: &'a dyn Env,
    pub(super) mistakes: Vec<Mistake>,
    pub(super) warnings: Vec<Warning>,
    /// Made-up secrets so far, to see that no two are equal.
    secrets: Vec<(String, SecretBytes)>,
}

/// A value and the name under which it was set.
struct Found {
    name: String,
    value: String,
}

impl<'a> Reader<'a> {
    pub(super) fn new(env: &'a dyn Env) -> Self {
        Self { env, mistakes: Vec::new(), warnings: Vec::new(), secrets: Vec::new() }
    }

    /// Notes a mistake.
    pub(super) fn refuse(&mut self, variable: &str, refusal: Refusal) {
        let Refusal { problem, remedy } = refusal;
        let mistake = Mistake { variable: variable.to_owned(), problem, remedy };
        if !self.mistakes.contains(&mistake) {
            self.mistakes.push(mistake);
        }
    }

    /// Notes a warning.
    pub(super) fn warn(&mut self, variable: &str, message: impl Into<String>) {
        let warning = Warning { variable: variable.to_owned(), message: message.into() };
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    /// Whether the variable is set to anything, by whatever name.
    pub(super) fn is_set(&self, name: &str) -> bool {
        let variable = known(name);
        let is_filled = |name: &str| self.env.get(name).is_some_and(|value| !value.trim().is_empty());
        is_filled(name)
            || variable.aliases.iter().any(|alias| is_filled(alias))
            || variable.is_secret() && variable.names().any(|name| is_filled(&file_variable(name)))
    }

    /// Where else a variable was looked for, in words.
    pub(super) fn looked_for(&self, name: &str) -> Option<String> {
        self.env.looked_for(known(name).name)
    }

    /// The file that a secret comes from; None when it is not set by a file.
    pub(super) fn file_of(&self, name: &str) -> Option<PathBuf> {
        let mut files = known(name).names().filter_map(|name| self.env.get(&file_variable(name)));
        files.find(|path| !path.trim().is_empty()).map(|path| PathBuf::from(path.trim()))
    }

    pub(super) fn flag(&mut self, name: &str) -> bool {
        self.parsed(name, parse::flag).unwrap_or_default()
    }

    pub(super) fn number<T: TryFrom<u64>>(&mut self, name: &str) -> T {
        let Form::Number(range) = &known(name).form else { unreachable!("{name} is declared as a number") };
        let number = self.parsed(name, |text| parse::number(text, range)).unwrap_or(*range.start());
        T::try_from(number).unwrap_or_else(|_| unreachable!("the declared range of {name} fits its type"))
    }

    pub(super) fn seconds(&mut self, name: &str) -> Duration {
        Duration::from_secs(self.number(name))
    }

    pub(super) fn minutes(&mut self, name: &str) -> Duration {
        Duration::from_secs(60 * self.number::<u64>(name))
    }

    /// A text that `parse` understands; None when it is not set. When it is refused its default stands in, if it has
    /// one, so that the rest can be read too.
    pub(super) fn parsed<T>(&mut self, name: &str, parse: impl Fn(&str) -> Result<T, Refusal>) -> Option<T> {
        let variable = known(name);
        let Found { name, value } = self.find(variable)?;
        match (parse(value.trim()), variable.fallback) {
            (Ok(value), _) => Some(value),
            (Err(refusal), fallback) => {
                self.refuse(&name, refusal);
                let Fallback::Value(default) = fallback else { return None };
                parse(default).ok()
            }
        }
    }

    /// A text; empty when it is not set and has no default.
    pub(super) fn text(&mut self, name: &str) -> String {
        self.parsed(name, |text| Ok(text.to_owned())).unwrap_or_default()
    }

    /// A secret, checked for strength when an operator makes it up.
    pub(super) fn secret(&mut self, name: &str) -> Option<SecretString> {
        let variable = known(name);
        let Found { name: set_as, value } = self.find(variable)?;
        if let Form::Secret(least) = variable.form {
            if let Some(problem) = secret::weakness(&value, least) {
                self.refuse(&set_as, Refusal::new(problem, HOW_TO_MAKE));
                return None;
            }
            self.keep_apart(&set_as, value.as_bytes());
        }
        Some(value.into())
    }

    /// A secret that travels in a header, which holds visible ASCII characters only.
    pub(super) fn header_secret(&mut self, name: &str) -> Option<SecretString> {
        let secret = self.secret(name)?;
        if secret.expose_secret().bytes().all(|b| b.is_ascii_graphic()) {
            return Some(secret);
        }
        self.refuse(name, Refusal::new("holds a space, a line end or a character beyond ASCII", "copy it again"));
        None
    }

    /// Remembers a made-up secret, and refuses one that is in use for something else.
    pub(super) fn keep_apart(&mut self, name: &str, bytes: &[u8]) {
        if let Some((other, _)) = self.secrets.iter().find(|(_, known)| known.expose() == bytes) {
            let problem = format!("is the same secret as {other}");
            self.refuse(name, Refusal::new(problem, HOW_TO_MAKE));
            return;
        }
        self.secrets.push((name.to_owned(), SecretBytes::new(bytes.to_vec())));
    }

    fn find(&mut self, variable: &'static Variable) -> Option<Found> {
        let filled = |name: &str| self.env.get(name).filter(|value| !value.trim().is_empty());
        let mut set =
            variable.names().filter_map(|name| filled(name).map(|value| Found { name: name.to_owned(), value }));
        let first = set.next();
        let ignored: Vec<_> = set.map(|found| found.name).collect();
        for name in ignored {
            self.warn(&name, format!("is ignored, because {} is set", variable.name));
        }
        let from_file = if variable.is_secret() { self.find_in_file(variable) } else { None };
        match (first, from_file) {
            (Some(_), Some(file)) => {
                self.refuse(
                    &file.name,
                    Refusal::new(format!("is set besides {}", variable.name), "set only one of them"),
                );
                None
            }
            (Some(found), None) | (None, Some(found)) => Some(found),
            (None, None) => match variable.fallback {
                Fallback::Value(value) => Some(Found { name: variable.name.to_owned(), value: value.to_owned() }),
                Fallback::SameAs(other) => self.find(known(other)),
                Fallback::Nothing | Fallback::Computed(_) => None,
            },
        }
    }

    /// The content of the file that `<name>_FILE` names, without the newline at its end.
    fn find_in_file(&mut self, variable: &Variable) -> Option<Found> {
        let filled = |name: String| Some((self.env.get(&name).filter(|path| !path.trim().is_empty())?, name));
        let mut set = variable.names().map(file_variable).filter_map(filled);
        let (path, name) = set.next()?;
        let ignored: Vec<_> = set.map(|(_, name)| name).collect();
        for other in ignored {
            self.warn(&other, format!("is ignored, because {name} is set"));
        }
        match std::fs::read_to_string(path.trim()) {
            Ok(text) if text.trim().is_empty() => {
                self.refuse(&name, Refusal::new("the file is empty", "put the secret into it"));
                None
            }
            Ok(text) => {
                let value = text.strip_suffix('\n').unwrap_or(&text);
                let value = value.strip_suffix('\r').unwrap_or(value);
                Some(Found { name, value: value.to_owned() })
            }
            Err(error) => {
                self.refuse(&name, Refusal::new(format!("the file cannot be read ({error})"), "name a readable file"));
                None
            }
        }
    }
}

/// How an operator makes a strong secret.
pub(super) const HOW_TO_MAKE: &str = "make one with `openssl rand -base64 48`";

/// The variable that names the file of a secret.
fn file_variable(name: &str) -> String {
    format!("{name}_FILE")
}

fn known(name: &str) -> &'static Variable {
    variables::find(name).expect("every variable that is read is declared in the table")
}
