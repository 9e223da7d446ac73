//! The gRPC adapter: one file per service, conversions, statuses and layers.

mod api_key;
mod auth;
mod call;
mod convert;
mod dashboard;
mod embed_token;
mod feed;
mod health;
mod ingestion;
mod leader;
mod methods;
mod metrics;
pub mod quota;
mod rate_limit;
mod reason;
mod review;
mod serving;
mod status;
mod transport;

pub use methods::is_method;
pub use reason::{of_auth, of_embed, reason};
pub use serving::Serving;
pub use status::{defect, explained, no_such_method, refused, status, unauthenticated};
pub use transport::explain;

use amber_proto::v1::api_key_service_server::ApiKeyServiceServer;
use amber_proto::v1::auth_service_server::AuthServiceServer;
use amber_proto::v1::dashboard_service_server::DashboardServiceServer;
use amber_proto::v1::embed_token_service_server::EmbedTokenServiceServer;
use amber_proto::v1::feed_service_server::FeedServiceServer;
use amber_proto::v1::health_service_server::HealthServiceServer;
use amber_proto::v1::ingestion_service_server::IngestionServiceServer;
use amber_proto::v1::leader_service_server::LeaderServiceServer;
use amber_proto::v1::metrics_service_server::MetricsServiceServer;
use amber_proto::v1::rate_limit_service_server::RateLimitServiceServer;
use amber_proto::v1::review_service_server::ReviewServiceServer;
use tonic::service::Routes;
use tonic_reflection::server::Builder;

use crate::usecase::UseCases;

/// The largest request, in bytes.
const MAX_REQUEST: usize = 1024 * 1024;

/// Adds a service of the contract, which takes requests up to [`MAX_REQUEST`].
macro_rules! add {
    ($routes:ident, $server:ident, $service:expr) => {
        $routes.add_service($server::new($service).max_decoding_message_size(MAX_REQUEST))
    };
}

/// Every service of the contract, `grpc.health.v1` and, when asked for, reflection in both its versions.
///
/// # Panics
/// Never: the descriptors for reflection are compiled in, and a test reads them.
#[must_use]
pub fn services(use_cases: &UseCases, serving: &Serving, reflection: bool) -> Routes {
    let mut routes = Routes::builder();
    let shared = || use_cases.clone();
    add!(routes, ApiKeyServiceServer, api_key::ApiKeyService { use_cases: shared() });
    add!(routes, AuthServiceServer, auth::AuthService { use_cases: shared() });
    add!(routes, DashboardServiceServer, dashboard::DashboardService { use_cases: shared() });
    add!(routes, EmbedTokenServiceServer, embed_token::EmbedTokenService { use_cases: shared() });
    add!(routes, FeedServiceServer, feed::FeedService { use_cases: shared() });
    add!(routes, HealthServiceServer, health::HealthService { use_cases: shared() });
    add!(routes, IngestionServiceServer, ingestion::IngestionService { use_cases: shared() });
    add!(routes, LeaderServiceServer, leader::LeaderService { use_cases: shared() });
    add!(routes, MetricsServiceServer, metrics::MetricsService { use_cases: shared() });
    add!(routes, RateLimitServiceServer, rate_limit::RateLimitService { use_cases: shared() });
    add!(routes, ReviewServiceServer, review::ReviewService { use_cases: shared() });
    routes.add_service(serving.service().max_decoding_message_size(MAX_REQUEST));
    if reflection {
        routes.add_service(described().build_v1().expect("the descriptors are compiled in"));
        routes.add_service(described().build_v1alpha().expect("the descriptors are compiled in"));
    }
    routes.routes()
}

/// What reflection tells about.
fn described() -> Builder<'static> {
    let builder = Builder::configure().include_reflection_service(false);
    methods::DESCRIBED.into_iter().fold(builder, Builder::register_encoded_file_descriptor_set)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_descriptors_suit_both_versions_of_reflection() {
        assert!(described().build_v1().is_ok());
        assert!(described().build_v1alpha().is_ok());
    }
}
