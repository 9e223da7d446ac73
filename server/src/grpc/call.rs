//! What every call brings beside its message: the caller, its network and the id of the request.

use std::net::SocketAddr;

use axum::extract::ConnectInfo;
use tonic::{Request, Status};

use super::status::status;
use crate::domain::{Network, Principal};
use crate::telemetry::RequestId;
use crate::usecase::Error;

/// The caller, its network, and the id that ties a refusal to the log.
#[derive(Debug)]
pub(super) struct Call {
    /// Who calls, as the layers found out; without them nobody is known.
    pub(super) caller: Principal,
    /// From which network; None without the layers.
    pub(super) network: Option<Network>,
    request_id: Option<RequestId>,
}

impl Call {
    /// Takes a request apart.
    pub(super) fn split<T>(request: Request<T>) -> (Self, T) {
        let (_, mut extensions, message) = request.into_parts();
        let caller = extensions.remove::<Principal>().unwrap_or(Principal::Anonymous);
        let request_id = extensions.remove::<RequestId>();
        let peer = extensions.remove::<ConnectInfo<SocketAddr>>();
        let network = peer.map(|ConnectInfo(address)| Network::of(address.ip()));
        (Self { caller, network, request_id }, message)
    }

    /// Turns the errors of this call into refusals.
    pub(super) fn refusal(&self) -> impl Fn(Error) -> Status + use<'_> {
        |error| status(&error, self.request_id.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Role;

    #[test]
    fn a_call_without_the_layers_is_anonymous() {
        assert_eq!(Call::split(Request::new(())).0.caller, Principal::Anonymous);
        let mut request = Request::new(());
        let admin = Principal::User { id: "asha".into(), role: Role::Admin, expires_at: None };
        request.extensions_mut().insert(admin.clone());
        assert_eq!(Call::split(request).0.caller, admin);
    }
}
