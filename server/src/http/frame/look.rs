//! How one page looks and speaks, and who decides it.

use crate::domain::{DashboardSpec, Locale, Locks, Theme};

/// What the host page asks for; None leaves it open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wish {
    /// Light or dark.
    pub theme: Option<Theme>,
    /// The language.
    pub locale: Option<Locale>,
}

impl Wish {
    /// Reads `theme` and `locale` of a query; what is no name of either is left open.
    #[must_use]
    pub fn of_query(query: &str) -> Self {
        let value = |wanted: &str| {
            let mut pairs = url::form_urlencoded::parse(query.as_bytes());
            pairs.find(|(name, _)| name == wanted).map(|(_, value)| value)
        };
        Self {
            theme: value("theme").and_then(|name| Theme::parse(&name)),
            locale: value("locale").and_then(|tag| Locale::parse(&tag)),
        }
    }
}

/// How one page looks and speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Look {
    /// Light or dark.
    pub theme: Theme,
    /// The language.
    pub locale: Locale,
}

impl Look {
    /// What the issuer of the token locked comes first, then what the host page asks for, then what the dashboard says.
    #[must_use]
    pub fn of(locks: Locks, wish: Wish, spec: &DashboardSpec) -> Self {
        Self {
            theme: locks.theme.or(wish.theme).unwrap_or(spec.theme),
            locale: locks.locale.or(wish.locale).unwrap_or(spec.locale),
        }
    }

    /// What a page without a dashboard can do: as it is asked for.
    #[must_use]
    pub fn wished(wish: Wish) -> Self {
        Self::of(Locks::default(), wish, &DashboardSpec::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_that_nobody_can_grant_is_left_open() {
        assert_eq!(Wish::of_query("theme=pink&locale=de&theme=dark"), Wish::default());
        let wish = Wish { theme: Some(Theme::Dark), locale: Some(Locale::Hi) };
        assert_eq!(Wish::of_query("locale=hi-IN&theme=dark"), wish);
    }

    #[test]
    fn a_lock_beats_a_wish_and_a_wish_beats_the_dashboard() {
        let spec = DashboardSpec { theme: Theme::Dark, locale: Locale::Hi, ..DashboardSpec::default() };
        let wish = Wish { theme: Some(Theme::Light), locale: Some(Locale::En) };
        let locks = Locks { theme: Some(Theme::Auto), locale: Some(Locale::Hi), days: None };
        assert_eq!(Look::of(locks, wish, &spec), Look { theme: Theme::Auto, locale: Locale::Hi });
        assert_eq!(Look::of(Locks::default(), wish, &spec), Look { theme: Theme::Light, locale: Locale::En });
        assert_eq!(Look::of(Locks::default(), Wish::default(), &spec), Look { theme: Theme::Dark, locale: Locale::Hi });
        let only_theme = Wish { locale: None, ..wish };
        assert_eq!(Look::of(Locks::default(), only_theme, &spec), Look { theme: Theme::Light, locale: Locale::Hi });
        assert_eq!(Look::wished(Wish::default()), Look { theme: Theme::Auto, locale: Locale::En });
    }
}
