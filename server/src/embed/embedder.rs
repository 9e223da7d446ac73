//! Which site frames the dashboard, as far as the browser says.

use url::Url;

use crate::domain::Origin;

/// Which site frames the dashboard, as far as the browser says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Embedder {
    /// This is no load of a frame: nobody is asked.
    NotAsked,
    /// The browser did not say: no header, or `null`.
    Unknown,
    /// A site that can never be in a token.
    Foreign,
    /// This site.
    Site(Origin),
}

impl Embedder {
    /// Reads the `Origin` header of a form sent by POST; it counts only as browsers write it, byte for byte.
    #[must_use]
    pub fn of_origin(header: Option<&str>) -> Self {
        let Some(text) = header.filter(|text| !text.is_empty() && *text != "null") else { return Self::Unknown };
        match Origin::parse(text) {
            Ok(origin) if origin.as_str() == text && !origin.is_wildcard() => Self::Site(origin),
            _ => Self::Foreign,
        }
    }

    /// Reads the `Referer` header of a load by GET, of which the origin counts.
    #[must_use]
    pub fn of_referer(header: Option<&str>) -> Self {
        let Some(text) = header.filter(|text| !text.is_empty()) else { return Self::Unknown };
        match Url::parse(text) {
            Ok(url) if matches!(url.scheme(), "http" | "https") => {
                Self::of_origin(Some(&url.origin().ascii_serialization()))
            }
            Ok(_) => Self::Foreign,
            Err(_) => Self::Unknown,
        }
    }

    /// The site, when it is known.
    #[must_use]
    pub fn origin(&self) -> Option<&Origin> {
        match self {
            Self::Site(origin) => Some(origin),
            Self::NotAsked | Self::Unknown | Self::Foreign => None,
        }
    }
}
