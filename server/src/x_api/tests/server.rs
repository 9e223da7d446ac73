//! A small HTTP server that answers with what a test tells it, and the clients that call it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use secrecy::SecretString;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::governor::LocalGovernor;
use crate::domain::{Clock, OsEntropy, Reads};
use crate::resilience::{Backoff, BreakerSettings, BreakerSnapshot, Retry, RetryPolicy};
use crate::x_api::{Client, Endpoint, Fault, Governor, Observer, Settings};

pub(super) const BEARER: &str = "the-bearer-token-of-the-tests";

/// What the server does with a request.
#[derive(Debug, Clone)]
pub(super) enum Reply {
    /// Sends these bytes and closes.
    Bytes(Vec<u8>),
    /// Never answers.
    Silence,
    /// Answers after a while.
    Late(Duration, Box<Reply>),
}

impl Reply {
    pub(super) fn new(status: u16, headers: &str, body: &str) -> Self {
        let length = body.len();
        let head =
            format!("HTTP/1.1 {status} Status\r\ncontent-length: {length}\r\nconnection: close\r\n{headers}\r\n");
        Self::Bytes([head.as_bytes(), body.as_bytes()].concat())
    }

    pub(super) fn ok(body: &str) -> Self {
        Self::new(200, "content-type: application/json\r\n", body)
    }
}

/// The server; it is gone when dropped.
pub(super) struct Server {
    address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
    _tasks: JoinSet<()>,
}

impl Server {
    /// Answers the requests with `replies`, one after the other, and with the last one from then on.
    pub(super) async fn start(replies: Vec<Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, heads) = (listener.local_addr().unwrap(), Arc::new(Mutex::new(Vec::new())));
        let mut tasks = JoinSet::new();
        let seen = heads.clone();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            for at in 0.. {
                let (stream, _) = listener.accept().await.unwrap();
                let reply = replies[usize::min(at, replies.len() - 1)].clone();
                connections.spawn(answer(stream, reply, seen.clone()));
            }
        });
        Self { address, heads, _tasks: tasks }
    }

    pub(super) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }

    pub(super) fn calls(&self) -> usize {
        self.heads.lock().unwrap().len()
    }

    pub(super) fn settings(&self) -> Settings {
        Settings::new(format!("http://{}", self.address), SecretString::from(BEARER))
    }
}

async fn answer(mut stream: TcpStream, reply: Reply, seen: Arc<Mutex<Vec<String>>>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    seen.lock().unwrap().push(String::from_utf8(head).unwrap());
    let reply = match reply {
        Reply::Late(wait, reply) => {
            tokio::time::sleep(wait).await;
            *reply
        }
        reply => reply,
    };
    match reply {
        // A client that hangs up early is a case of some tests.
        Reply::Bytes(bytes) => drop(stream.write_all(&bytes).await),
        Reply::Silence | Reply::Late(..) => std::future::pending().await,
    }
}

/// A clock that stands until it is turned.
#[derive(Debug)]
pub(super) struct Hands(Mutex<Timestamp>);

impl Hands {
    pub(super) fn at(text: &str) -> Arc<Self> {
        Arc::new(Self(Mutex::new(text.parse().unwrap())))
    }

    pub(super) fn turn(&self, by: Duration) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// Writes down what it hears.
#[derive(Debug, Default)]
pub(super) struct Diary(Mutex<Vec<String>>);

impl Diary {
    pub(super) fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    fn write(&self, line: String) {
        self.0.lock().unwrap().push(line);
    }
}

impl Observer for Diary {
    fn on_response(&self, endpoint: Endpoint, status: u16, _: Duration) {
        self.write(format!("{endpoint} {status}"));
    }

    fn on_retry(&self, endpoint: Endpoint, fault: &Fault, retry: Retry) {
        self.write(format!("{endpoint} retry {}: {fault}", retry.number));
    }

    fn on_rate_limited(&self, endpoint: Endpoint, _: Timestamp) {
        self.write(format!("{endpoint} limited"));
    }

    fn on_reads(&self, endpoint: Endpoint, reads: Reads) {
        self.write(format!("{endpoint} read {} posts, {} users", reads.posts, reads.users));
    }

    fn on_missing_field(&self, field: &'static str, count: u64) {
        self.write(format!("{count} without {field}"));
    }
}

/// A client whose waits are short, with its parts at hand.
pub(super) struct Bench {
    pub(super) client: Client,
    pub(super) clock: Arc<Hands>,
    pub(super) diary: Arc<Diary>,
}

impl Bench {
    pub(super) fn breaker(&self) -> BreakerSnapshot {
        self.client.standing().breaker
    }
}

/// With the usual breaker and without a bound of money.
pub(super) fn bench(settings: Settings) -> Bench {
    bench_with(settings, BreakerSettings::default(), None)
}

pub(super) fn bench_with(settings: Settings, breaker: BreakerSettings, budget: Option<u64>) -> Bench {
    let clock = Hands::at("2022-10-07T22:43:18Z");
    let governor = LocalGovernor::new(clock.clone(), Arc::new(OsEntropy), breaker, budget);
    governed(settings, clock, Arc::new(governor))
}

pub(super) fn governed(settings: Settings, clock: Arc<Hands>, governor: Arc<dyn Governor>) -> Bench {
    let backoff = Backoff { base: Duration::from_millis(1), factor: 2, cap: Duration::from_millis(4) };
    let retry = RetryPolicy { backoff, max_imposed_wait: Duration::from_millis(4), ..RetryPolicy::default() };
    let diary = Arc::new(Diary::default());
    let client = Client::new(settings, retry, governor, clock.clone(), Arc::new(OsEntropy), diary.clone()).unwrap();
    Bench { client, clock, diary }
}
