//! What goes with every call: the credential and a request id.

use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::{Request, Status};
use uuid::Uuid;

pub(crate) const AUTHORIZATION: &str = "authorization";
pub(crate) const REQUEST_ID: &str = "x-request-id";

/// Adds the credential and a request id to every call. What the caller has put into the request itself stays.
#[derive(Clone, Debug)]
pub struct CallMetadata {
    authorization: Option<MetadataValue<Ascii>>,
}

impl CallMetadata {
    pub(crate) fn new(authorization: Option<MetadataValue<Ascii>>) -> Self {
        Self { authorization }
    }
}

impl Interceptor for CallMetadata {
    #[expect(clippy::disallowed_methods, reason = "a client owns its request ids; nothing of the server is here")]
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let metadata = request.metadata_mut();
        if let Some(authorization) = &self.authorization
            && !metadata.contains_key(AUTHORIZATION)
        {
            metadata.insert(AUTHORIZATION, authorization.clone());
        }
        if !metadata.contains_key(REQUEST_ID) {
            let id = Uuid::now_v7().to_string().parse().expect("a UUID is ASCII");
            metadata.insert(REQUEST_ID, id);
        }
        Ok(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(own: &[(&'static str, &'static str)]) -> Request<()> {
        let mut request = Request::new(());
        for (key, value) in own {
            request.metadata_mut().insert(*key, MetadataValue::from_static(value));
        }
        CallMetadata::new(Some(MetadataValue::from_static("Bearer abc"))).call(request).expect("nothing is refused")
    }

    fn value<'a>(request: &'a Request<()>, key: &str) -> &'a str {
        request.metadata().get(key).expect("the key is there").to_str().expect("the value is ASCII")
    }

    #[test]
    fn each_call_gets_the_credential_and_its_own_request_id() {
        let (first, second) = (sent(&[]), sent(&[]));
        assert_eq!(value(&first, AUTHORIZATION), "Bearer abc");
        assert_ne!(value(&first, REQUEST_ID), value(&second, REQUEST_ID));
    }

    #[test]
    fn what_the_caller_set_stays() {
        let request = sent(&[(AUTHORIZATION, "Bearer own"), (REQUEST_ID, "own-request")]);
        assert_eq!(value(&request, AUTHORIZATION), "Bearer own");
        assert_eq!(value(&request, REQUEST_ID), "own-request");
    }
}
