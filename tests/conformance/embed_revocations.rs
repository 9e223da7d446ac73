//! A revocation meets the tokens that it names and that were issued until then, and no others.

use std::time::Duration;

use amber_server::domain::{AuditAction, ClientId, Clock, EmbedClaims, Selector, TokenId};
use amber_server::store::{Consumed, EmbedTokens, Standing};
use tokio::task::JoinSet;

use crate::embedding::{claims, dashboard, event, revoked};
use crate::fresh::Fresh;

on_both_databases!(
    each_selector_meets_the_tokens_that_it_names,
    only_tokens_of_that_time_or_before_are_met,
    an_older_revocation_never_replaces_a_newer_one,
    a_value_is_nothing_but_a_value,
);

/// A token in which everything is named otherwise than in [`claims`].
fn stranger(fresh: &Fresh) -> EmbedClaims {
    EmbedClaims {
        token_id: TokenId("other".into()),
        key_id: "k2".into(),
        subject: "other".into(),
        client_id: ClientId("user:other".into()),
        dashboard_id: dashboard("other"),
        ..claims(fresh, "other")
    }
}

async fn each_selector_meets_the_tokens_that_it_names(fresh: Fresh) {
    let (met, spared) = (claims(&fresh, "token"), stranger(&fresh));
    for (n, selector) in (1..).zip(Selector::of(&met)) {
        assert_eq!(fresh.store.standing(&met).await.unwrap(), Standing::Good, "before {selector}");
        fresh.store.revoke(&selector, fresh.clock.now(), &revoked(&fresh, &selector.to_string())).await.unwrap();
        assert_eq!(fresh.store.standing(&met).await.unwrap(), Standing::Revoked, "{selector}");
        let line = event(AuditAction::Redeemed, &met);
        assert_eq!(fresh.store.consume(&met, &line).await.unwrap(), Consumed::Revoked, "{selector}");
        assert_eq!(fresh.rows("embed_tokens_used").await.len(), 0);
        assert_eq!(fresh.rows("embed_audit").await.len(), n, "one line for each revocation, none for the refused use");
        let expected = if selector == Selector::All { Standing::Revoked } else { Standing::Good };
        assert_eq!(fresh.store.standing(&spared).await.unwrap(), expected, "{selector}");
        fresh.change("DELETE FROM embed_revocations").await;
    }
}

async fn only_tokens_of_that_time_or_before_are_met(fresh: Fresh) {
    let older = claims(&fresh, "older");
    fresh.clock.advance(Duration::from_secs(1));
    let same = claims(&fresh, "same");
    fresh.store.revoke(&Selector::All, fresh.clock.now(), &revoked(&fresh, "all")).await.unwrap();
    fresh.clock.advance(Duration::from_micros(1));
    let newer = claims(&fresh, "newer");
    for (token, standing) in [(older, Standing::Revoked), (same, Standing::Revoked), (newer, Standing::Good)] {
        assert_eq!(fresh.store.standing(&token).await.unwrap(), standing, "{}", token.token_id);
    }
}

async fn an_older_revocation_never_replaces_a_newer_one(fresh: Fresh) {
    let token = claims(&fresh, "token");
    let (now, hour) = (fresh.clock.now(), Duration::from_hours(1));
    let selector = Selector::Client(token.client_id.clone());
    fresh.store.revoke(&selector, now, &revoked(&fresh, "now")).await.unwrap();
    fresh.store.revoke(&selector, now - hour, &revoked(&fresh, "late message")).await.unwrap();
    assert_eq!(fresh.store.standing(&token).await.unwrap(), Standing::Revoked);
    fresh.store.revoke(&selector, now + hour, &revoked(&fresh, "later")).await.unwrap();
    let kept = fresh.number("SELECT revoked_before FROM embed_revocations").await;
    assert_eq!(i64::try_from(kept).unwrap(), (now + hour).as_microsecond());
    assert_eq!(fresh.rows("embed_audit").await.len(), 3, "each is written down");

    let mut callers = JoinSet::new();
    for n in 0..30_u64 {
        // 7 and 30 have no common divisor: each place comes once, in a mixed order.
        let before = now + hour + Duration::from_secs(n * 7 % 30);
        let (store, selector, line) = (fresh.store.clone(), selector.clone(), revoked(&fresh, "at once"));
        callers.spawn(async move { store.revoke(&selector, before, &line).await.unwrap() });
    }
    callers.join_all().await;
    let kept = fresh.number("SELECT revoked_before FROM embed_revocations").await;
    assert_eq!(i64::try_from(kept).unwrap(), (now + hour + Duration::from_secs(29)).as_microsecond());
}

async fn a_value_is_nothing_but_a_value(fresh: Fresh) {
    let mut token = claims(&fresh, "token");
    token.subject = "x' OR '1'='1".into();
    for selector in
        [Selector::Subject("viewer".into()), Selector::Subject("%".into()), Selector::Token(TokenId(String::new()))]
    {
        fresh.store.revoke(&selector, fresh.clock.now(), &revoked(&fresh, "x")).await.unwrap();
    }
    assert_eq!(fresh.store.standing(&token).await.unwrap(), Standing::Good);
    let selector = Selector::Subject(token.subject.clone());
    fresh.store.revoke(&selector, fresh.clock.now(), &revoked(&fresh, "x")).await.unwrap();
    assert_eq!(fresh.store.standing(&token).await.unwrap(), Standing::Revoked);
}
