//! Secrets that Amber signs with or compares.

use std::time::Duration;

use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::{Engine, alphabet};
use secrecy::{ExposeSecret, SecretString};

use super::limits;
use crate::config::parse::{self, Refusal};
use crate::config::reader::{HOW_TO_MAKE, Reader};
use crate::config::{Admin, Embed, SecretBytes, secret};

/// The fewest bytes of a key that signs embed tokens (RFC 7518, 3.2).
const KEY_BYTES: usize = 32;

/// The key id of a key ring of one.
const ONLY_KEY_ID: &str = "k1";

pub(super) fn admin(reader: &mut Reader<'_>) -> Admin {
    reader.require("ADMIN_JWT_SECRET", "it signs admin tokens", HOW_TO_MAKE);
    Admin {
        jwt_secret: reader.secret("ADMIN_JWT_SECRET").unwrap_or_default(),
        jwt_ttl: reader.seconds("ADMIN_JWT_TTL"),
        bootstrap_secret: reader.secret("ADMIN_BOOTSTRAP_SECRET"),
        api_key: reader.header_secret("ADMIN_API_KEY"),
        metrics_token: reader.header_secret("METRICS_TOKEN"),
        api_key_pepper: reader.secret("API_KEY_PEPPER"),
    }
}

pub(super) fn embed(reader: &mut Reader<'_>) -> Embed {
    let enabled = reader.flag("EMBED_ENABLED");
    reader.part_of("EMBED_ENABLED", enabled, |reader| {
        if enabled {
            let remedy = "list the sites that may frame a dashboard, like https://partner.example";
            reader.require("EMBED_ALLOWED_ORIGINS", "EMBED_ENABLED is on", remedy);
        }
        let keys = keys(reader, enabled);
        Embed {
            enabled,
            keys: if enabled { keys } else { Vec::new() },
            allowed_origins: reader.parsed("EMBED_ALLOWED_ORIGINS", parse::origins).unwrap_or_default(),
            show_posts: reader.flag("EMBED_SHOW_POSTS"),
            token_ttl: reader.seconds("EMBED_TOKEN_TTL"),
            audit_kept: Duration::from_hours(24) * reader.number::<u32>("EMBED_AUDIT_DAYS"),
            rate: limits::embed_rate(reader),
        }
    })
}

/// The ring as it is set; `enabled` says that there must be one.
pub(super) fn keys(reader: &mut Reader<'_>, enabled: bool) -> Vec<(String, SecretBytes)> {
    if !reader.is_set("EMBED_SIGNING_KEYS") {
        if enabled {
            reader.require("EMBED_SIGNING_KEY", "EMBED_ENABLED is on", HOW_TO_MAKE);
        }
        let key = reader.secret("EMBED_SIGNING_KEY");
        return key.map(|key| (ONLY_KEY_ID.to_owned(), bytes_of(&key))).into_iter().collect();
    }
    if reader.is_set("EMBED_SIGNING_KEY") {
        let remedy = "set only one of them; the key alone has the key id k1 in the list";
        reader.refuse("EMBED_SIGNING_KEY", Refusal::new("is set besides EMBED_SIGNING_KEYS", remedy));
    }
    let Some(list) = reader.secret("EMBED_SIGNING_KEYS") else { return Vec::new() };
    let mut ring: Vec<(String, SecretBytes)> = Vec::new();
    for (place, item) in list.expose_secret().split(',').map(str::trim).enumerate() {
        let is_known = |id: &str| ring.iter().any(|(known, _)| known == id);
        match key_of(item, is_known) {
            Ok((id, key)) => {
                reader.keep_apart(&format!("EMBED_SIGNING_KEYS (key {id})"), key.expose());
                ring.push((id, key));
            }
            Err(Refusal { problem, remedy }) => {
                let problem = format!("key number {} {problem}", place + 1);
                reader.refuse("EMBED_SIGNING_KEYS", Refusal { problem, remedy });
            }
        }
    }
    ring
}

/// Reads `id:<base64>`.
fn key_of(item: &str, is_known: impl Fn(&str) -> bool) -> Result<(String, SecretBytes), Refusal> {
    let form = || Refusal::new("is not written as id:base64", "write k2:<base64>,k1:<base64>");
    let (id, encoded) = item.split_once(':').ok_or_else(form)?;
    let is_fit = (1..=32).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    if !is_fit {
        return Err(Refusal::new("has no fit id", "give it 1 to 32 letters, digits, dots, dashes and underscores"));
    }
    if is_known(id) {
        return Err(Refusal::new(format!("has the id {id} of another key"), "give each key its own id"));
    }
    let bytes = from_base64(encoded).ok_or_else(form)?;
    if let Some(problem) = secret::weakness_of_bytes(&bytes, KEY_BYTES) {
        return Err(Refusal::new(problem, HOW_TO_MAKE));
    }
    Ok((id.to_owned(), SecretBytes::new(bytes)))
}

/// Reads both alphabets of base64, with and without padding (RFC 4648, 4 and 5).
fn from_base64(text: &str) -> Option<Vec<u8>> {
    let lenient = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    [alphabet::STANDARD, alphabet::URL_SAFE]
        .iter()
        .find_map(|alphabet| GeneralPurpose::new(alphabet, lenient).decode(text).ok())
}

fn bytes_of(secret: &SecretString) -> SecretBytes {
    SecretBytes::new(secret.expose_secret().as_bytes().to_vec())
}
