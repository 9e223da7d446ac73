//! What a forger, a thief or a broken client may send.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::*;
use crate::auth::AdminTokens;
use crate::auth::jws::MacKey;
use crate::domain::{OriginError, Role};

type Spoil = fn(Draft) -> Draft;

fn at(seconds_from_start: i64) -> Timestamp {
    Timestamp::from_second(HandClock::START + seconds_from_start).unwrap()
}

/// One way to break each rule, in the order in which the rules are checked.
fn rules() -> Vec<(&'static str, Spoil, Error)> {
    vec![
        ("header", |d| d.head("crit", json!(["exp"])), Error::TokenMalformed),
        ("key id", |d| d.head("kid", json!("k9")), Error::TokenBadSignature),
        ("claims", |d| d.claim("admin", json!(true)), Error::TokenMalformed),
        ("audience", |d| d.claim("aud", json!("amber-admin")), Error::TokenWrongAudience),
        (
            "expiry",
            |d| d.claim("iat", json!(HandClock::START - 60)).claim("exp", json!(HandClock::START)),
            Error::TokenExpired { expired_at: at(0) },
        ),
        ("start", |d| d.claim("nbf", json!(HandClock::START + 3)), Error::TokenNotYetValid { valid_from: at(3) }),
        ("dashboard", |d| d.claim("dsh", json!("dash-2")), Error::WrongDashboard),
        ("origin", |d| Draft { embedder: Embedder::Site(origin(OTHER)), ..d }, Error::OriginNotAllowed),
    ]
}

#[test]
fn a_right_token_is_accepted() {
    let claims = Draft::right().verdict().unwrap();
    assert_eq!((claims.client_id.0.as_str(), claims.subject.as_str()), ("admin", "anonymous"));
    assert_eq!((claims.origins, claims.expires_at), (vec![origin(HOST)], at(60)));
}

#[test]
fn each_rule_is_checked_and_the_first_that_is_broken_is_the_answer() {
    let rules = rules();
    for (index, (first, spoil_first, error)) in rules.iter().enumerate() {
        assert_eq!(spoil_first(Draft::right()).verdict().as_ref(), Err(error), "{first}");
        for (second, spoil_second, _) in &rules[index + 1..] {
            let draft = spoil_second(spoil_first(Draft::right()));
            assert_eq!(draft.verdict().as_ref(), Err(error), "{first} and {second}");
        }
    }
}

#[test]
fn a_wrong_signature_hides_every_later_fault() {
    for (name, spoil, _) in &rules()[1..] {
        let draft = Draft { secret: K1.to_vec(), ..spoil(Draft::right()) };
        assert_eq!(draft.verdict(), Err(Error::TokenBadSignature), "{name}");
    }
}

#[test]
fn claims_must_be_all_there_and_of_their_form() {
    let now = HandClock::START;
    for (name, value) in [
        ("sub", json!("")),
        ("sub", json!(7)),
        ("cid", json!("")),
        ("jti", json!("short")),
        ("jti", json!("????????????????????==")),
        ("iat", json!(now.to_string())),
        ("exp", json!((now + 60).to_string())),
        ("exp", json!(1.5)),
        ("exp", json!(null)),
        ("exp", json!(i64::MAX)),
        ("nbf", json!(i64::MAX)),
        ("exp", json!(now + 301)),
        ("exp", json!(now)),
        ("exp", json!(now - 1)),
        ("aud", json!(["amber-embed"])),
        ("dsh", json!("../dash-1")),
        ("org", json!([])),
        ("org", json!(HOST)),
        ("org", json!(["null"])),
        ("org", json!(["*"])),
        ("org", json!(["https://*.example"])),
        ("org", json!([format!("{HOST}/")])),
        ("org", json!([format!("{HOST}; script-src *")])),
        ("org", json!(vec![HOST; 9])),
        ("ldr", json!(["not a uuid"])),
        ("prm", json!({"lock": 1})),
        ("prm", json!([])),
        ("mxs", json!(0)),
        ("mxs", json!(601)),
        ("mxs", json!(-1)),
    ] {
        let verdict = Draft::right().claim(name, value.clone()).verdict();
        assert_eq!(verdict, Err(Error::TokenMalformed), "{name}: {value}");
    }
    for name in ["iss", "aud", "sub", "jti", "iat", "nbf", "exp", "cid", "dsh", "org", "ldr", "prm", "mxs"] {
        let mut draft = Draft::right();
        draft.claims.as_object_mut().unwrap().remove(name);
        assert_eq!(draft.verdict(), Err(Error::TokenMalformed), "without {name}");
    }
}

#[test]
fn headers_must_name_the_profile_and_nothing_else() {
    for (name, value) in [
        ("alg", json!("none")),
        ("alg", json!("HS384")),
        ("alg", json!("RS256")),
        ("typ", json!("JWT")),
        ("typ", json!("amber-admin+jwt")),
        ("typ", json!("AMBER-EMBED+JWT")),
        ("jwk", json!({"kty": "oct", "k": "AA"})),
        ("jku", json!("https://evil.example")),
        ("crit", json!([])),
        ("x", json!(1)),
    ] {
        let verdict = Draft::right().head(name, value.clone()).verdict();
        assert_eq!(verdict, Err(Error::TokenMalformed), "{name}: {value}");
    }
    for name in ["alg", "typ", "kid"] {
        let mut draft = Draft::right();
        draft.header.as_object_mut().unwrap().remove(name);
        assert_eq!(draft.verdict(), Err(Error::TokenMalformed), "without {name}");
    }
}

#[test]
fn no_key_is_tried_but_the_named_one() {
    let named_k1 = Draft::right().head("kid", json!("k1"));
    assert_eq!(named_k1.verdict(), Err(Error::TokenBadSignature), "signed with k2");
    assert!(Draft { secret: K1.to_vec(), ..named_k1 }.verdict().is_ok(), "every key of the ring verifies");
    for unknown in ["", "k9", "../../dev/null", "K2"] {
        assert_eq!(Draft::right().head("kid", json!(unknown)).verdict(), Err(Error::TokenBadSignature), "{unknown}");
    }
}

#[test]
fn any_other_byte_anywhere_is_refused() {
    let verifier = verifier(&HandClock::new());
    let token = Draft::right().token().into_bytes();
    for position in 0..token.len() {
        for byte in 0..=127 {
            if byte == token[position] {
                continue;
            }
            let mut changed = token.clone();
            changed[position] = byte;
            let changed = String::from_utf8(changed).unwrap();
            let verdict = verifier.verify(&changed);
            let reason = verdict.expect_err("a changed token is never accepted").error.reason();
            assert!(matches!(reason, "TOKEN_MALFORMED" | "TOKEN_BAD_SIGNATURE"), "{reason} at {position}");
        }
    }
}

#[test]
fn a_token_of_eight_megabytes_is_refused_unread() {
    let draft = Draft::right().claim("sub", json!("x".repeat(8_000_000)));
    assert_eq!(draft.verdict(), Err(Error::TokenMalformed));
}

#[test]
fn the_last_second_counts_and_the_first_unusable_instant_does_not() {
    let clock = HandClock::new();
    let verifier = verifier(&clock);
    let token = Draft::right().token();
    let verdict = || verifier.verify(&token).map_err(|refusal| refusal.error);
    clock.turn(59);
    assert!(verdict().is_ok());
    clock.turn(1);
    assert_eq!(verdict(), Err(Error::TokenExpired { expired_at: at(60) }));
}

#[test]
fn a_clock_may_be_two_seconds_ahead_and_a_life_three_hundred_long() {
    let later = |seconds: i64| {
        let start = HandClock::START + seconds;
        Draft::right().claim("iat", json!(start)).claim("nbf", json!(start)).claim("exp", json!(start + 300)).verdict()
    };
    assert!(later(0).is_ok() && later(2).is_ok());
    assert_eq!(later(3), Err(Error::TokenNotYetValid { valid_from: at(3) }));
    assert_eq!(
        Draft::right().claim("iat", json!(HandClock::START + 3)).verdict(),
        Err(Error::TokenNotYetValid { valid_from: at(3) })
    );
}

#[test]
fn the_framing_site_must_be_named_and_still_registered() {
    let framed_by = |embedder| Draft { embedder, ..Draft::right() }.verdict().map(drop);
    assert_eq!(framed_by(Embedder::NotAsked), Ok(()));
    assert_eq!(framed_by(Embedder::of_origin(Some(HOST))), Ok(()));
    assert_eq!(framed_by(Embedder::of_origin(None)), Err(Error::OriginUnknown));
    assert_eq!(framed_by(Embedder::of_origin(Some("null"))), Err(Error::OriginUnknown));
    for foreign in [
        OTHER,
        "https://host.example:8443",
        "http://host.example",
        "https://evilhost.example",
        "https://HOST.example",
        "https://host.example/",
        "https://host.example.evil.example",
        "chrome-extension://abc",
    ] {
        assert_eq!(framed_by(Embedder::of_origin(Some(foreign))), Err(Error::OriginNotAllowed), "{foreign}");
    }
    assert_eq!(framed_by(Embedder::of_referer(Some("https://host.example/page?x#y"))), Ok(()));
    assert_eq!(framed_by(Embedder::of_referer(Some("https://host.example:443/"))), Ok(()));
    for referer in
        ["https://evil.example/?https://host.example/", "https://host.example@evil.example/", "data:text/html,x"]
    {
        assert_eq!(framed_by(Embedder::of_referer(Some(referer))), Err(Error::OriginNotAllowed), "{referer}");
    }
    assert_eq!(framed_by(Embedder::of_referer(None)), Err(Error::OriginUnknown));
    let withdrawn = Draft::right().claim("org", json!([HOST, FOREIGN]));
    assert_eq!(withdrawn.verdict(), Err(Error::OriginNotAllowed), "one of its sites is registered no more");
    assert_eq!(Draft { embedder: Embedder::NotAsked, ..withdrawn }.verdict(), Err(Error::OriginNotAllowed));
}

#[test]
fn an_admin_token_is_no_embed_token_and_the_reverse_even_under_one_secret() {
    let clock = HandClock::new();
    let secret = SecretString::from(String::from_utf8(K2.to_vec()).unwrap());
    let admin = AdminTokens::new(&secret, Duration::from_hours(1), clock.clone(), Arc::new(OsEntropy)).unwrap();
    let admin_token = admin.issue("alice", Role::Admin, admin.ttl()).unwrap().token;
    let refusal = verifier(&clock).verify(admin_token.expose_secret()).unwrap_err();
    assert_eq!(refusal.error, Error::TokenMalformed);
    let embed_token = issuer(&clock).issue(request(), &registered()).unwrap().token;
    assert_eq!(admin.verify(embed_token.expose_secret()), Err(crate::auth::Error::CredentialInvalid));
}

#[test]
fn forgers_learn_nothing_from_the_text() {
    let texts = [Error::TokenMalformed, Error::TokenBadSignature, Error::TokenWrongAudience].map(|e| e.to_string());
    assert!(texts.iter().all(|text| *text == texts[0]));
    let others = [
        Error::TokenExpired { expired_at: at(0) },
        Error::TokenReplayed,
        Error::OriginUnknown,
        Error::OriginInvalid(OriginError::Form),
    ];
    assert!(others.iter().all(|error| error.to_string() != texts[0]));
}

#[test]
fn a_refusal_carries_claims_only_when_their_signature_was_right() {
    let redeemer = redeemer(&HandClock::new(), &Desk::new());
    let refusal = |draft: Draft| wait(redeemer.check(&draft.token(), Some("dash-1"), &draft.embedder)).unwrap_err();
    let foreign = refusal(Draft { embedder: Embedder::Foreign, ..Draft::right() });
    assert_eq!(foreign.claims.unwrap().origins, [origin(HOST)]);
    assert_eq!(refusal(Draft { secret: K1.to_vec(), ..Draft::right() }).claims, None);
}

#[test]
fn a_ring_refuses_what_could_be_guessed_or_confused() {
    let ring = |keys: &[(&str, &[u8])]| KeyRing::new(keys.iter().copied()).map(drop);
    assert_eq!(ring(&[("k1", K1), ("k2", K2)]), Ok(()));
    assert_eq!(ring(&[]), Err(KeyRingError::Empty));
    assert_eq!(ring(&[("k1", &K1[..31])]), Err(KeyRingError::TooShort("k1".to_owned())));
    assert_eq!(ring(&[("k1", b"")]), Err(KeyRingError::TooShort("k1".to_owned())));
    assert_eq!(ring(&[("k1", K1), ("k1", K2)]), Err(KeyRingError::Duplicate("k1".to_owned())));
    for id in ["", "a b", "../k", "a:b", &"k".repeat(65)] {
        assert_eq!(ring(&[(id, K1)]), Err(KeyRingError::KeyId(id.to_owned())));
    }
}

#[test]
fn keys_do_not_show_their_secrets() {
    let text = format!("{:?} {:?}", ring(), MacKey::new(K1));
    assert!(!text.contains("key-one") && text.contains("REDACTED"), "{text}");
}
