//! What is known about one variable: its form, its default, and when it must be set.

use std::ops::RangeInclusive;

/// One variable of the environment.
#[derive(Debug, Clone)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// Older names that mean the same.
    pub aliases: &'static [&'static str],
    /// What may be written.
    pub form: Form,
    /// What holds when it is not set.
    pub fallback: Fallback,
    /// When it must be set.
    pub need: Need,
    /// What it does, in a sentence without its last dot.
    pub about: &'static str,
}

/// What may be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// `true` or `false`, and their usual other spellings.
    Flag,
    /// A whole number in this range.
    Number(RangeInclusive<u64>),
    /// A text, whose own rule is in `about`.
    Text,
    /// A secret that an operator makes up: at least so many characters.
    Secret(usize),
    /// A secret that somebody else gave out, or a text that may hold a password.
    Sealed,
}

/// What holds when a variable is not set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fallback {
    /// Nothing.
    Nothing,
    /// This text, read as if it had been set.
    Value(&'static str),
    /// The value of that variable.
    SameAs(&'static str),
    /// What the program works out, in words.
    Computed(&'static str),
}

/// When a variable must be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Never.
    Optional,
    /// Always, to serve.
    Required,
    /// When that flag is on.
    With(&'static str),
}

impl Variable {
    const fn new(name: &'static str, form: Form, fallback: Fallback, about: &'static str) -> Self {
        Self { name, aliases: &[], form, fallback, need: Need::Optional, about }
    }

    pub(super) const fn flag(name: &'static str, value: &'static str, about: &'static str) -> Self {
        Self::new(name, Form::Flag, Fallback::Value(value), about)
    }

    pub(super) const fn number(
        name: &'static str,
        range: RangeInclusive<u64>,
        value: &'static str,
        about: &'static str,
    ) -> Self {
        Self::new(name, Form::Number(range), Fallback::Value(value), about)
    }

    pub(super) const fn text(name: &'static str, about: &'static str) -> Self {
        Self::new(name, Form::Text, Fallback::Nothing, about)
    }

    pub(super) const fn secret(name: &'static str, least: usize, about: &'static str) -> Self {
        Self::new(name, Form::Secret(least), Fallback::Nothing, about)
    }

    pub(super) const fn sealed(name: &'static str, about: &'static str) -> Self {
        Self::new(name, Form::Sealed, Fallback::Nothing, about)
    }

    pub(super) const fn or_called(self, aliases: &'static [&'static str]) -> Self {
        Self { aliases, ..self }
    }

    pub(super) const fn needed(self, need: Need) -> Self {
        Self { need, ..self }
    }

    pub(super) const fn else_is(self, fallback: Fallback) -> Self {
        Self { fallback, ..self }
    }

    /// Its name and its older ones.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        std::iter::once(self.name).chain(self.aliases.iter().copied())
    }

    /// Whether its value must never be shown, and whether it may come from a file by `<name>_FILE`.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        matches!(self.form, Form::Secret(_) | Form::Sealed)
    }
}
