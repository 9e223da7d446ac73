//! The first bytes of a connection: TLS or not, HTTP/1.1 or HTTP/2.

use std::io;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::sleep;
use tokio_rustls::server::TlsStream;

use crate::app::tls::{self, Tls};

/// How every HTTP/2 connection begins (RFC 9113, section 3.4).
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// How long is waited for the rest of a preface that came in part.
const REST: Duration = Duration::from_millis(10);
/// How TLS begins: the type of a record that holds a handshake (RFC 8446, section 5.1).
const HANDSHAKE: u8 = 22;
/// For callers that forgot the `s` of `https`.
const NOT_PLAIN: &[u8] =
    b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\ncontent-length: 33\r\nconnection: close\r\n\r\nThis port speaks TLS: use https.\n";

/// Which HTTP it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    Http1,
    Http2,
}

/// A connection after its first bytes.
pub(super) enum Stream {
    Plain(TcpStream),
    Secure(Box<TlsStream<TcpStream>>),
}

/// Waits for the first bytes; the handshake of TLS is over when this returns.
pub(super) async fn read(stream: TcpStream, tls: Option<&Tls>) -> io::Result<(Stream, Protocol)> {
    let Some(tls) = tls else {
        let protocol = protocol_of(&stream).await?;
        return Ok((Stream::Plain(stream), protocol));
    };
    let stream = refuse_plain(stream).await?;
    let stream = tls.accept(stream).await?;
    let is_http2 = stream.get_ref().1.alpn_protocol() == Some(tls::HTTP2);
    let protocol = if is_http2 { Protocol::Http2 } else { Protocol::Http1 };
    Ok((Stream::Secure(Box::new(stream)), protocol))
}

/// Looks at the first bytes and leaves them where they are.
async fn protocol_of(stream: &TcpStream) -> io::Result<Protocol> {
    let mut bytes = [0; PREFACE.len()];
    loop {
        let seen = stream.peek(&mut bytes).await?;
        if seen == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if bytes[..seen] != PREFACE[..seen] {
            return Ok(Protocol::Http1);
        }
        if seen == PREFACE.len() {
            return Ok(Protocol::Http2);
        }
        // Bytes that were seen once are seen again at once.
        sleep(REST).await;
    }
}

async fn refuse_plain(mut stream: TcpStream) -> io::Result<TcpStream> {
    let mut first = [0];
    let seen = stream.peek(&mut first).await?;
    if seen == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    if first[0] != HANDSHAKE {
        stream.write_all(NOT_PLAIN).await?;
        stream.shutdown().await?;
        return Err(io::Error::other("it does not speak TLS"));
    }
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    /// What is made of these pieces, sent one after the other.
    async fn hello(pieces: &[&[u8]]) -> io::Result<Protocol> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut caller = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        let say = async {
            for piece in pieces {
                caller.write_all(piece).await.unwrap();
                sleep(REST).await;
            }
            caller.shutdown().await.unwrap();
        };
        tokio::join!(protocol_of(&stream), say).0
    }

    #[tokio::test]
    async fn the_preface_tells_http2_however_it_is_cut() {
        assert_eq!(hello(&[PREFACE]).await.unwrap(), Protocol::Http2);
        assert_eq!(hello(&[b"P", b"RI *", b" HTTP/2.0\r\n\r\nSM\r\n\r", b"\n\0\0"]).await.unwrap(), Protocol::Http2);
        assert_eq!(hello(&[b"POST / HTTP/1.1\r\n"]).await.unwrap(), Protocol::Http1);
        assert_eq!(hello(&[b"PRI", b" / HTTP/1.1\r\n"]).await.unwrap(), Protocol::Http1);
        assert_eq!(hello(&[b"G"]).await.unwrap(), Protocol::Http1);
        assert!(hello(&[]).await.is_err());
    }
}
