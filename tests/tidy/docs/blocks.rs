//! Parts of a document that are made from the code, between `<!-- generated: NAME -->` and `<!-- end: NAME -->`.

use std::ops::Range;

use crate::Finding;

/// A generated part of a document.
#[derive(Debug)]
pub(crate) struct Block {
    name: &'static str,
    text: String,
}

impl Block {
    pub(crate) fn new(name: &'static str, text: &str) -> Self {
        Self { name, text: format!("\n{}\n\n", text.trim()) }
    }

    /// The part is there and says what the code says.
    pub(crate) fn check(&self, path: &str, page: &str) -> Option<Finding> {
        let Some(place) = self.place(page) else {
            return Some(Finding::new(path, 0, format!("the marks of the generated part `{}` are missing", self.name)));
        };
        let start = page[..place.start].lines().count();
        let mut lines = (start + 1..).zip(page[place].lines());
        let mut wanted = self.text.lines();
        loop {
            match (lines.next(), wanted.next()) {
                (None, None) => return None,
                (Some((_, is)), Some(should)) if is == should => {}
                (is, should) => {
                    let line = is.map_or(start, |(line, _)| line);
                    let should = should.unwrap_or("nothing");
                    let rule = format!("the code says: {should} (run the tests tidy with UPDATE=1 to write it anew)");
                    return Some(Finding::new(path, line, rule));
                }
            }
        }
    }

    /// The page with this part written anew; the page itself when the marks are missing.
    pub(crate) fn written_into(&self, page: &str) -> String {
        let Some(place) = self.place(page) else { return page.to_owned() };
        [&page[..place.start], self.text.as_str(), &page[place.end..]].concat()
    }

    /// What lies between the marks.
    fn place(&self, page: &str) -> Option<Range<usize>> {
        let (begin, end) = (format!("<!-- generated: {} -->\n", self.name), format!("<!-- end: {} -->", self.name));
        let start = page.find(&begin)? + begin.len();
        Some(start..start + page[start..].find(&end)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# A\n<!-- generated: b -->\n\nold\n\n<!-- end: b -->\nrest\n";

    #[test]
    fn a_stale_part_is_found_with_its_line_and_written_anew() {
        let block = Block::new("b", "new\nlines\n");
        let finding = block.check("A.md", PAGE).expect("the part is stale");
        assert_eq!((finding.path.as_str(), finding.line), ("A.md", 4));
        assert!(finding.rule.contains("the code says: new"), "{finding}");
        let written = block.written_into(PAGE);
        assert_eq!(written, "# A\n<!-- generated: b -->\n\nnew\nlines\n\n<!-- end: b -->\nrest\n");
        assert_eq!(block.check("A.md", &written), None);
    }

    #[test]
    fn a_part_that_says_too_much_is_found() {
        let page = PAGE.replace("old", "old\nolder");
        assert!(Block::new("b", "old").check("A.md", PAGE).is_none());
        assert_eq!(Block::new("b", "old").check("A.md", &page).map(|finding| finding.line), Some(5));
    }

    #[test]
    fn a_part_without_marks_is_found_and_nothing_is_written() {
        let block = Block::new("c", "new");
        assert_eq!(block.check("A.md", PAGE).map(|finding| finding.line), Some(0));
        assert_eq!(block.written_into(PAGE), PAGE);
    }
}
