//! Asks a server for the status of one of its paths, as a probe does.

use std::net::SocketAddr;
use std::time::Duration;

use http::{Request, StatusCode, header};
use http_body_util::Empty;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Why there is no status.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody listens there, most likely.
    #[error("it cannot be connected to")]
    Connect(#[source] std::io::Error),
    /// What it says is not HTTP, or it hung up.
    #[error("its answer is no HTTP: {0}")]
    Protocol(#[from] hyper::Error),
    /// It took longer than that.
    #[error("nothing came within {0:?}")]
    Timeout(Duration),
}

/// The status that the server at `address` has for `path`.
///
/// # Errors
/// When there is none after `patience`.
///
/// # Panics
/// When `path` is none.
pub async fn status(address: SocketAddr, path: &'static str, patience: Duration) -> Result<StatusCode, Error> {
    let asked = async {
        let stream = TcpStream::connect(address).await.map_err(Error::Connect)?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let request = Request::get(path).header(header::HOST, address.to_string()).body(Empty::<Bytes>::new());
        let answer = sender.send_request(request.expect("a path and an address make a request"));
        tokio::select! {
            answer = answer => Ok(answer?.status()),
            // The connection is driven here; it ends before the answer only when it fails.
            ended = connection => { ended?; Err(Error::Connect(std::io::ErrorKind::ConnectionAborted.into())) }
        }
    };
    timeout(patience, asked).await.unwrap_or(Err(Error::Timeout(patience)))
}
