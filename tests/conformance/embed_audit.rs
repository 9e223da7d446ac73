//! The audit of embed tokens: complete, in order, and read page by page.

use std::time::Duration;

use amber_server::domain::{AuditAction, AuditEvent, ClientId, Clock, TokenId};
use amber_server::store::{AuditFilter, EmbedAudit};

use crate::embedding::{claims, dashboard, event, revoked};
use crate::fresh::Fresh;

on_both_databases!(
    lines_come_back_as_they_were_written,
    the_newest_line_comes_first_on_every_page,
    every_filter_narrows_and_all_of_them_together,
    lines_are_written_together_or_not_at_all,
    old_lines_are_forgotten,
);

fn lines(read: Vec<(i64, AuditEvent)>) -> Vec<AuditEvent> {
    read.into_iter().map(|(_, event)| event).collect()
}

async fn lines_come_back_as_they_were_written(fresh: Fresh) {
    let mut written = Vec::new();
    for action in AuditAction::ALL {
        let mut line = event(action, &claims(&fresh, "token"));
        line.reason = Some("TOKEN_EXPIRED".into());
        written.push(line);
    }
    written.push(revoked(&fresh, "client:key:वेब"));
    fresh.store.append(&written).await.unwrap();
    written.reverse();
    assert_eq!(lines(fresh.store.events(&AuditFilter::default(), None, 100).await.unwrap()), written);

    fresh.store.append(&[revoked(&fresh, "a\0b")]).await.unwrap();
    let last = lines(fresh.store.events(&AuditFilter::default(), None, 1).await.unwrap());
    assert_eq!(last[0].detail.as_deref(), Some("a\u{fffd}b"));
    fresh.store.append(&[]).await.unwrap();
    assert_eq!(fresh.rows("embed_audit").await.len(), 7);
}

async fn the_newest_line_comes_first_on_every_page(fresh: Fresh) {
    for n in 0..7 {
        let line = event(AuditAction::Issued, &claims(&fresh, &format!("token{n}")));
        fresh.store.append(&[line]).await.unwrap();
    }
    let (mut listed, mut before) = (Vec::new(), None);
    loop {
        let page = fresh.store.events(&AuditFilter::default(), before, 3).await.unwrap();
        assert!(page.windows(2).all(|pair| pair[0].0 > pair[1].0));
        let Some((number, _)) = page.last() else { break };
        before = Some(*number);
        listed.extend(page.into_iter().map(|(_, line)| line.token_id.unwrap().0));
        // What is written while somebody turns the pages is not shown to them, and moves nothing.
        fresh.store.append(&[revoked(&fresh, "meanwhile")]).await.unwrap();
    }
    assert_eq!(listed, ["token6", "token5", "token4", "token3", "token2", "token1", "token0"]);
}

async fn every_filter_narrows_and_all_of_them_together(fresh: Fresh) {
    let mut wanted = event(AuditAction::Redeemed, &claims(&fresh, "token"));
    let others: [fn(&mut AuditEvent); 4] = [
        |line| line.action = AuditAction::Renewed,
        |line| line.token_id = Some(TokenId("Token".into())),
        |line| line.client_id = None,
        |line| line.dashboard_id = Some(dashboard("other")),
    ];
    let filters = [
        AuditFilter { action: Some(AuditAction::Redeemed), ..AuditFilter::default() },
        AuditFilter { token_id: Some(TokenId("token".into())), ..AuditFilter::default() },
        AuditFilter { client_id: Some(ClientId("key:web".into())), ..AuditFilter::default() },
        AuditFilter { dashboard_id: Some(dashboard("sales")), ..AuditFilter::default() },
    ];
    wanted.detail = Some("wanted".into());
    fresh.store.append(&[wanted.clone()]).await.unwrap();
    for change in others {
        let mut line = wanted.clone();
        change(&mut line);
        fresh.store.append(&[line]).await.unwrap();
    }
    let mut all = AuditFilter::default();
    for (n, filter) in filters.into_iter().enumerate() {
        let found = lines(fresh.store.events(&filter, None, 100).await.unwrap());
        assert_eq!(found.len(), 4, "filter {n}: {found:?}");
        let AuditFilter { action, token_id, client_id, dashboard_id } = filter;
        all.action = all.action.or(action);
        all.token_id = all.token_id.or(token_id);
        all.client_id = all.client_id.or(client_id);
        all.dashboard_id = all.dashboard_id.or(dashboard_id);
    }
    assert_eq!(lines(fresh.store.events(&all, None, 100).await.unwrap()), [wanted]);
    let nobody = AuditFilter { client_id: Some(ClientId("' OR 1=1 --".into())), ..AuditFilter::default() };
    assert_eq!(fresh.store.events(&nobody, None, 100).await.unwrap(), []);
}

async fn lines_are_written_together_or_not_at_all(fresh: Fresh) {
    let unique = "CREATE UNIQUE INDEX once ON embed_audit (detail)";
    fresh.change(unique).await;
    let batch = [revoked(&fresh, "one"), revoked(&fresh, "two"), revoked(&fresh, "one")];
    fresh.store.append(&batch).await.unwrap_err();
    assert_eq!(fresh.rows("embed_audit").await, Vec::<String>::new());
    fresh.store.append(&batch[..2]).await.unwrap();
    // Far more than the parameters of one statement.
    let many: Vec<_> = (0..8_000).map(|n| revoked(&fresh, &format!("line {n}"))).collect();
    fresh.store.append(&many).await.unwrap();
    let again: Vec<_> = (8_000..16_000).chain([7]).map(|n| revoked(&fresh, &format!("line {n}"))).collect();
    fresh.store.append(&again).await.unwrap_err();
    assert_eq!(fresh.number("SELECT COUNT(*) FROM embed_audit").await, 8_002);
}

async fn old_lines_are_forgotten(fresh: Fresh) {
    let limit = fresh.clock.now() + Duration::from_micros(1);
    fresh.store.append(&[revoked(&fresh, "old")]).await.unwrap();
    fresh.clock.advance(Duration::from_micros(1));
    fresh.store.append(&[revoked(&fresh, "of the limit")]).await.unwrap();
    assert_eq!(fresh.store.purge_events(limit).await.unwrap(), 1);
    let kept = fresh.store.events(&AuditFilter::default(), None, 10).await.unwrap();
    assert_eq!(lines(kept)[0].detail.as_deref(), Some("of the limit"));
    assert_eq!(fresh.store.purge_events(limit).await.unwrap(), 0);
}
