//! A server that follows people on a fake X, and what tests ask of the two.

use std::time::Duration;

use amber_sdk::Amber;
use amber_sdk::v1::{
    CreateLeaderRequest, GetIngestionStatusRequest, GetIngestionStatusResponse, GetMetricsRequest, GetRunRequest,
    ListPostsRequest, MetricsSnapshot, Post, Run, RunCounters, RunStatus, TriggerIngestionRequest,
};
use amber_server::sandbox::PostId;
use amber_tests::{Backend, Builder, FakeXApi, TestClock, TestServer};
use tokio::time::{sleep, timeout};

/// Runs each of these functions, which take a [`Backend`], on SQLite and on PostgreSQL.
macro_rules! on_both_databases {
    ($($test:ident),+ $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                super::$test(amber_tests::Backend::Sqlite).await;
            })+
        }
        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                super::$test(amber_tests::Backend::Postgres).await;
            })+
        }
    };
}
pub(crate) use on_both_databases;

/// What is waited for comes long before, unless it never comes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A server, the X that it reads, and the SDK as its owner.
pub(crate) struct Stage {
    pub(crate) x: FakeXApi,
    pub(crate) server: TestServer,
    pub(crate) amber: Amber,
}

impl Stage {
    /// A server that reads ten posts per leader and run, as asked; None without that database.
    pub(crate) async fn on(backend: Backend) -> Option<Self> {
        Self::with(backend, |builder| builder).await
    }

    /// The same after `set`.
    pub(crate) async fn with(backend: Backend, set: impl FnOnce(Builder) -> Builder) -> Option<Self> {
        let builder = TestServer::on(backend).await?;
        let clock = TestClock::new();
        let x = FakeXApi::start(clock.clone()).await;
        // Tests move the clock by hours.
        let builder = builder.clock(clock).x(&x).hasty().env("ADMIN_JWT_TTL", "86400");
        let server = set(builder).start().await;
        let amber = server.sdk_as_admin().await;
        Some(Self { x, server, amber })
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.server.clock.advance(by);
    }

    /// Opens an account on X and follows it.
    pub(crate) async fn add(&self, handle: &str) -> String {
        self.x.add_user(&handle.to_uppercase(), handle).expect("the name is free");
        self.follow(handle).await
    }

    /// Follows a handle, which need not exist.
    pub(crate) async fn follow(&self, handle: &str) -> String {
        let handles = [("x".to_owned(), handle.to_owned())].into();
        let request = CreateLeaderRequest { name: handle.to_uppercase(), handles, ..Default::default() };
        let created = self.amber.leaders().create_leader(request).await.expect("the leader is valid");
        created.into_inner().leader.expect("the leader is answered").id
    }

    /// Writes `count` posts as `handle`, one a minute, the last one now.
    pub(crate) fn write(&self, handle: &str, count: usize) -> Vec<PostId> {
        let post = |n| {
            self.advance(Duration::from_mins(1));
            self.x.post(handle, format!("{handle} writes number {n}.")).expect("the account exists")
        };
        (0..count).map(post).collect()
    }

    /// Asks for a run of all leaders and waits for its end.
    pub(crate) async fn run(&self) -> Run {
        self.run_as(TriggerIngestionRequest::default()).await
    }

    /// Asks for a backfill of all leaders and waits for its end.
    pub(crate) async fn backfill(&self) -> Run {
        self.run_as(TriggerIngestionRequest { backfill: true, ..Default::default() }).await
    }

    pub(crate) async fn run_as(&self, request: TriggerIngestionRequest) -> Run {
        let asked = self.amber.ingestion().trigger_ingestion(request).await.expect("runs are taken");
        end_of(&self.amber, &asked.into_inner().run_id).await
    }

    /// Asks for a run and does not wait for it.
    pub(crate) async fn ask(&self) -> String {
        self.ask_for(&[]).await
    }

    /// The same for some leaders.
    pub(crate) async fn ask_for(&self, leaders: &[&str]) -> String {
        let leader_ids = leaders.iter().map(ToString::to_string).collect();
        let request = TriggerIngestionRequest { leader_ids, ..Default::default() };
        let asked = self.amber.ingestion().trigger_ingestion(request).await;
        asked.expect("runs are taken").into_inner().run_id
    }

    /// Repeats runs until one finds nothing new, and tells how many found something.
    pub(crate) async fn run_dry(&self) -> usize {
        for runs in 0..100 {
            if succeeded(&self.run().await).inserted == 0 {
                return runs;
            }
        }
        panic!("after a hundred runs there is still something new");
    }

    /// Every stored post, newest first.
    pub(crate) async fn stored(&self) -> Vec<Post> {
        stored(&self.amber).await
    }

    /// Asserts that the posts of `handles` on X are what is stored, each once.
    pub(crate) async fn assert_complete(&self, handles: &[&str]) {
        assert_complete(&self.x, &self.amber, handles).await;
    }

    pub(crate) async fn status(&self) -> GetIngestionStatusResponse {
        let asked = self.amber.ingestion().get_ingestion_status(GetIngestionStatusRequest {}).await;
        asked.expect("the status is told").into_inner()
    }

    pub(crate) async fn metrics(&self) -> MetricsSnapshot {
        let asked = self.amber.metrics().get_metrics(GetMetricsRequest::default()).await;
        asked.expect("the metrics are told").into_inner().snapshot.expect("they hold a snapshot")
    }

    /// Requests that X has seen.
    pub(crate) fn requests(&self) -> usize {
        self.x.requests().len()
    }

    /// Waits until the number of finished runs is `runs`.
    pub(crate) async fn runs_are(&self, runs: i64) {
        let reached = async {
            while self.metrics().await.total_ingests < runs {
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(PATIENCE, reached).await.unwrap_or_else(|_| panic!("there are fewer than {runs} runs"));
        assert_eq!(self.metrics().await.total_ingests, runs);
    }
}

/// Waits for the end of a run.
pub(crate) async fn end_of(amber: &Amber, run_id: &str) -> Run {
    let over = async {
        loop {
            let run = run(amber, run_id).await;
            if !matches!(run.status(), RunStatus::Pending | RunStatus::Running) {
                return run;
            }
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, over).await.expect("the run ends")
}

/// A run as it is now.
pub(crate) async fn run(amber: &Amber, run_id: &str) -> Run {
    let asked = amber.ingestion().get_run(GetRunRequest { run_id: run_id.to_owned() }).await;
    asked.expect("the run is known").into_inner().run.expect("the run is answered")
}

/// Every stored post, newest first.
pub(crate) async fn stored(amber: &Amber) -> Vec<Post> {
    let (mut posts, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListPostsRequest { page_size: 100, page_token, ..Default::default() };
        let page = amber.feed().list_posts(request).await.expect("the feed is readable").into_inner();
        posts.extend(page.posts);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            assert_eq!(page.total_size, i64::try_from(posts.len()).unwrap(), "the total is what the pages hold");
            return posts;
        }
    }
}

/// Asserts that the posts of `handles` on X are what is stored, each once.
pub(crate) async fn assert_complete(x: &FakeXApi, amber: &Amber, handles: &[&str]) {
    let truth = handles.iter().flat_map(|handle| x.posts_of(handle).expect("the account exists"));
    let mut truth: Vec<_> = truth.map(|post| post.id.to_string()).collect();
    let mut stored: Vec<_> = stored(amber).await.into_iter().map(|post| post.external_id).collect();
    truth.sort_unstable();
    stored.sort_unstable();
    assert_eq!(stored, truth);
}

/// The counters of a run that has to be a success; every fetched record must be in one of them.
#[track_caller]
pub(crate) fn succeeded(run: &Run) -> RunCounters {
    assert_eq!(run.status(), RunStatus::Succeeded, "{run:?}");
    balanced(run)
}

/// The counters of a run; every fetched record must be in one of them.
#[track_caller]
pub(crate) fn balanced(run: &Run) -> RunCounters {
    let counters = run.counters.expect("every run counts");
    let RunCounters { fetched, inserted, updated, unchanged, quarantined, duplicates, .. } = counters;
    assert_eq!(fetched, inserted + updated + unchanged + quarantined + duplicates, "{run:?}");
    counters
}
