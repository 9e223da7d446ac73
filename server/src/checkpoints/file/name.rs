//! The file of a key: every byte that a file system could take amiss is escaped as `%XX`.

use std::fmt::Write;

use crate::domain::StreamKey;

/// How the name of a checkpoint's file ends.
const ENDING: &str = ".checkpoint";

/// The name of a key's file. Capital letters are escaped as well, because some file systems do not tell them apart.
pub(super) fn of(key: &StreamKey) -> String {
    let mut name = String::new();
    for byte in key.as_str().bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'.' => name.push(char::from(byte)),
            _ => write!(name, "%{byte:02X}").expect("a String takes everything"),
        }
    }
    name.push_str(ENDING);
    name
}

/// The key whose file has this name; None for any other file.
pub(super) fn key(file: &str) -> Option<StreamKey> {
    let mut rest = file.strip_suffix(ENDING)?;
    let mut bytes = Vec::new();
    while let Some(first) = rest.bytes().next() {
        let (byte, width) = if first == b'%' { (u8::from_str_radix(rest.get(1..3)?, 16).ok()?, 3) } else { (first, 1) };
        bytes.push(byte);
        rest = rest.get(width..)?;
    }
    let key = String::from_utf8(bytes).ok()?.parse().ok()?;
    // Only one name is a key's own.
    (of(&key) == file).then_some(key)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_is_readable_and_says_its_key() {
        let key_of = |text: &str| text.parse::<StreamKey>().unwrap();
        assert_eq!(of(&key_of("x:name")), "x%3Aname.checkpoint");
        assert_eq!(of(&key_of("x:Name#backfill")), "x%3A%4Eame%23backfill.checkpoint");
        assert_eq!(of(&key_of("fb:../../etc")), "fb%3A..%2F..%2Fetc.checkpoint");
        for file in ["x%3Aname", "x%3aname.checkpoint", "x:name.checkpoint", "%78%3Aname.checkpoint", "%.checkpoint"] {
            assert_eq!(key(file), None, "{file}");
        }
        assert_eq!(key("x%3Aname.checkpoint.bak"), None);
    }

    proptest! {
        #[test]
        fn every_key_has_a_file_name_of_its_own(text in "[a-z][a-z0-9_-]{0,5}:[^\\s\\p{Cc}#]{1,18}(#[a-z]{1,3})?") {
            let key_of_text: StreamKey = match text.parse() { Ok(key) => key, Err(_) => return Ok(()) };
            let file = of(&key_of_text);
            prop_assert!(file.len() <= 255 - ".damaged".len() && !file.starts_with('.'), "{}", file);
            prop_assert!(file.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'/'));
            prop_assert_eq!(key(&file), Some(key_of_text));
        }
    }
}
