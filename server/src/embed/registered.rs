//! Which sites are among others.

use crate::domain::Origin;

/// Whether every site that `asked` stands for is among `registered`.
pub(super) fn covers(registered: &[Origin], asked: &Origin) -> bool {
    registered.contains(asked)
}

/// Whether a page of `site` may show what is meant for `origins`.
pub(super) fn admits(origins: &[Origin], site: &Origin) -> bool {
    origins.contains(site)
}
