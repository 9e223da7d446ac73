//! A TCP proxy that fails on demand, to stand between Amber and anything it talks to.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Mutex, watch};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::port::{Port as Claim, try_reserve};

/// Connections that may wait to be accepted.
const BACKLOG: u32 = 1024;

/// What happens to the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Weather {
    /// They pass, each chunk after this delay.
    Passing(Duration),
    /// They wait.
    Stalled,
    /// They are lost, and so is whatever comes later by the same connections.
    Lost,
    /// There is no connection to pass them through.
    Cut,
}

/// A proxy on a port of its own. It ends, with all its connections, when it is dropped.
#[derive(Debug)]
pub struct Flaky {
    address: SocketAddr,
    upstream: SocketAddr,
    /// The acceptor and every connection hold a receiver, so that `closed` means that all of them are gone.
    weather: watch::Sender<Weather>,
    port: Mutex<Port>,
    /// Keeps the port from others in the moment between two uses.
    _claim: Claim,
}

#[derive(Debug)]
enum Port {
    /// The task that accepts connections.
    Open(#[expect(dead_code, reason = "held, because the task ends when it is dropped")] JoinSet<()>),
    /// Bound but not listening: connections are refused, and nobody else can take the port.
    Reserved(TcpSocket),
}

impl Flaky {
    /// Opens a proxy in front of an address. At first everything passes.
    ///
    /// # Panics
    /// When no port of 127.0.0.1 is free.
    #[must_use]
    pub fn in_front_of(upstream: SocketAddr) -> Self {
        let claim = Claim::claim();
        let address = claim.address();
        let socket = try_reserve(address).expect("nobody listens on it");
        let weather = watch::Sender::new(Weather::Passing(Duration::ZERO));
        let port = Mutex::new(Port::Open(open(socket, upstream, weather.subscribe())));
        Self { address, upstream, weather, port, _claim: claim }
    }

    /// Opens a proxy in front of a database and tells the address of the database through it.
    ///
    /// # Panics
    /// When the address of the database is not of the form `scheme://user@host:port/name`.
    #[must_use]
    pub fn before_database(url: &str) -> (Self, String) {
        let (user, rest) = url.split_once('@').expect("a URL with a user");
        let (address, name) = rest.split_once('/').expect("a URL with a database");
        let upstream = address.replace("localhost", "127.0.0.1").parse().expect("an address");
        let flaky = Self::in_front_of(upstream);
        let through = format!("{user}@{}/{name}", flaky.address);
        (flaky, through)
    }

    /// Where clients connect; it stays the same over cuts.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Resets every connection and refuses new ones. Returns when the last connection is gone.
    pub async fn cut(&self) {
        let mut port = self.port.lock().await;
        if matches!(*port, Port::Reserved(_)) {
            return;
        }
        self.weather.send_replace(Weather::Cut);
        self.weather.closed().await;
        *port = Port::Reserved(reserve_again(self.address).await);
    }

    /// Accepts connections but passes nothing; what is sent meanwhile arrives after [`heal`](Self::heal).
    pub async fn stall(&self) {
        self.turn(Weather::Stalled).await;
    }

    /// Loses every byte, as a network does that drops packets: nobody is told, and the connections of this time lead nowhere for ever.
    /// After [`heal`](Self::heal) new ones pass everything.
    pub async fn lose(&self) {
        self.turn(Weather::Lost).await;
    }

    /// Passes everything, each chunk after this delay, in both directions.
    pub async fn delay(&self, delay: Duration) {
        self.turn(Weather::Passing(delay)).await;
    }

    /// Passes everything at once.
    pub async fn heal(&self) {
        self.turn(Weather::Passing(Duration::ZERO)).await;
    }

    async fn turn(&self, weather: Weather) {
        let mut port = self.port.lock().await;
        self.weather.send_replace(weather);
        if let Port::Reserved(_) = *port {
            let weather = self.weather.subscribe();
            let closed = std::mem::replace(&mut *port, Port::Open(JoinSet::new()));
            if let Port::Reserved(socket) = closed {
                *port = Port::Open(open(socket, self.upstream, weather));
            }
        }
    }
}

/// Binds a port that was listened on a moment ago: the system may take a while to let go of it.
async fn reserve_again(address: SocketAddr) -> TcpSocket {
    for _ in 0..500 {
        if let Ok(socket) = try_reserve(address) {
            return socket;
        }
        sleep(Duration::from_millis(10)).await;
    }
    try_reserve(address).expect("the port is free")
}

/// Listens, and passes every connection on until the weather is cut.
fn open(socket: TcpSocket, upstream: SocketAddr, mut weather: watch::Receiver<Weather>) -> JoinSet<()> {
    let listener = socket.listen(BACKLOG).expect("a bound socket can listen");
    let mut acceptor = JoinSet::new();
    acceptor.spawn(async move {
        let mut connections = JoinSet::new();
        let relayed = weather.clone();
        tokio::select! {
            () = accept(&listener, upstream, &relayed, &mut connections) => {}
            _ = weather.wait_for(|weather| *weather == Weather::Cut) => {}
        }
        drop(listener);
        // Each of them sees the cut too, and resets itself.
        while connections.join_next().await.is_some() {}
    });
    acceptor
}

async fn accept(
    listener: &TcpListener,
    upstream: SocketAddr,
    weather: &watch::Receiver<Weather>,
    connections: &mut JoinSet<()>,
) {
    while let Ok((client, _)) = listener.accept().await {
        connections.spawn(relay(client, upstream, weather.clone()));
        while connections.try_join_next().is_some() {}
    }
}

/// Passes bytes both ways until both sides are done, one fails, or the connection is cut.
async fn relay(mut client: TcpStream, upstream: SocketAddr, weather: watch::Receiver<Weather>) {
    let mut cut = weather.clone();
    let cut = cut.wait_for(|weather| *weather == Weather::Cut);
    tokio::pin!(cut);
    let mut lost = weather.clone();
    // It leads nowhere from the moment that bytes are lost, whether or not it had any.
    let lost = async move {
        if lost.wait_for(|weather| *weather == Weather::Lost).await.is_err() {
            std::future::pending::<()>().await;
        }
    };

    let connected = tokio::select! {
        connected = TcpStream::connect(upstream) => connected,
        _ = &mut cut => return reset(&client),
    };
    let Ok(mut server) = connected else { return reset(&client) };
    // A proxy that waits for acknowledgements delays by itself.
    for end in [&client, &server] {
        // Where an end is gone already, the first byte tells.
        drop(end.set_nodelay(true));
    }
    let (broken, leads_nowhere) = tokio::select! {
        biased;
        _ = &mut cut => (true, false),
        () = lost => (true, true),
        passed = pass(&mut client, &mut server, &weather) => (passed.is_err(), false),
    };
    if leads_nowhere {
        tokio::select! {
            () = swallow(&mut client) => {}
            _ = &mut cut => {}
        }
    }
    if broken {
        reset(&client);
        reset(&server);
    }
}

async fn pass(
    client: &mut TcpStream,
    server: &mut TcpStream,
    weather: &watch::Receiver<Weather>,
) -> std::io::Result<((), ())> {
    let (client_reads, client_writes) = client.split();
    let (server_reads, server_writes) = server.split();
    tokio::try_join!(
        pump(client_reads, server_writes, weather.clone()),
        pump(server_reads, client_writes, weather.clone())
    )
}

/// Takes what comes until there is no more.
async fn swallow(from: &mut TcpStream) {
    let mut chunk = vec![0; 16 * 1024];
    while from.read(&mut chunk).await.is_ok_and(|length| length > 0) {}
}

async fn pump(
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    mut weather: watch::Receiver<Weather>,
) -> std::io::Result<()> {
    let mut chunk = vec![0; 16 * 1024];
    loop {
        let length = from.read(&mut chunk).await?;
        let clear = weather.wait_for(|weather| *weather != Weather::Stalled).await.map(|weather| *weather);
        // The shortest sleep takes up to a millisecond.
        if let Ok(Weather::Passing(delay)) = clear
            && !delay.is_zero()
        {
            sleep(delay).await;
        }
        if length == 0 {
            return to.shutdown().await;
        }
        to.write_all(&chunk[..length]).await?;
    }
}

/// Makes the close of this connection a reset, as a lost peer would.
fn reset(stream: &TcpStream) {
    // It can only fail when the connection is already gone.
    let _ = stream.set_zero_linger();
}

#[cfg(test)]
mod tests;
