//! What of a post is its author's words.

/// The text without links and mentions, which name things but say nothing about them.
pub(super) fn without_links_and_mentions(text: &str) -> String {
    let words = text.split_whitespace().filter(|word| !is_link(word) && !is_mention(word) && *word != "RT");
    words.collect::<Vec<_>>().join(" ")
}

/// Whether a text says something: a letter, a digit, or a pictogram. Punctuation alone does not.
pub(super) fn has_content(text: &str) -> bool {
    text.chars().any(|c| c.is_alphanumeric() || is_pictogram(c))
}

fn is_link(word: &str) -> bool {
    let word = word.trim_start_matches(|c: char| c.is_ascii_punctuation());
    ["https://", "http://", "www."]
        .iter()
        .any(|start| word.get(..start.len()).is_some_and(|w| w.eq_ignore_ascii_case(start)))
}

/// An `@handle`, with the punctuation around it.
fn is_mention(word: &str) -> bool {
    let Some(at) = word.find('@') else { return false };
    let before_is_punctuation = word[..at].chars().all(|c| !c.is_alphanumeric());
    let handle = word[at + 1..].trim_end_matches(|c: char| !c.is_alphanumeric() && c != '_');
    // A possessive (`@amber's`) is still nothing but a name.
    let handle = handle.strip_suffix("'s").or_else(|| handle.strip_suffix("’s")).unwrap_or(handle);
    before_is_punctuation && !handle.is_empty() && handle.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Emoji and other symbols, without the ASCII ones.
fn is_pictogram(c: char) -> bool {
    matches!(c, '\u{2190}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_and_mentions_are_taken_away() {
        let text = "RT @amber: see (https://t.co/abc) and @other's, mail a@b.example www.example.com";
        assert_eq!(without_links_and_mentions(text), "see and mail a@b.example");
    }

    #[test]
    fn a_word_a_number_or_an_emoji_is_content() {
        for text in ["ok", "100", "😀", "नमस्ते", "❤"] {
            assert!(has_content(text), "{text}");
        }
        for text in ["", "...", "- /", "“”"] {
            assert!(!has_content(text), "{text}");
        }
    }
}
