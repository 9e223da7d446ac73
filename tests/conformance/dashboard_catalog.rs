//! The dashboards: an id is taken once and for ever, and no change is lost unseen.

use std::time::Duration;

use amber_server::domain::{Clock, Dashboard, DashboardSpec, LeaderId, Locale, Platform, Section, Theme};
use amber_server::store::{DashboardCatalog, DashboardCursor, Error, Found, Updated};
use tokio::task::JoinSet;

use crate::embedding::dashboard;
use crate::fresh::Fresh;

on_both_databases!(
    a_dashboard_comes_back_as_it_was_stored,
    an_id_is_taken_once,
    a_deleted_dashboard_keeps_its_id,
    of_changes_to_one_version_one_is_made,
    the_newest_dashboard_comes_first_on_every_page,
);

fn spec(title: &str) -> DashboardSpec {
    DashboardSpec { title: title.into(), ..DashboardSpec::default() }
}

async fn add(fresh: &Fresh, id: &str) -> Dashboard {
    fresh.store.add_dashboard(&dashboard(id), &spec(id), fresh.clock.now()).await.unwrap().unwrap()
}

async fn a_dashboard_comes_back_as_it_was_stored(fresh: Fresh) {
    let leader: LeaderId = "00000000-0000-4000-8000-000000000001".parse().unwrap();
    let full = DashboardSpec {
        title: "बिक्री \"Q1\"; DROP".into(),
        leaders: vec![leader],
        platforms: vec![Platform::X],
        locale: Locale::parse("hi").unwrap(),
        theme: Theme::parse("dark").unwrap(),
        sections: Section::ALL.to_vec(),
    };
    let at = fresh.clock.now();
    let id = dashboard("Sales_2026-Q1");
    let added = fresh.store.add_dashboard(&id, &full, at).await.unwrap().unwrap();
    let expected = Dashboard { id: id.clone(), spec: full, version: 1, created_at: at, updated_at: at };
    assert_eq!(added, expected);
    assert_eq!(fresh.store.dashboard(&id).await.unwrap(), Found::Dashboard(expected));
    assert_eq!(fresh.store.dashboard(&dashboard("sales_2026-q1")).await.unwrap(), Found::Never);

    fresh.change("UPDATE dashboards SET choices = '{}'").await;
    assert!(matches!(fresh.store.dashboard(&id).await, Err(Error::Corrupt { .. })));
}

async fn an_id_is_taken_once(fresh: Fresh) {
    let mut callers = JoinSet::new();
    for n in 0..20 {
        let (store, at) = (fresh.store.clone(), fresh.clock.now());
        callers
            .spawn(async move { store.add_dashboard(&dashboard("sales"), &spec(&n.to_string()), at).await.unwrap() });
    }
    let added: Vec<_> = callers.join_all().await.into_iter().flatten().collect();
    assert_eq!(added.len(), 1);
    assert_eq!(fresh.store.dashboard(&dashboard("sales")).await.unwrap(), Found::Dashboard(added[0].clone()));
}

async fn a_deleted_dashboard_keeps_its_id(fresh: Fresh) {
    add(&fresh, "sales").await;
    let (id, at) = (dashboard("sales"), fresh.clock.now());
    assert!(!fresh.store.delete_dashboard(&dashboard("other"), at).await.unwrap());
    assert!(fresh.store.delete_dashboard(&id, at).await.unwrap());
    let grave = fresh.everything().await;
    assert!(!fresh.store.delete_dashboard(&id, at + Duration::from_secs(1)).await.unwrap());
    assert_eq!(fresh.store.add_dashboard(&id, &spec("again"), at).await.unwrap(), None);
    for version in [None, Some(1)] {
        assert_eq!(fresh.store.update_dashboard(&id, &spec("undead"), version, at).await.unwrap(), Updated::Missing);
    }
    assert_eq!(fresh.everything().await, grave);
    assert_eq!(fresh.store.dashboard(&id).await.unwrap(), Found::Deleted);
    assert_eq!(fresh.store.dashboards(None, 10).await.unwrap(), []);
}

async fn of_changes_to_one_version_one_is_made(fresh: Fresh) {
    let first = add(&fresh, "sales").await;
    fresh.clock.advance(Duration::from_secs(1));
    let mut callers = JoinSet::new();
    for n in 0..20 {
        let (store, at) = (fresh.store.clone(), fresh.clock.now());
        let change = spec(&format!("change {n}"));
        callers.spawn(async move { store.update_dashboard(&dashboard("sales"), &change, Some(1), at).await.unwrap() });
    }
    let outcomes = callers.join_all().await;
    let done: Vec<_> = outcomes.iter().filter(|outcome| **outcome != Updated::Changed).collect();
    let [Updated::Done(changed)] = done[..] else { panic!("{outcomes:?}") };
    assert_eq!((changed.version, changed.created_at, changed.updated_at), (2, first.created_at, fresh.clock.now()));
    assert_eq!(fresh.store.dashboard(&dashboard("sales")).await.unwrap(), Found::Dashboard(changed.clone()));
    for version in [0, 1, 3, u64::MAX] {
        let outcome =
            fresh.store.update_dashboard(&dashboard("sales"), &spec("x"), Some(version), first.created_at).await;
        assert_eq!(outcome.unwrap(), Updated::Changed, "version {version}");
    }

    // Without a version every change is made, each with a version of its own.
    let mut callers = JoinSet::new();
    for n in 0..20 {
        let (store, at) = (fresh.store.clone(), fresh.clock.now());
        let change = spec(&format!("blind {n}"));
        callers.spawn(async move {
            let outcome = store.update_dashboard(&dashboard("sales"), &change, None, at).await.unwrap();
            let Updated::Done(made) = outcome else { panic!("{outcome:?}") };
            assert_eq!(made.spec, change, "the answer is the change itself");
            made.version
        });
    }
    let mut versions = callers.join_all().await;
    versions.sort_unstable();
    assert_eq!(versions, (3..23).collect::<Vec<_>>());
    let nobody = fresh.store.update_dashboard(&dashboard("other"), &spec("x"), None, first.created_at).await;
    assert_eq!(nobody.unwrap(), Updated::Missing);
}

async fn the_newest_dashboard_comes_first_on_every_page(fresh: Fresh) {
    let mut expected = Vec::new();
    for n in 0..7 {
        expected.push(add(&fresh, &format!("d{n}")).await);
        // Some are of one instant.
        fresh.clock.advance(Duration::from_micros(n % 2));
    }
    let gone = expected.remove(2);
    assert!(fresh.store.delete_dashboard(&gone.id, fresh.clock.now()).await.unwrap());
    expected.sort_by(|one, other| (other.created_at, other.id.as_str()).cmp(&(one.created_at, one.id.as_str())));
    let (mut listed, mut after) = (Vec::new(), None);
    loop {
        let page = fresh.store.dashboards(after.as_ref(), 2).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(DashboardCursor { created_at: last.created_at, id: last.id.clone() });
        listed.extend(page);
    }
    assert_eq!(listed, expected);
}
