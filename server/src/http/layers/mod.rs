//! What every request goes through, whatever it asks for.

mod around;
mod caught;
mod edge;
mod framed;
mod gate;
mod headers;
mod kind;
mod observe;
mod refusal;
mod request_id;

pub use edge::Edge;
pub use gate::Gate;

pub(super) use around::around;
pub(super) use caught::caught;
pub(super) use edge::{guard, speak};
pub(super) use framed::{Framers, embedder, framed};
pub(super) use gate::gate;
pub(super) use headers::{cors, secure};
pub(super) use kind::Kind;
pub(super) use observe::observe;
pub(super) use refusal::in_grpc;
pub(super) use request_id::identify;
