//! Which methods there are, so that nothing that a caller makes up passes for one.

use std::collections::HashSet;
use std::sync::LazyLock;

use prost::Message;
use prost_types::FileDescriptorSet;
use tonic_reflection::pb::{v1, v1alpha};

/// What describes the services that this server has, and the details of its refusals.
pub(super) const DESCRIBED: [&[u8]; 5] = [
    amber_proto::FILE_DESCRIPTOR_SET,
    tonic_health::pb::FILE_DESCRIPTOR_SET,
    tonic_types::pb::FILE_DESCRIPTOR_SET,
    v1::FILE_DESCRIPTOR_SET,
    v1alpha::FILE_DESCRIPTOR_SET,
];

static PATHS: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let read = |set: &[u8]| FileDescriptorSet::decode(set).expect("the descriptors are compiled in");
    let files = DESCRIBED.into_iter().flat_map(|set| read(set).file);
    let mut paths = HashSet::new();
    for file in files {
        for service in &file.service {
            let method = |method: &str| format!("/{}.{}/{method}", file.package(), service.name());
            paths.extend(service.method.iter().map(|known| method(known.name())));
        }
    }
    paths
});

/// Whether this is the path of a method, `/package.Service/Method`.
#[must_use]
pub fn is_method(path: &str) -> bool {
    PATHS.contains(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_service_has_its_methods_and_no_others() {
        for path in [
            "/amber.v1.FeedService/ListPosts",
            "/grpc.health.v1.Health/Watch",
            "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
            "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
        ] {
            assert!(is_method(path), "{path}");
        }
        for path in ["", "/", "/amber.v1.FeedService/MadeUp", "/amber.v1.FeedService/ListPosts/", "/api/feed"] {
            assert!(!is_method(path), "{path}");
        }
    }
}
