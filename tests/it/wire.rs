//! Plain exchanges with a server, by HTTP and by gRPC-web, and what every refusal must keep to.

use amber_proto::v1::ErrorReason;
use amber_tests::TestServer;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::RequestBuilder;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tonic::{Code, Status};
use tonic_types::StatusExt;

/// What no answer may ever say: the texts of drivers, of the language and of panics.
const INSIDES: [&str; 12] = [
    "sqlx", "sql", "postgres", "sea-orm", "sea_orm", "relation", "panicked", "unwrap", "rust", "tokio", ".rs:", "serde",
];

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// Sends the request and reads the answer.
    pub(crate) async fn to(request: RequestBuilder) -> Self {
        let response = request.send().await.expect("an answer");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Self { status, headers, body: response.bytes().await.expect("a whole body").to_vec() }
    }

    /// Sends these very bytes, which must ask for the connection to be closed, and reads the answer.
    pub(crate) async fn to_bytes(server: &TestServer, request: &[u8]) -> Self {
        let mut stream = TcpStream::connect(server.address()).await.expect("the server listens");
        stream.write_all(request).await.expect("the server reads");
        let mut said = Vec::new();
        stream.read_to_end(&mut said).await.expect("the server ends the connection");
        let end = said.windows(4).position(|window| window == b"\r\n\r\n").expect("a head") + 4;
        let head = String::from_utf8(said[..end].to_vec()).expect("an ASCII head");
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).expect("a status");
        let pairs = lines.filter_map(|line| line.split_once(": "));
        let headers = pairs.map(|(name, value)| {
            let name: HeaderName = name.parse().expect("a header name");
            (name, HeaderValue::from_str(value).expect("a header value"))
        });
        Self { status: status.parse().expect("a number"), headers: headers.collect(), body: said.split_off(end) }
    }

    /// The header, empty when it is not there.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("an ASCII header"))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The body of a refusal, of the one shape that refusals have.
    #[track_caller]
    pub(crate) fn problem(&self, what: &str) -> Value {
        assert_eq!(self.header("content-type"), "application/json", "{what}: {self:?}");
        let body = self.json();
        for field in ["error", "message", "requestId"] {
            assert!(body[field].as_str().is_some_and(|text| !text.is_empty()), "{what}: no {field} in {body}");
        }
        assert_eq!(body["requestId"], self.header("x-request-id"), "{what}: {body}");
        assert_tells_nothing_of_the_inside(&self.text(), what);
        body
    }
}

/// The form by which a page of the partner opens a frame; a token is ASCII that a form carries as it is.
pub(crate) fn opening(frame: RequestBuilder, token: &str) -> RequestBuilder {
    let frame = frame.header("origin", "https://partner.example");
    frame.header("content-type", "application/x-www-form-urlencoded").body(format!("token={token}"))
}

/// No text of a driver or of the program itself leaves the house.
#[track_caller]
pub(crate) fn assert_tells_nothing_of_the_inside(text: &str, what: &str) {
    let lower = text.to_lowercase();
    let found = INSIDES.iter().find(|inside| lower.contains(**inside));
    assert_eq!(found, None, "{what}: {text}");
}

/// The code and the documented reason of a refusal by gRPC.
#[track_caller]
pub(crate) fn reason_of(status: &Status, what: &str) -> (Code, ErrorReason) {
    assert!(!status.message().is_empty(), "{what}: a refusal says what to do: {status:?}");
    assert_tells_nothing_of_the_inside(status.message(), what);
    let info = status.get_details_error_info();
    let info = info.unwrap_or_else(|| panic!("{what}: no ErrorInfo in {status:?}"));
    assert_eq!(info.domain, "amber.v1", "{what}");
    let reason = ErrorReason::from_wire_name(&info.reason);
    (status.code(), reason.unwrap_or_else(|| panic!("{what}: the contract knows no reason {:?}", info.reason)))
}

/// An answer by gRPC-web, taken apart.
#[derive(Debug)]
pub(crate) struct WebAnswer {
    pub(crate) answer: Answer,
    /// The message, when there is one.
    pub(crate) message: Option<Vec<u8>>,
    /// From the frame of trailers or, when the answer is nothing but a refusal, from the headers.
    pub(crate) status: Status,
}

/// Calls a unary method with these bytes as its message; `as_text` in base64, as browsers do that cannot read binary
/// answers piece by piece.
pub(crate) async fn grpc_web(request: RequestBuilder, message: &[u8], as_text: bool) -> WebAnswer {
    let length = u32::try_from(message.len()).expect("a short message");
    let body = [&[0][..], &length.to_be_bytes(), message].concat();
    let (kind, body) = if as_text {
        ("application/grpc-web-text", STANDARD.encode(body).into_bytes())
    } else {
        ("application/grpc-web+proto", body)
    };
    let request = request.header("content-type", kind).header("accept", kind).header("x-grpc-web", "1");
    let answer = Answer::to(request.body(body)).await;
    let bytes = if as_text { decode_pieces(&answer.text()) } else { answer.body.clone() };
    let (mut message, mut trailers) = (None, answer.headers.clone());
    let mut rest = bytes.as_slice();
    while let Some((head, tail)) = rest.split_first_chunk::<5>() {
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
        let (frame, tail) = tail.split_at(length);
        if head[0] & 0x80 == 0 {
            message = Some(frame.to_vec());
        } else {
            trailers.extend(read_trailers(frame));
        }
        rest = tail;
    }
    let status = Status::from_header_map(&trailers).unwrap_or_else(|| panic!("no status in {answer:?}"));
    WebAnswer { answer, message, status }
}

/// Base64 of which every piece may have its own padding.
fn decode_pieces(text: &str) -> Vec<u8> {
    text.as_bytes().chunks(4).flat_map(|piece| STANDARD.decode(piece).expect("base64")).collect()
}

fn read_trailers(frame: &[u8]) -> HeaderMap {
    let text = std::str::from_utf8(frame).expect("ASCII trailers");
    let pairs = text.lines().filter_map(|line| line.split_once(':'));
    let parsed = pairs.map(|(name, value)| {
        let name: HeaderName = name.trim().parse().expect("a name");
        (name, HeaderValue::from_str(value.trim()).expect("a value"))
    });
    parsed.collect()
}
