//! A dead Redis costs a bounded time, and its password stays hidden.

use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, Command, Stdio};

use tokio::net::TcpSocket;
use tokio::time::Instant;

use super::*;
use crate::config::Redis;

fn pool(url: &str) -> Result<Pool, Error> {
    let redis: Redis = url.parse().map_err(|_| Error::Url)?;
    Place::new(&redis).map(Pool::new)
}

/// A Redis of this test's own, ended with it.
struct OwnRedis {
    process: Child,
    url: String,
    /// Keeps the port for it.
    _claim: TcpSocket,
}

/// A port of one's own, at which nobody listens so far.
fn claim() -> (TcpSocket, u16) {
    let claim = TcpSocket::new_v4().unwrap();
    claim.set_reuseaddr(true).unwrap();
    claim.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let port = claim.local_addr().unwrap().port();
    (claim, port)
}

impl OwnRedis {
    fn start() -> Option<Self> {
        let (claim, port) = claim();
        let port_text = port.to_string();
        let arguments = ["--port", &port_text, "--bind", "127.0.0.1", "--save", "", "--requirepass", "hush"];
        let mut command = Command::new("redis-server");
        let Ok(process) = command.args(arguments).stdout(Stdio::null()).spawn() else {
            eprintln!("skipped: redis-server is not installed");
            return None;
        };
        Some(Self { process, url: format!("redis://:hush@127.0.0.1:{port}/0"), _claim: claim })
    }
}

impl Drop for OwnRedis {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

async fn until_it_answers(pool: &Pool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while pool.ping(WAIT).await.is_err() {
        assert!(Instant::now() < deadline, "Redis did not start");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[test]
fn a_bad_url_is_refused_without_being_shown() {
    for url in ["", "hush", "http://:hush@host", "redis://:hush@", "redis://:hush@host:port"] {
        let error = pool(url).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hush"), "{url}: {error:?}");
    }
}

#[test]
fn certificates_that_are_none_are_told_at_the_start() {
    let authorities = Some("-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----".to_owned());
    for url in ["rediss://host", "rediss+sentinel://host/main", "rediss+cluster://host"] {
        let redis = Redis { authorities: authorities.clone(), ..url.parse().unwrap() };
        assert_eq!(Place::new(&redis).unwrap_err(), Error::Authorities, "{url}");
    }
}

#[test]
fn a_pool_shows_no_password() {
    assert_eq!(format!("{:?}", pool("redis://:hush@host").unwrap()), "redis::Pool");
}

#[tokio::test]
async fn nobody_at_the_port_is_a_failure_and_not_a_hang() {
    let (_claim, port) = claim();
    let pool = pool(&format!("redis://:hush@127.0.0.1:{port}")).unwrap();
    let error = pool.ping(Duration::from_secs(5)).await.unwrap_err();
    assert!(matches!(error, Error::Failed(_)), "{error:?}");
    assert!(!format!("{error} {error:?}").contains("hush"), "{error:?}");
}

#[tokio::test]
async fn a_silent_redis_costs_no_more_than_the_limit() {
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let pool = pool(&format!("redis://{}", silent.local_addr().unwrap())).unwrap();
    let limit = Duration::from_millis(50);
    let begun = Instant::now();
    let error = pool.ping(limit).await.unwrap_err();
    assert!(matches!(error, Error::Timeout(told) if told == limit), "{error:?}");
    assert!(begun.elapsed() < Duration::from_millis(900), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_silent_redis_holds_a_caller_no_longer_than_the_wait() {
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let pool = pool(&format!("redis://{}", silent.local_addr().unwrap())).unwrap();
    let begun = Instant::now();
    assert!(matches!(pool.get().await.err(), Some(Error::Timeout(_))));
    assert!(begun.elapsed() < WAIT * 10, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_living_redis_answers_and_a_wrong_password_is_told_by_its_code() {
    let Some(redis) = OwnRedis::start() else { return };
    let pool = pool(&redis.url).unwrap();
    until_it_answers(&pool).await;
    let mut connection = pool.get().await.unwrap();
    redis::cmd("SET").arg("a").arg(1).query_async::<()>(&mut connection).await.unwrap();
    assert_eq!(redis::cmd("GET").arg("a").query_async::<u8>(&mut connection).await.unwrap(), 1);

    let stranger = super::tests::pool(&redis.url.replace("hush", "not-hush")).unwrap();
    let error = stranger.ping(WAIT).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hush"), "{error:?}");
    assert!(matches!(&error, Error::Failed(text) if !text.is_empty()), "{error:?}");
}
