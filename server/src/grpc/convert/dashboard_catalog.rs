//! The dashboards themselves in the contract's words.

use amber_proto::v1;

use super::feed::{asked_platform, platform};
use super::time::timestamp;
use crate::domain::{Dashboard, Section, Theme};
use crate::usecase::{AskedDashboard, DashboardPage, Error};

/// Reads what somebody asks for; a message without a dashboard asks for an empty one, which its rules refuse.
pub(in crate::grpc) fn asked_dashboard(asked: Option<v1::Dashboard>) -> Result<AskedDashboard, Error> {
    let asked = asked.unwrap_or_default();
    let of_contract = |field: &'static str| move || Error::field(field, "each must be one of the contract's");
    let theme = asked_theme(asked.theme).ok_or_else(|| Error::field("theme", "theme must be one of the contract's"))?;
    let platforms: Option<_> = asked.platforms.iter().map(|number| asked_platform(*number)).collect();
    let sections: Option<_> = asked.sections.iter().map(|number| asked_section(*number)).collect();
    Ok(AskedDashboard {
        platforms: platforms.ok_or_else(of_contract("platforms"))?,
        sections: sections.ok_or_else(of_contract("sections"))?,
        theme: theme.as_str().to_owned(),
        id: asked.id,
        title: asked.title,
        leader_ids: asked.leader_ids,
        locale: asked.locale,
        etag: asked.etag,
    })
}

pub(in crate::grpc) fn stored_dashboard(stored: Dashboard) -> v1::Dashboard {
    let spec = stored.spec;
    v1::Dashboard {
        id: stored.id.to_string(),
        title: spec.title,
        leader_ids: spec.leaders.iter().map(ToString::to_string).collect(),
        platforms: spec.platforms.into_iter().map(|known| platform(known).into()).collect(),
        locale: spec.locale.as_str().to_owned(),
        theme: theme(spec.theme).into(),
        sections: spec.sections.into_iter().map(|known| section(known).into()).collect(),
        etag: stored.version.to_string(),
        create_time: Some(timestamp(stored.created_at)),
        update_time: Some(timestamp(stored.updated_at)),
    }
}

pub(in crate::grpc) fn dashboard_page(page: DashboardPage) -> v1::ListDashboardsResponse {
    v1::ListDashboardsResponse {
        dashboards: page.dashboards.into_iter().map(stored_dashboard).collect(),
        next_page_token: page.next,
    }
}

fn asked_theme(number: i32) -> Option<Theme> {
    Some(match v1::DashboardTheme::try_from(number).ok()? {
        v1::DashboardTheme::Unspecified | v1::DashboardTheme::Auto => Theme::Auto,
        v1::DashboardTheme::Light => Theme::Light,
        v1::DashboardTheme::Dark => Theme::Dark,
    })
}

pub(super) fn theme(theme: Theme) -> v1::DashboardTheme {
    match theme {
        Theme::Auto => v1::DashboardTheme::Auto,
        Theme::Light => v1::DashboardTheme::Light,
        Theme::Dark => v1::DashboardTheme::Dark,
    }
}

fn asked_section(number: i32) -> Option<String> {
    let asked = v1::DashboardSection::try_from(number).ok()?;
    let known = Section::ALL.into_iter().find(|known| section(*known) == asked)?;
    Some(known.as_str().to_owned())
}

fn section(section: Section) -> v1::DashboardSection {
    match section {
        Section::Totals => v1::DashboardSection::Totals,
        Section::PostsPerDay => v1::DashboardSection::PostsPerDay,
        Section::Sentiment => v1::DashboardSection::Sentiment,
        Section::Languages => v1::DashboardSection::Languages,
        Section::Topics => v1::DashboardSection::Topics,
        Section::Leaders => v1::DashboardSection::Leaders,
        Section::Posts => v1::DashboardSection::Posts,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_can_be_asked_for_again() {
        for known in Section::ALL {
            assert_eq!(asked_section(section(known).into()).as_deref(), Some(known.as_str()));
        }
        for known in [Theme::Auto, Theme::Light, Theme::Dark] {
            assert_eq!(asked_theme(theme(known).into()), Some(known));
        }
        assert_eq!(asked_theme(0), Some(Theme::Auto));
    }

    #[test]
    fn a_number_that_the_contract_does_not_know_is_refused_by_its_field() {
        let refused = |asked: v1::Dashboard| match asked_dashboard(Some(asked)) {
            Err(Error::Invalid(bad)) => bad[0].field.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!(refused(v1::Dashboard { theme: 9, ..Default::default() }), "theme");
        assert_eq!(refused(v1::Dashboard { platforms: vec![1, 0], ..Default::default() }), "platforms");
        assert_eq!(refused(v1::Dashboard { sections: vec![0], ..Default::default() }), "sections");
        assert_eq!(refused(v1::Dashboard { sections: vec![99], ..Default::default() }), "sections");
    }
}
