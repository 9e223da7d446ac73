//! Why no connection could be made; a refused call is a [`tonic::Status`] instead.

/// Why an [`Amber`](crate::Amber) could not be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The endpoint is not an `http://` or `https://` address with a host.
    #[error("the endpoint `{endpoint}` is not an http:// or https:// address")]
    Endpoint {
        /// The text that was given.
        endpoint: String,
    },
    /// The credential is empty or holds characters that metadata cannot carry. The value is not shown.
    #[error("the credential is empty or cannot be sent as metadata")]
    Credential,
    /// TLS could not be set up, or the endpoint wants TLS and the feature `tls` is off.
    #[error("TLS cannot be used for `{endpoint}`")]
    Tls {
        /// The endpoint that was to be reached.
        endpoint: String,
        /// What the transport said. Absent when the feature `tls` is off.
        #[source]
        source: Option<tonic::transport::Error>,
    },
    /// The server could not be reached in time.
    #[error("no connection to `{endpoint}`")]
    Connect {
        /// The endpoint that was to be reached.
        endpoint: String,
        /// What the transport said.
        #[source]
        source: tonic::transport::Error,
    },
}
