//! Tests of the token form, with the vectors of project Wycheproof.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, crypto};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::*;

const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";

/// Signs any header and payload, with ring alone.
fn forge(header: &str, payload: &[u8]) -> String {
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, SECRET);
    let tag = URL_SAFE_NO_PAD.encode(ring::hmac::sign(&key, signed.as_bytes()));
    format!("{signed}.{tag}")
}

fn read(token: &str) -> Result<Value, Error> {
    Jws::read(token)?.claims(&MacKey::new(SECRET).unwrap())
}

#[test]
fn what_is_signed_can_be_read() {
    let key = MacKey::new(SECRET).unwrap();
    let token = key.sign("t+jwt", Some("k1"), &json!({"a": 1}));
    let jws = Jws::read(token.expose_secret()).unwrap();
    assert_eq!((jws.typ(), jws.key_id()), (Some("t+jwt"), Some("k1")));
    assert_eq!(jws.claims::<Value>(&key), Ok(json!({"a": 1})));
}

#[test]
fn headers_with_any_other_key_or_algorithm_are_refused() {
    assert!(read(&forge(r#"{"alg":"HS256","typ":"t","kid":"k"}"#, b"{}")).is_ok());
    let long = format!(r#"{{"alg":"HS256","kid":"{}"}}"#, "k".repeat(250));
    for header in [
        r#"{"alg":"none"}"#,
        r#"{"alg":"None"}"#,
        r#"{"alg":"hs256"}"#,
        r#"{"alg":"HS512"}"#,
        r#"{"alg":"RS256"}"#,
        r#"{"alg":["HS256"]}"#,
        r#"{"typ":"t"}"#,
        r#"{"alg":"HS256","alg":"HS256"}"#,
        r#"{"alg":"HS256","crit":[]}"#,
        r#"{"alg":"HS256","crit":["exp"]}"#,
        r#"{"alg":"HS256","jwk":{"kty":"oct","k":"AA"}}"#,
        r#"{"alg":"HS256","jku":"https://evil.example/keys"}"#,
        r#"{"alg":"HS256","x5u":"https://evil.example/cert"}"#,
        r#"{"alg":"HS256","b64":false}"#,
        r#"{"alg":"HS256","zip":"DEF"}"#,
        r#"{"alg":"HS256","cty":"JWT"}"#,
        r#"["HS256","t","k"]"#,
        r#"{"alg":"HS256"} {}"#,
        "null",
        "",
        &long,
    ] {
        assert_eq!(read(&forge(header, b"{}")), Err(Error::Malformed), "{header}");
    }
}

#[test]
fn other_forms_than_three_full_parts_are_refused() {
    let token = forge(r#"{"alg":"HS256"}"#, b"{}");
    let parts: Vec<&str> = token.split('.').collect();
    let [header, payload, tag] = parts[..] else { panic!("three parts") };
    for text in [
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        format!("{header}.{payload}"),
        format!("{header}.{payload}."),
        format!("{header}..{tag}"),
        format!(".{payload}.{tag}"),
        format!("{token}."),
        format!("{token}.{tag}"),
        format!(" {token}"),
        format!("{header}=.{payload}.{tag}"),
    ] {
        assert_eq!(read(&text), Err(Error::Malformed), "{text}");
    }
    assert_eq!(read(&format!("{token}=")), Err(Error::Signature));
    assert_eq!(read(&format!("{token}\n")), Err(Error::Signature));
}

#[test]
fn long_tokens_are_refused_unread() {
    let payload = |length: usize| format!(r#"{{"a":"{}"}}"#, "x".repeat(length));
    assert!(read(&forge(r#"{"alg":"HS256"}"#, payload(1_400).as_bytes())).is_ok());
    assert_eq!(read(&forge(r#"{"alg":"HS256"}"#, payload(1_600).as_bytes())), Err(Error::Malformed));
    assert_eq!(read(&forge(r#"{"alg":"HS256"}"#, payload(6_000_000).as_bytes())), Err(Error::Malformed));
}

#[test]
fn claims_are_one_object() {
    for payload in ["[]", "[1]", "1", "\"a\"", "null", "", "{}{}", "{\"a\":1", "\u{feff}{}"] {
        assert_eq!(read(&forge(r#"{"alg":"HS256"}"#, payload.as_bytes())), Err(Error::Malformed), "{payload}");
    }
}

#[test]
fn a_short_secret_is_no_key() {
    assert!(MacKey::new(&[7; 31]).is_none());
    assert!(MacKey::new(&[]).is_none());
    assert!(MacKey::new(&[7; 32]).is_some());
}

#[test]
fn a_key_does_not_show_its_secret() {
    assert_eq!(format!("{:?}", MacKey::new(SECRET).unwrap()), "MacKey([REDACTED])");
}

#[expect(clippy::disallowed_methods, reason = "the folder of the vectors is a setting of the tests, not of Amber")]
fn vectors(file: &str) -> Option<Vec<Value>> {
    let Ok(data) = std::env::var("AMBER_TEST_DATA") else {
        eprintln!("skipped: AMBER_TEST_DATA is not set");
        return None;
    };
    let text = std::fs::read_to_string(format!("{data}/wycheproof/{file}")).unwrap();
    let mut file: Value = serde_json::from_str(&text).unwrap();
    Some(serde_json::from_value(file["testGroups"].take()).unwrap())
}

fn tests_of(group: &Value) -> impl Iterator<Item = (u64, &str, &Value)> {
    let tests = group["tests"].as_array().unwrap();
    tests.iter().map(|test| (test["tcId"].as_u64().unwrap(), test["result"].as_str().unwrap(), test))
}

fn hex(text: &Value) -> Vec<u8> {
    let text = text.as_str().unwrap();
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn the_mac_agrees_with_wycheproof_and_refuses_cut_tags() {
    let Some(groups) = vectors("hmac_sha256_test.json") else { return };
    install_crypto();
    let mut seen = (0, 0);
    for group in &groups {
        let whole = group["tagSize"] == 256;
        for (number, result, test) in tests_of(group) {
            let key = DecodingKey::from_secret(&hex(&test["key"]));
            let tag = URL_SAFE_NO_PAD.encode(hex(&test["tag"]));
            let accepted = crypto::verify(&tag, &hex(&test["msg"]), &key, Algorithm::HS256).unwrap();
            assert_eq!(accepted, whole && result == "valid", "test {number}");
            if whole { seen.0 += 1 } else { seen.1 += 1 }
        }
    }
    assert_eq!(seen, (87, 87));
}

#[test]
fn the_form_and_the_mac_agree_with_wycheproof() {
    let Some(groups) = vectors("json_web_signature_test.json") else { return };
    let mut seen = (0, 0);
    for group in &groups {
        let symmetric = group["private"]["kty"] == "oct";
        let secret = group["private"]["k"].as_str().map(|k| URL_SAFE_NO_PAD.decode(k).unwrap());
        let key = MacKey::new(&secret.unwrap_or_else(|| SECRET.to_vec())).unwrap();
        for (number, label, test) in tests_of(group) {
            let jws = test["jws"].as_str().map_or_else(|| test["jws"].to_string(), str::to_owned);
            let expected = match number {
                // Labelled invalid, but byte for byte the same as test 357, which is labelled valid.
                367 | 370 => true,
                // Labelled valid, but `?` is no base64url, and the MAC is not that of these bytes.
                372 | 373 => false,
                _ => symmetric && label == "valid",
            };
            let accepted = Jws::read(&jws).and_then(|jws| jws.payload(&key)).is_ok();
            assert_eq!(accepted, expected, "test {number}: {jws}");
            if symmetric { seen.0 += 1 } else { seen.1 += 1 }
        }
    }
    assert_eq!(seen, (40, 361));
}
