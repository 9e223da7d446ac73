//! What the host page may choose about the frame.

use crate::domain::{Locale, Origin, Theme};

/// What the host page may choose about the frame, and who it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FrameOptions {
    /// Light or dark.
    pub theme: Theme,
    /// The language.
    pub locale: Locale,
    /// The origins to which the script speaks: the framing site, or those that it may be; browsers deliver to the true one only.
    pub parents: Vec<Origin>,
}
