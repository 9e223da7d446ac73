//! Finds every path (`a::b::c`) that a Rust file mentions, with the groups of `use` written out.

use crate::tokens::{Token, is_word, tokens};

/// One path, as far as its names are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Path<'a> {
    pub(crate) segments: Vec<&'a str>,
    pub(crate) line: usize,
    /// Whether a `use` declaration brings its last segment into scope.
    pub(crate) imported: bool,
    /// How many inline modules (`mod tests { .. }`) stand around it.
    pub(crate) inline_modules: usize,
}

/// The paths of a file, in order.
pub(crate) fn paths(text: &str) -> Vec<Path<'_>> {
    let mut reader = Reader { tokens: tokens(text), position: 0, braces: Vec::new(), paths: Vec::new() };
    while let Some(token) = reader.peek() {
        match token.text {
            "use" => {
                reader.position += 1;
                reader.use_tree(&[]);
            }
            "{" => reader.open_brace(),
            "}" => {
                reader.braces.pop();
                reader.position += 1;
            }
            word if is_word(word) => reader.expression(),
            _ => reader.position += 1,
        }
    }
    reader.paths
}

struct Reader<'a> {
    tokens: Vec<Token<'a>>,
    position: usize,
    /// For each open brace, whether it is the body of an inline module.
    braces: Vec<bool>,
    paths: Vec<Path<'a>>,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<Token<'a>> {
        self.tokens.get(self.position).copied()
    }

    fn at(&self, position: Option<usize>) -> &'a str {
        position.and_then(|position| self.tokens.get(position)).map_or("", |token| token.text)
    }

    fn open_brace(&mut self) {
        self.braces.push(self.at(self.position.checked_sub(2)) == "mod");
        self.position += 1;
    }

    fn push(&mut self, segments: Vec<&'a str>, line: usize, imported: bool) {
        let inline_modules = self.braces.iter().filter(|is_module| **is_module).count();
        self.paths.push(Path { segments, line, imported, inline_modules });
    }

    /// Reads names joined by `::`, outside of `use`.
    fn expression(&mut self) {
        let Some(first) = self.peek() else { return };
        // What follows `Vec::<u8>::` is not the start of a path.
        let continues = self.at(self.position.checked_sub(1)) == "::" && self.at(self.position.checked_sub(2)) == ">";
        let mut segments = vec![first.text];
        self.position += 1;
        while self.at(Some(self.position)) == "::" && is_word(self.at(Some(self.position + 1))) {
            segments.push(self.at(Some(self.position + 1)));
            self.position += 2;
        }
        if !continues {
            self.push(segments, first.line, false);
        }
    }

    /// Reads one tree of a `use` declaration, whose names so far are `prefix`, and stops at `,`, `}` or `;`.
    fn use_tree(&mut self, prefix: &[&'a str]) {
        let mut segments = prefix.to_vec();
        let mut line = self.peek().map_or(0, |token| token.line);
        while let Some(token) = self.peek() {
            match token.text {
                "," | "}" | ";" => break,
                "{" => {
                    self.position += 1;
                    return self.use_group(&segments);
                }
                "as" => {
                    // The name in scope is the alias.
                    segments.push(self.at(Some(self.position + 1)));
                    self.position += 2;
                    continue;
                }
                // The group names its own parent.
                "self" if !segments.is_empty() => {}
                "::" => {}
                name => segments.push(name),
            }
            line = token.line;
            self.position += 1;
        }
        self.push(segments, line, true);
    }

    fn use_group(&mut self, prefix: &[&'a str]) {
        while let Some(token) = self.peek() {
            match token.text {
                "}" => {
                    self.position += 1;
                    return;
                }
                "," => self.position += 1,
                // A broken declaration: the compiler reports it.
                ";" => return,
                _ => self.use_tree(prefix),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(source: &str) -> Vec<String> {
        paths(source).into_iter().map(|path| path.segments.join("::")).collect()
    }

    #[test]
    fn groups_of_use_are_written_out() {
        let source = "use crate::{a::{self, b}, c, d as e}; use f::*; use ::g;";
        assert_eq!(joined(source), ["crate::a", "crate::a::b", "crate::c", "crate::d::e", "f::*", "g"]);
    }

    #[test]
    fn expressions_types_attributes_and_macros_count() {
        assert_eq!(joined("#[a::b] c::d!(e::F::<g::H>::i())"), ["a::b", "c::d", "e::F", "g::H"]);
    }

    #[test]
    fn inline_modules_are_counted() {
        let depths: Vec<usize> =
            paths("a; mod b { c; fn d() { e } } f").iter().map(|path| path.inline_modules).collect();
        assert_eq!(depths, [0, 0, 0, 1, 1, 1, 1, 0]);
    }
}
