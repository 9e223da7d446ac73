//! Which language a text is in.

use whatlang::{Lang, Script};

use super::english;

/// The tag of a text whose language is not known (BCP 47).
pub(super) const UNKNOWN: &str = "und";
/// Tags that X gives to posts without a language of their own: only emoji, hashtags, links, media, too short, and art.
const NO_LANGUAGE: [&str; 10] = ["und", "qam", "qct", "qht", "qme", "qst", "zxx", "mis", "mul", "art"];
/// Retired ISO 639 codes that X still uses, and today's.
const RENAMED: [(&str, &str); 4] = [("in", "id"), ("iw", "he"), ("ji", "yi"), ("jw", "jv")];
/// The language of `text` as a BCP 47 tag: what X says when that is usable, else what the letters say when that is
/// reliable, else what the small words say, else `und`.
pub(super) fn of(text: &str, hinted: Option<&str>) -> String {
    match hinted.and_then(usable) {
        Some(tag) if !(is_english(&tag) && is_in_another_script(text)) => tag,
        _ => detected(text).unwrap_or(UNKNOWN).to_owned(),
    }
}

/// Whether a tag names English of any region.
pub(super) fn is_english(tag: &str) -> bool {
    tag == "en" || tag.starts_with("en-")
}

/// X's tag, when it names a language, in the spelling of today.
fn usable(tag: &str) -> Option<String> {
    let primary = tag.split('-').next()?.to_ascii_lowercase();
    let names_language = (2..=3).contains(&primary.len()) && primary.bytes().all(|b| b.is_ascii_lowercase());
    if !names_language || NO_LANGUAGE.contains(&primary.as_str()) {
        return None;
    }
    let today = RENAMED.iter().find(|(old, _)| *old == primary).map_or(primary.as_str(), |(_, new)| new);
    Some(format!("{today}{}", &tag[primary.len()..]))
}

/// Whether most letters are not Latin: such a text is not English, whatever X says.
fn is_in_another_script(text: &str) -> bool {
    whatlang::detect_script(text).is_some_and(|script| script != Script::Latin)
}

/// The language that the letters tell, when they do so reliably.
fn detected(text: &str) -> Option<&'static str> {
    let info = whatlang::detect(text)?;
    if info.is_reliable() {
        return Some(tag_of(info.lang()));
    }
    match info.script() {
        // Few words do not tell the languages of India's north apart; nearly all such posts are in Hindi.
        Script::Devanagari => Some("hi"),
        Script::Latin if english::is_likely(text) => Some("en"),
        _ => None,
    }
}

/// The shortest tag of a language, as BCP 47 wants it; whatlang has the longer ISO 639-3 codes.
fn tag_of(lang: Lang) -> &'static str {
    match lang {
        Lang::Epo => "eo",
        Lang::Eng => "en",
        Lang::Rus => "ru",
        Lang::Cmn => "zh",
        Lang::Spa => "es",
        Lang::Por => "pt",
        Lang::Ita => "it",
        Lang::Ben => "bn",
        Lang::Fra => "fr",
        Lang::Deu => "de",
        Lang::Ukr => "uk",
        Lang::Kat => "ka",
        Lang::Ara => "ar",
        Lang::Hin => "hi",
        Lang::Jpn => "ja",
        Lang::Heb => "he",
        Lang::Yid => "yi",
        Lang::Pol => "pl",
        Lang::Amh => "am",
        Lang::Jav => "jv",
        Lang::Kor => "ko",
        Lang::Nob => "nb",
        Lang::Dan => "da",
        Lang::Swe => "sv",
        Lang::Fin => "fi",
        Lang::Tur => "tr",
        Lang::Nld => "nl",
        Lang::Hun => "hu",
        Lang::Ces => "cs",
        Lang::Ell => "el",
        Lang::Bul => "bg",
        Lang::Bel => "be",
        Lang::Mar => "mr",
        Lang::Kan => "kn",
        Lang::Ron => "ro",
        Lang::Slv => "sl",
        Lang::Hrv => "hr",
        Lang::Srp => "sr",
        Lang::Mkd => "mk",
        Lang::Lit => "lt",
        Lang::Lav => "lv",
        Lang::Est => "et",
        Lang::Tam => "ta",
        Lang::Vie => "vi",
        Lang::Urd => "ur",
        Lang::Tha => "th",
        Lang::Guj => "gu",
        Lang::Uzb => "uz",
        Lang::Pan => "pa",
        Lang::Aze => "az",
        Lang::Ind => "id",
        Lang::Tel => "te",
        Lang::Pes => "fa",
        Lang::Mal => "ml",
        Lang::Ori => "or",
        Lang::Mya => "my",
        Lang::Nep => "ne",
        Lang::Sin => "si",
        Lang::Khm => "km",
        Lang::Tuk => "tk",
        Lang::Aka => "ak",
        Lang::Zul => "zu",
        Lang::Sna => "sn",
        Lang::Afr => "af",
        Lang::Lat => "la",
        Lang::Slk => "sk",
        Lang::Cat => "ca",
        Lang::Tgl => "tl",
        Lang::Hye => "hy",
        Lang::Cym => "cy",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_usable_hint_decides() {
        assert_eq!(of("guten Tag", Some("de")), "de");
        assert_eq!(of("Selamat pagi", Some("in")), "id");
        assert_eq!(of("ola", Some("pt-BR")), "pt-BR");
    }

    #[test]
    fn a_hint_that_names_no_language_leaves_it_to_the_letters() {
        let english = "The government has announced that the new railway line will be opened next week in the capital.";
        for hint in [None, Some("und"), Some("qst"), Some("qme"), Some("qht"), Some("zxx"), Some("art"), Some("")] {
            assert_eq!(of(english, hint), "en", "{hint:?}");
        }
    }

    #[test]
    fn devanagari_is_hindi_even_when_short_or_taken_for_english() {
        let hindi = "प्रधानमंत्री ने आज नई दिल्ली में किसानों के साथ बैठक की और नई योजना की घोषणा की।";
        assert_eq!(of(hindi, None), "hi");
        assert_eq!(of(hindi, Some("en")), "hi");
        assert_eq!(of("धन्यवाद", Some("und")), "hi");
    }

    #[test]
    fn a_short_english_text_needs_no_hint() {
        for text in
            ["I love this great progress", "This is a terrible disaster", "VADER is smart, handsome, and funny!"]
        {
            assert_eq!(of(text, None), "en", "{text}");
        }
    }

    #[test]
    fn what_cannot_be_told_is_unknown() {
        assert_eq!(of("", None), "und");
        assert_eq!(of("12345 😀", Some("qme")), "und");
    }
}
