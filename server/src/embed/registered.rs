//! Which sites are among others.

use crate::domain::Origin;

/// Whether every site that `asked` stands for is among `registered`.
pub(super) fn covers(registered: &[Origin], asked: &Origin) -> bool {
    registered.iter().any(|origin| origin.covers(asked))
}

/// Whether a page of `site` may show what is meant for `origins`.
#[must_use]
pub fn admits(origins: &[Origin], site: &Origin) -> bool {
    origins.iter().any(|origin| origin.admits(site))
}
