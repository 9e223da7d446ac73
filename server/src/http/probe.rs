//! Asks a server for the status of one of its paths, as a probe does.

mod any_certificate;

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, StatusCode, header};
use http_body_util::Empty;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// Why there is no status.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody listens there, most likely.
    #[error("it cannot be connected to")]
    Connect(#[source] std::io::Error),
    /// It does not speak TLS, or hung up.
    #[error("it cannot be spoken to by TLS")]
    Tls(#[source] std::io::Error),
    /// What it says is not HTTP, or it hung up.
    #[error("its answer is no HTTP: {0}")]
    Protocol(#[from] hyper::Error),
    /// It took longer than that.
    #[error("nothing came within {0:?}")]
    Timeout(Duration),
}

/// The status that the server at `address` has for `path`. With `tls`, whatever certificate it shows is good.
///
/// # Errors
/// When there is none after `patience`.
///
/// # Panics
/// When `path` is none.
pub async fn status(
    address: SocketAddr,
    tls: bool,
    path: &'static str,
    patience: Duration,
) -> Result<StatusCode, Error> {
    let asked = async {
        let stream = TcpStream::connect(address).await.map_err(Error::Connect)?;
        if !tls {
            return ask(stream, address, path).await;
        }
        let connector = TlsConnector::from(Arc::new(any_certificate::client()));
        let stream = connector.connect(address.ip().into(), stream).await.map_err(Error::Tls)?;
        ask(stream, address, path).await
    };
    timeout(patience, asked).await.unwrap_or(Err(Error::Timeout(patience)))
}

async fn ask<S>(stream: S, address: SocketAddr, path: &'static str) -> Result<StatusCode, Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let request = Request::get(path).header(header::HOST, address.to_string()).body(Empty::<Bytes>::new());
    let mut answer = pin!(sender.send_request(request.expect("a path and an address make a request")));
    tokio::select! {
        answer = &mut answer => return Ok(answer?.status()),
        // The connection is driven here; it may end together with the answer.
        ended = connection => ended?,
    }
    Ok(answer.await?.status())
}
