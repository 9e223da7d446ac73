//! Tells English from its small words, where a text is too short for statistics of letters.

/// Words that are frequent in English posts and rare in other languages of the same letters.
const ENGLISH: [&str; 90] = [
    "about", "after", "all", "an", "and", "are", "as", "at", "back", "be", "because", "been", "but", "by", "can",
    "can't", "could", "day", "did", "don't", "for", "from", "get", "getting", "go", "going", "good", "got", "great",
    "had", "happy", "has", "have", "he", "her", "his", "how", "i", "i'll", "i'm", "i've", "if", "into", "is", "it",
    "it's", "its", "just", "know", "like", "love", "more", "my", "new", "not", "now", "of", "on", "one", "our", "out",
    "right", "she", "should", "still", "than", "thank", "thanks", "that", "the", "their", "them", "there", "they",
    "this", "time", "today", "up", "very", "was", "we", "were", "what", "when", "who", "will", "with", "would", "you",
    "your",
];

/// Words of romanised Hindi, which the statistics take for anything else. Some are spelled like English words.
const HINDI: [&str; 40] = [
    "aap", "aur", "bahut", "bhai", "bhi", "hai", "hain", "ho", "hoga", "hota", "hum", "jab", "jai", "ji", "ka", "kar",
    "karo", "ke", "ki", "ko", "koi", "kya", "log", "main", "mein", "mera", "meri", "na", "nahi", "nahin", "nhi", "par",
    "raha", "sab", "se", "tha", "thi", "wo", "ye", "yeh",
];

/// Whether `text` is English by its small words: it has some, and fewer that are Hindi.
pub(super) fn is_likely(text: &str) -> bool {
    if text.chars().any(|c| c.is_alphabetic() && !c.is_ascii()) {
        return false;
    }
    let text = text.to_ascii_lowercase().replace('’', "'");
    let words = || text.split(|c: char| !c.is_ascii_alphanumeric() && c != '\'').filter(|word| !word.is_empty());
    let english = words().filter(|word| ENGLISH.binary_search(word).is_ok()).count();
    let hindi = words().filter(|word| HINDI.binary_search(word).is_ok()).count();
    english > hindi
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_sorted() {
        assert!(ENGLISH.is_sorted() && HINDI.is_sorted());
    }

    #[test]
    fn a_short_english_text_is_known() {
        for text in ["The meeting is on Monday", "I’m not sure!", "HAPPY birthday", "Thanks :)"] {
            assert!(is_likely(text), "{text}");
        }
    }

    #[test]
    fn other_languages_in_the_same_letters_are_not_taken_for_english() {
        for text in [
            "",
            "mera bharat mahan hai",
            "aap sab ko good morning ji",
            "bonjour tout le monde",
            "Das war gut",
            "muy bien señor, I love you",
        ] {
            assert!(!is_likely(text), "{text}");
        }
    }
}
