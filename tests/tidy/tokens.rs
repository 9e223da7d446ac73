//! Splits Rust source into the tokens that matter here, so that comments and strings cannot cause a finding.

use std::iter::Peekable;
use std::str::CharIndices;

/// A name, a path separator or one other character of code, with its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    pub(crate) text: &'a str,
    /// Counted from 1.
    pub(crate) line: usize,
}

/// The code of a file, without comments, strings, characters and lifetimes.
pub(crate) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut lexer = Lexer { text, rest: text.char_indices().peekable(), line: 1 };
    let mut tokens = Vec::new();
    while let Some((start, first)) = lexer.next() {
        let line = lexer.line;
        match first {
            '/' if lexer.peek() == Some('/') => lexer.skip_while(|next| next != '\n'),
            '/' if lexer.peek() == Some('*') => lexer.skip_block_comment(),
            '"' => lexer.skip_string(),
            '\'' => lexer.skip_character_or_lifetime(),
            ':' if lexer.peek() == Some(':') => {
                lexer.next();
                tokens.push(Token { text: "::", line });
            }
            _ if is_name(first) => {
                lexer.skip_while(is_name);
                let name = &text[start..lexer.position()];
                if !lexer.skip_literal_after(name) {
                    tokens.push(Token { text: name, line });
                }
            }
            _ if first.is_whitespace() => {}
            _ => tokens.push(Token { text: &text[start..start + first.len_utf8()], line }),
        }
    }
    tokens
}

/// Whether a token is a name (or a number), not a sign.
pub(crate) fn is_word(token: &str) -> bool {
    token.chars().all(is_name)
}

fn is_name(character: char) -> bool {
    character == '_' || character.is_alphanumeric()
}

struct Lexer<'a> {
    text: &'a str,
    rest: Peekable<CharIndices<'a>>,
    line: usize,
}

impl Lexer<'_> {
    fn next(&mut self) -> Option<(usize, char)> {
        let next = self.rest.next();
        if let Some((_, '\n')) = next {
            self.line += 1;
        }
        next
    }

    fn peek(&mut self) -> Option<char> {
        self.rest.peek().map(|(_, next)| *next)
    }

    fn position(&mut self) -> usize {
        self.rest.peek().map_or(self.text.len(), |(position, _)| *position)
    }

    fn skip_while(&mut self, wanted: impl Fn(char) -> bool) {
        while self.peek().is_some_and(&wanted) {
            self.next();
        }
    }

    /// Skips the rest of a block comment; they nest.
    fn skip_block_comment(&mut self) {
        let mut depth = 0;
        let mut before = '/';
        while let Some((_, next)) = self.next() {
            match (before, next) {
                ('/', '*') => depth += 1,
                ('*', '/') => depth -= 1,
                _ => {
                    before = next;
                    continue;
                }
            }
            if depth == 0 {
                return;
            }
            before = ' ';
        }
    }

    /// Skips to the end of a string whose opening quote is read.
    fn skip_string(&mut self) {
        while let Some((_, next)) = self.next() {
            match next {
                '\\' => drop(self.next()),
                '"' => return,
                _ => {}
            }
        }
    }

    /// Skips to the end of a raw string that opens here with `hashes` signs and a quote.
    fn skip_raw_string(&mut self, hashes: usize) {
        let end = format!("\"{}", "#".repeat(hashes));
        let start = self.position() + hashes + 1;
        let length = self.text.get(start..).and_then(|rest| rest.find(&end));
        let end = length.map_or(self.text.len(), |length| start + length + end.len());
        while self.rest.peek().is_some_and(|(position, _)| *position < end) {
            self.next();
        }
    }

    /// After `r`, `b`, `c` or a pair of them: skips the literal that it opens, and says whether there was one.
    fn skip_literal_after(&mut self, name: &str) -> bool {
        let rest = &self.text[self.position()..];
        let hashes = rest.len() - rest.trim_start_matches('#').len();
        match name {
            "r" | "br" | "cr" if rest[hashes..].starts_with('"') => self.skip_raw_string(hashes),
            "b" | "c" if rest.starts_with('"') => {
                self.next();
                self.skip_string();
            }
            _ => return false,
        }
        true
    }

    /// Skips the rest of `'a'`, `'\''` or `'a`.
    fn skip_character_or_lifetime(&mut self) {
        let rest = &self.text[self.position()..];
        let mut characters = rest.chars();
        let first = characters.next();
        if first == Some('\\') {
            self.next();
            self.next();
            self.skip_while(|next| next != '\'');
            self.next();
        } else if characters.next() == Some('\'') {
            self.next();
            self.next();
        } else {
            self.skip_while(is_name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(source: &str) -> Vec<&str> {
        tokens(source).into_iter().map(|token| token.text).collect()
    }

    #[test]
    fn comments_are_not_code() {
        assert_eq!(texts("a // b\nc /* d /* e */ f */ g /// h"), ["a", "c", "g"]);
    }

    #[test]
    fn strings_characters_and_lifetimes_are_not_code() {
        assert_eq!(texts(r#"a("b // \" c", 'd', '\'', '"') e"#), ["a", "(", ",", ",", ",", ")", "e"]);
        assert_eq!(texts("r#\"a \" b\"# c br\"d\" b\"e\" f"), ["c", "f"]);
        assert_eq!(texts("fn a<'b>(c: &'b str)"), ["fn", "a", "<", ">", "(", "c", ":", "&", "str", ")"]);
    }

    #[test]
    fn tokens_know_their_line() {
        let lines: Vec<usize> = tokens("a\n\"\n\"\n/* \n */ b::c").into_iter().map(|token| token.line).collect();
        assert_eq!(lines, [1, 5, 5, 5]);
    }
}
