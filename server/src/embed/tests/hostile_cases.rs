//! One table of hostile attempts, each with the check that keeps it out; and the proof that no check is dead.

use std::collections::HashSet;

use serde_json::json;

use super::*;
use crate::domain::{Selector, TokenCheck, TokenCheck as Check};

/// What is done with a text that was signed, or should have been.
#[derive(Clone, Copy)]
enum Deed {
    /// A page of this site opens the frame of `dash-1`.
    Frame(&'static str),
    /// The same, for the second time.
    Replay,
    /// The text is shown in the place of a session.
    Session,
    /// The text is shown as the fresh token of a session that the right token opened.
    Renew,
}

/// One attempt. Everything about it is right but the one thing that its name tells.
struct Case {
    name: &'static str,
    draft: Draft,
    /// What is done to the text after it was signed.
    spoil: fn(String) -> String,
    deed: Deed,
    /// What happened at the server before.
    scene: fn(&Desk),
    error: &'static str,
    check: Check,
}

impl Case {
    fn of(check: Check, name: &'static str, error: &'static str, draft: Draft) -> Self {
        Self { name, draft, spoil: |text| text, deed: Deed::Frame(HOST), scene: |_| {}, error, check }
    }

    /// What the server says, which is new to everything.
    fn outcome(&self) -> Result<(), Error> {
        let (clock, desk) = (HandClock::new(), Desk::new());
        let redeemer = redeemer(&clock, &desk);
        let redeem = |text: &str, site| wait(redeemer.redeem(text, "dash-1", &Embedder::of_origin(Some(site)), None));
        let text = (self.spoil)(self.draft.token());
        let before = match self.deed {
            Deed::Replay => Some(redeem(&text, HOST).unwrap()),
            Deed::Renew => {
                let first = Draft::right().claim("jti", json!("AAAAAAAAAAAAAAAAAAAAAA"));
                Some(redeem(&first.token(), HOST).unwrap())
            }
            Deed::Frame(_) | Deed::Session => None,
        };
        (self.scene)(&desk);
        match (self.deed, before) {
            (Deed::Frame(site), _) => redeem(&text, site).map(drop)?,
            (Deed::Session, _) => wait(redeemer.session(&text, Some("dash-1"))).map(drop)?,
            (Deed::Renew, Some(open)) => {
                wait(redeemer.renew(secrecy::ExposeSecret::expose_secret(&open.text), &text, None)).map(drop)?;
            }
            (Deed::Replay | Deed::Renew, _) => redeem(&text, HOST).map(drop)?,
        }
        Ok(())
    }
}

/// Every attempt, in the order of the checks.
fn cases() -> Vec<Case> {
    [shapes(), headers(), claims(), standing(), sessions()].into_iter().flatten().collect()
}

fn shapes() -> Vec<Case> {
    let right = Draft::right;
    let of = |check, name, error, spoil| Case { spoil, ..Case::of(check, name, error, right()) };
    let long = |length| right().claim("sub", json!("x".repeat(length)));
    vec![
        Case::of(Check::Length, "a little too long", "TOKEN_MALFORMED", long(1_700)),
        Case::of(Check::Length, "8 MB", "TOKEN_MALFORMED", long(8_000_000)),
        of(Check::Parts, "a fourth part", "TOKEN_MALFORMED", |text| format!("{text}.e30")),
        of(Check::Parts, "an empty fourth part", "TOKEN_MALFORMED", |text| format!("{text}.")),
        Case::of(Check::Mac, "another secret", "TOKEN_BAD_SIGNATURE", Draft { secret: K1.to_vec(), ..right() }),
        Case::of(Check::Mac, "an empty secret", "TOKEN_BAD_SIGNATURE", Draft { secret: Vec::new(), ..right() }),
        of(Check::Mac, "a MAC cut to 128 bits", "TOKEN_BAD_SIGNATURE", |text| {
            let (signed, tag) = text.rsplit_once('.').unwrap();
            let tag = URL_SAFE_NO_PAD.decode(tag).unwrap();
            format!("{signed}.{}", URL_SAFE_NO_PAD.encode(&tag[..16]))
        }),
        of(Check::Mac, "a padded MAC", "TOKEN_BAD_SIGNATURE", |text| format!("{text}=")),
        of(Check::Mac, "claims of another dashboard under an old MAC", "TOKEN_BAD_SIGNATURE", |text| {
            let other = Draft::right().claim("sub", json!("admin")).token();
            let (signed, _) = other.rsplit_once('.').unwrap();
            format!("{signed}.{}", text.rsplit_once('.').unwrap().1)
        }),
    ]
}

fn headers() -> Vec<Case> {
    let head = |check, name, value: Value| {
        Case::of(check, "an unusual header", "TOKEN_MALFORMED", Draft::right().head(name, value))
    };
    let mut cases = vec![
        Case::of(Check::Key, "an unknown key", "TOKEN_BAD_SIGNATURE", Draft::right().head("kid", json!("k9"))),
        Case::of(
            Check::Key,
            "a path as key",
            "TOKEN_BAD_SIGNATURE",
            Draft::right().head("kid", json!("../../dev/null")),
        ),
        Case::of(Check::Key, "no name of a key", "TOKEN_BAD_SIGNATURE", Draft::right().head("kid", json!(""))),
    ];
    let extra = [
        ("crit", json!([])),
        ("crit", json!(["exp"])),
        ("jwk", json!({"kty": "oct", "k": "AA"})),
        ("jku", json!("https://evil.example/keys")),
        ("x5u", json!("https://evil.example/cert")),
        ("b64", json!(false)),
        ("zip", json!("DEF")),
    ];
    cases.extend(extra.map(|(name, value)| head(Check::Header, name, value)));
    let algorithms = ["none", "None", "hs256", "HS384", "HS512", "RS256", "ES256"];
    cases.extend(algorithms.map(|name| head(Check::Algorithm, "alg", json!(name))));
    let kinds = ["JWT", "at+jwt", "amber-admin+jwt", "amber-embed-session+jwt", "AMBER-EMBED+JWT"];
    cases.extend(kinds.map(|name| head(Check::Kind, "typ", json!(name))));
    cases
}

fn claims() -> Vec<Case> {
    let now = HandClock::START;
    let of = |check, name, error, claim, value| Case::of(check, name, error, Draft::right().claim(claim, value));
    let lived =
        |iat: i64, exp: i64| Draft::right().claim("iat", json!(iat)).claim("nbf", json!(iat)).claim("exp", json!(exp));
    vec![
        of(Check::Claims, "an unknown claim", "TOKEN_MALFORMED", "admin", json!(true)),
        of(Check::Form, "a session of more than ten minutes", "TOKEN_MALFORMED", "mxs", json!(601)),
        of(Check::Form, "a session of no length", "TOKEN_MALFORMED", "mxs", json!(0)),
        of(Check::Form, "nine sites", "TOKEN_MALFORMED", "org", json!(vec![HOST; 9])),
        of(Check::Form, "no viewer", "TOKEN_MALFORMED", "sub", json!("")),
        of(Check::Issuer, "another issuer", "TOKEN_WRONG_AUDIENCE", "iss", json!("other")),
        of(Check::Audience, "another audience", "TOKEN_WRONG_AUDIENCE", "aud", json!("amber-admin")),
        of(Check::Lifetime, "a life of 301 seconds", "TOKEN_MALFORMED", "exp", json!(now + 301)),
        of(Check::Lifetime, "a life until 2100", "TOKEN_MALFORMED", "exp", json!(4_102_444_800_i64)),
        Case::of(Check::Expiry, "over in this very second", "TOKEN_EXPIRED", lived(now - 60, now)),
        Case::of(Check::Expiry, "over for long", "TOKEN_EXPIRED", lived(now - 86_400, now - 86_340)),
        Case::of(Check::Start, "three seconds early", "TOKEN_NOT_YET_VALID", lived(now + 3, now + 60)),
        of(Check::Start, "usable in three seconds", "TOKEN_NOT_YET_VALID", "nbf", json!(now + 3)),
    ]
}

fn standing() -> Vec<Case> {
    let right = |check, name, error| Case::of(check, name, error, Draft::right());
    let scene = |check, name, error, scene| Case { scene, ..right(check, name, error) };
    let by = |site| Case { deed: Deed::Frame(site), ..right(Check::Origin, site, "ORIGIN_NOT_ALLOWED") };
    let claim = |check, name, error, claim, value| Case::of(check, name, error, Draft::right().claim(claim, value));
    let mut cases = vec![
        scene(Check::Client, "a client that was revoked", "TOKEN_REVOKED", |desk| {
            desk.unknown.lock().unwrap().insert(ClientId("admin".to_owned()));
        }),
        scene(Check::Revocation, "everything was revoked", "TOKEN_REVOKED", |desk| {
            desk.strike(Selector::All, jiff::Timestamp::from_second(HandClock::START).unwrap());
        }),
        claim(Check::Dashboard, "another dashboard", "WRONG_DASHBOARD", "dsh", json!("dash-2")),
        scene(Check::Deletion, "a deleted dashboard", "DASHBOARD_NOT_FOUND", |desk| {
            desk.deleted.lock().unwrap().insert(dashboard());
        }),
        claim(Check::Registration, "a site nobody registered", "ORIGIN_NOT_ALLOWED", "org", json!([HOST, FOREIGN])),
        scene(Check::Registration, "a site that was withdrawn", "ORIGIN_NOT_ALLOWED", |desk| {
            *desk.registered.lock().unwrap() = Some(vec![origin(OTHER)]);
        }),
        Case { deed: Deed::Replay, ..right(Check::FirstUse, "a used token", "TOKEN_REPLAYED") },
    ];
    let sites =
        [OTHER, FOREIGN, "https://host.example:8443", "https://evilhost.example", "https://host.example.evil.example"];
    cases.extend(sites.map(by));
    cases
}

fn sessions() -> Vec<Case> {
    let session = |typ: &str, exp: i64| {
        let wire = json!({"tok": Draft::right().claims, "site": HOST, "exp": exp});
        Draft { claims: wire, ..Draft::right() }.head("typ", json!(typ))
    };
    let (kind, live) = ("amber-embed-session+jwt", HandClock::START + 600);
    let shown = |check, name, draft| Case { deed: Deed::Session, ..Case::of(check, name, "SESSION_ENDED", draft) };
    let renewing = |check, name, error, claim, value| Case {
        deed: Deed::Renew,
        ..Case::of(check, name, error, Draft::right().claim(claim, value))
    };
    vec![
        shown(Check::Kind, "a token's kind on a session", session("amber-embed+jwt", live)),
        shown(Check::Mac, "a session of another secret", Draft { secret: K1.to_vec(), ..session(kind, live) }),
        shown(Check::Key, "a session of an unknown key", session(kind, live).head("kid", json!("k9"))),
        shown(Check::SessionEnd, "a session that is over", session(kind, HandClock::START)),
        renewing(Check::SameClient, "the token of another client", "TOKEN_WRONG_AUDIENCE", "cid", json!("key:other")),
        renewing(Check::SameViewer, "the token of another viewer", "TOKEN_WRONG_AUDIENCE", "sub", json!("somebody")),
        renewing(Check::Dashboard, "the token of another dashboard", "WRONG_DASHBOARD", "dsh", json!("dash-2")),
        renewing(Check::Origin, "the token of another site", "ORIGIN_NOT_ALLOWED", "org", json!([OTHER])),
    ]
}

/// All checks, of which the compiler knows none to be forgotten here: see the last test.
const CHECKS: [TokenCheck; 24] = [
    Check::Length,
    Check::Parts,
    Check::Header,
    Check::Algorithm,
    Check::Kind,
    Check::Key,
    Check::Mac,
    Check::Claims,
    Check::Form,
    Check::Issuer,
    Check::Audience,
    Check::Lifetime,
    Check::Expiry,
    Check::Start,
    Check::Client,
    Check::Revocation,
    Check::Dashboard,
    Check::Deletion,
    Check::Registration,
    Check::Origin,
    Check::FirstUse,
    Check::SameClient,
    Check::SameViewer,
    Check::SessionEnd,
];

#[test]
fn no_hostile_attempt_is_let_in_and_each_is_told_its_reason() {
    for case in cases() {
        let reason = case.outcome().map_err(|error| error.reason());
        assert_eq!(reason, Err(case.error), "{}: {}", case.name, case.draft.header);
    }
}

#[test]
fn the_same_attempts_without_their_fault_are_let_in() {
    for deed in [Deed::Frame(HOST), Deed::Renew] {
        let right = Case { deed, ..Case::of(Check::Mac, "", "", Draft::right()) };
        assert_eq!(right.outcome(), Ok(()));
    }
}

#[test]
fn each_attempt_is_kept_out_by_its_check_alone() {
    for case in cases() {
        let outcome = case.check.left_out(|| case.outcome());
        assert_eq!(outcome, Ok(()), "{}: without {:?} nothing keeps it out", case.name, case.check);
    }
}

#[test]
fn no_check_is_dead() {
    let needed: HashSet<TokenCheck> = cases().iter().map(|case| case.check).collect();
    let dead: Vec<_> = CHECKS.iter().filter(|check| !needed.contains(*check)).collect();
    assert!(dead.is_empty(), "no hostile attempt needs {dead:?}");
    let last = TokenCheck::SessionEnd as usize;
    assert_eq!(CHECKS.len(), last + 1, "every check stands in the list");
}
