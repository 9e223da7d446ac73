//! The names by which error reasons travel in `google.rpc.ErrorInfo`.

use crate::v1::ErrorReason;

const PREFIX: &str = "ERROR_REASON_";

impl ErrorReason {
    /// The value of `ErrorInfo.reason`, for example `TOKEN_EXPIRED`: the name of the enum value without its prefix.
    #[must_use]
    pub fn wire_name(self) -> &'static str {
        let name = self.as_str_name();
        name.strip_prefix(PREFIX).unwrap_or(name)
    }

    /// The reason of an `ErrorInfo.reason`, or nothing when this version of the contract does not know it.
    #[must_use]
    pub fn from_wire_name(name: &str) -> Option<Self> {
        let reason = Self::from_str_name(&format!("{PREFIX}{name}"))?;
        (reason != Self::Unspecified).then_some(reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_survives_the_way_over_the_wire() {
        let known: Vec<ErrorReason> = (1..).map_while(|number| ErrorReason::try_from(number).ok()).collect();
        assert!(known.len() >= 41, "only {} reasons are numbered without a hole", known.len());
        for reason in known {
            assert_eq!(ErrorReason::from_wire_name(reason.wire_name()), Some(reason));
        }
        assert_eq!(ErrorReason::TokenExpired.wire_name(), "TOKEN_EXPIRED");
    }

    #[test]
    fn a_name_that_is_not_a_reason_is_nothing() {
        for name in ["", "UNSPECIFIED", "token_expired", "ERROR_REASON_TOKEN_EXPIRED", "MADE_UP_LATER"] {
            assert_eq!(ErrorReason::from_wire_name(name), None, "{name}");
        }
    }
}
