//! The limits of a caller.

use amber_proto::v1;

use super::time::duration;
use crate::rate_limit::{Source, Standing};

pub(in crate::grpc) fn limits(key: String, standing: &Standing) -> v1::GetLimitsResponse {
    let limit = |(told, shadow): &(crate::rate_limit::Decision, bool)| v1::Limit {
        policy: told.policy.as_str().to_owned(),
        permits: told.limit,
        remaining: told.remaining,
        reset_after: Some(duration(told.reset_after)),
        shadow: *shadow,
    };
    let source = match standing.source {
        Source::Redis | Source::DenyCache => v1::LimitSource::Shared,
        Source::Local => v1::LimitSource::Local,
    };
    v1::GetLimitsResponse { limits: standing.limits.iter().map(limit).collect(), key, source: source.into() }
}
