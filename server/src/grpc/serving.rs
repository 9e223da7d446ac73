//! What `grpc.health.v1` tells load balancers and Kubernetes, per service.

use std::collections::BTreeSet;
use std::sync::Arc;

use amber_proto::v1::{
    api_key_service_server, auth_service_server, dashboard_service_server, embed_token_service_server,
    feed_service_server, health_service_server, ingestion_service_server, leader_service_server,
    metrics_service_server, rate_limit_service_server, review_service_server,
};
use tokio::sync::Mutex;
use tonic_health::ServingStatus;
use tonic_health::pb::health_server::HealthServer;
use tonic_health::server::{HealthReporter, HealthService};

use crate::domain::Background;

/// The services that do their work without the database.
const INDEPENDENT: [&str; 4] = [
    auth_service_server::SERVICE_NAME,
    health_service_server::SERVICE_NAME,
    metrics_service_server::SERVICE_NAME,
    rate_limit_service_server::SERVICE_NAME,
];

/// The server as a whole, and each of its services.
const NAMES: [&str; 12] = [
    "",
    api_key_service_server::SERVICE_NAME,
    auth_service_server::SERVICE_NAME,
    dashboard_service_server::SERVICE_NAME,
    embed_token_service_server::SERVICE_NAME,
    feed_service_server::SERVICE_NAME,
    health_service_server::SERVICE_NAME,
    ingestion_service_server::SERVICE_NAME,
    leader_service_server::SERVICE_NAME,
    metrics_service_server::SERVICE_NAME,
    rate_limit_service_server::SERVICE_NAME,
    review_service_server::SERVICE_NAME,
];

/// The services that do not do their work without a task of the background. The server as a whole goes on without each.
const NEEDED: [(Background, &str); 3] = [
    (Background::Ingestion, ingestion_service_server::SERVICE_NAME),
    (Background::Scheduler, ingestion_service_server::SERVICE_NAME),
    (Background::EmbedAudit, embed_token_service_server::SERVICE_NAME),
];

/// Whether the services take calls. Clones share everything.
#[derive(Debug, Clone)]
pub struct Serving {
    reporter: HealthReporter,
    told: Arc<Mutex<Told>>,
}

/// What the statuses follow from.
#[derive(Debug, Clone)]
struct Told {
    phase: Phase,
    /// The tasks of the background that are down.
    down: BTreeSet<Background>,
}

impl Told {
    fn serves(&self, name: &str) -> bool {
        let is_missed = NEEDED.iter().any(|(task, service)| *service == name && self.down.contains(task));
        self.phase.serves(name) && !is_missed
    }
}

/// What was told last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Nothing yet.
    New,
    /// Whether the database answers.
    Told(bool),
    /// That the server goes away; a probe that began before is not told after that.
    Leaving,
}

impl Phase {
    fn serves(self, name: &str) -> bool {
        match self {
            Self::Told(has_database) => has_database || INDEPENDENT.contains(&name),
            Self::New | Self::Leaving => false,
        }
    }
}

impl Serving {
    /// Knows every service, none of which takes calls yet.
    pub async fn new() -> Self {
        let reporter = HealthReporter::new();
        for name in NAMES {
            reporter.set_service_status(name, ServingStatus::NotServing).await;
        }
        Self { reporter, told: Arc::new(Mutex::new(Told { phase: Phase::New, down: BTreeSet::new() })) }
    }

    /// Tells everybody, watchers included, who takes calls, as far as that is news: some services need the database, and all
    /// others take calls from now on. Nothing is told any more once the server goes away.
    pub async fn set_serving(&self, has_database: bool) {
        self.change(|told| told.phase = Phase::Told(has_database)).await;
    }

    /// Tells everybody of the services that need this task of the background, which went down or is at work again.
    pub async fn set_task(&self, task: Background, is_at_work: bool) {
        let change = |told: &mut Told| {
            if is_at_work {
                told.down.remove(&task);
            } else {
                told.down.insert(task);
            }
        };
        self.change(change).await;
    }

    /// Says for the last time that no calls are taken.
    pub async fn leave(&self) {
        self.change(|told| told.phase = Phase::Leaving).await;
    }

    async fn change(&self, change: impl FnOnce(&mut Told)) {
        let mut told = self.told.lock().await;
        if told.phase == Phase::Leaving {
            return;
        }
        let mut next = told.clone();
        change(&mut next);
        for name in NAMES.into_iter().filter(|name| told.serves(name) != next.serves(name)) {
            let status = if next.serves(name) { ServingStatus::Serving } else { ServingStatus::NotServing };
            self.reporter.set_service_status(name, status).await;
        }
        *told = next;
    }

    /// Leaves, and ends every watch, which would hold up a shutdown for ever.
    pub async fn end_watches(&self) {
        self.leave().await;
        let mut reporter = self.reporter.clone();
        for name in NAMES {
            reporter.clear_service_status(name).await;
        }
    }

    pub(super) fn service(&self) -> HealthServer<HealthService> {
        HealthServer::new(HealthService::from_health_reporter(self.reporter.clone()))
    }
}

#[cfg(test)]
mod tests {
    use futures::{FutureExt, StreamExt};
    use prost::Message;
    use prost_types::FileDescriptorSet;
    use tonic::{Code, Request};
    use tonic_health::pb::HealthCheckRequest;
    use tonic_health::pb::health_check_response::ServingStatus;
    use tonic_health::pb::health_server::Health;

    use super::*;

    fn asked(name: &str) -> Request<HealthCheckRequest> {
        Request::new(HealthCheckRequest { service: name.to_owned() })
    }

    async fn check(serving: &Serving, name: &str) -> Result<ServingStatus, Code> {
        let health = HealthService::from_health_reporter(serving.reporter.clone());
        let answer = health.check(asked(name)).await;
        answer.map(|answer| answer.into_inner().status()).map_err(|status| status.code())
    }

    #[tokio::test]
    async fn every_service_of_the_contract_is_known() {
        let serving = Serving::new().await;
        let set = FileDescriptorSet::decode(amber_proto::FILE_DESCRIPTOR_SET).unwrap();
        let own = set.file.into_iter().filter(|file| file.package() == "amber.v1");
        let services: Vec<_> = own.flat_map(|file| file.service).collect();
        assert_eq!(services.len() + 1, NAMES.len());
        for service in services {
            let name = format!("amber.v1.{}", service.name());
            assert_eq!(check(&serving, &name).await, Ok(ServingStatus::NotServing), "{name}");
        }
    }

    #[tokio::test]
    async fn nothing_is_served_before_somebody_says_so() {
        let serving = Serving::new().await;
        assert_eq!(check(&serving, "").await, Ok(ServingStatus::NotServing));
        serving.set_serving(true).await;
        assert_eq!(check(&serving, "").await, Ok(ServingStatus::Serving));
        assert_eq!(check(&serving, "amber.v1.FeedService").await, Ok(ServingStatus::Serving));
    }

    #[tokio::test]
    async fn without_the_database_only_what_needs_none_takes_calls() {
        let serving = Serving::new().await;
        let told = async |name: &str| check(&serving, name).await.unwrap();
        for has_database in [false, true, false] {
            serving.set_serving(has_database).await;
            let dependent = if has_database { ServingStatus::Serving } else { ServingStatus::NotServing };
            for name in ["", "amber.v1.FeedService", "amber.v1.EmbedTokenService"] {
                assert_eq!(told(name).await, dependent, "{name}");
            }
            for name in INDEPENDENT {
                assert_eq!(told(name).await, ServingStatus::Serving, "{name}");
            }
        }
    }

    #[tokio::test]
    async fn a_service_takes_no_calls_while_its_task_of_the_background_is_down() {
        let serving = Serving::new().await;
        serving.set_serving(true).await;
        let told = async |name: &str| check(&serving, name).await.unwrap();
        for task in [Background::Scheduler, Background::Ingestion] {
            serving.set_task(task, false).await;
        }
        serving.set_task(Background::Scheduler, true).await;
        assert_eq!(told("amber.v1.IngestionService").await, ServingStatus::NotServing, "one of two is still down");
        for name in ["", "amber.v1.FeedService", "amber.v1.EmbedTokenService"] {
            assert_eq!(told(name).await, ServingStatus::Serving, "{name}");
        }
        serving.set_task(Background::Ingestion, true).await;
        assert_eq!(told("amber.v1.IngestionService").await, ServingStatus::Serving);
    }

    #[tokio::test]
    async fn a_watch_sees_the_shutdown_and_ends() {
        let serving = Serving::new().await;
        serving.set_serving(true).await;
        let health = HealthService::from_health_reporter(serving.reporter.clone());
        let mut watch = health.watch(asked("")).await.unwrap().into_inner();
        assert_eq!(watch.next().await.unwrap().unwrap().status(), ServingStatus::Serving);
        assert!(watch.next().now_or_never().is_none());
        serving.end_watches().await;
        assert_eq!(watch.next().await.unwrap().unwrap().status(), ServingStatus::NotServing);
        assert!(watch.next().await.is_none());
        serving.set_serving(true).await;
        assert_eq!(check(&serving, "").await, Err(Code::NotFound), "a probe that is late changes nothing");
    }

    #[tokio::test]
    async fn a_probe_that_began_before_the_server_left_is_not_told() {
        let serving = Serving::new().await;
        serving.set_serving(true).await;
        serving.leave().await;
        serving.set_serving(true).await;
        assert_eq!(check(&serving, "").await, Ok(ServingStatus::NotServing));
    }

    #[tokio::test]
    async fn a_watch_is_told_what_is_new_and_nothing_else() {
        let serving = Serving::new().await;
        let health = HealthService::from_health_reporter(serving.reporter.clone());
        let mut watch = health.watch(asked("")).await.unwrap().into_inner();
        assert_eq!(watch.next().await.unwrap().unwrap().status(), ServingStatus::NotServing);
        serving.set_serving(false).await;
        assert!(watch.next().now_or_never().is_none());
        serving.set_serving(true).await;
        assert_eq!(watch.next().await.unwrap().unwrap().status(), ServingStatus::Serving);
    }
}
