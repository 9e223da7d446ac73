//! The contract of Amber, package `amber.v1`, in its Rust form.

mod reason;
mod redact;

/// Messages, clients and servers of the package `amber.v1`.
pub mod v1 {
    #![expect(clippy::pedantic, reason = "the generator decides the form of this code, which nobody edits")]

    include!("generated/amber.v1.rs");
}

/// The contract and everything it imports as an encoded `google.protobuf.FileDescriptorSet`, for gRPC reflection.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!("generated/amber.v1.descriptor.bin");

/// The `domain` of every `google.rpc.ErrorInfo` that Amber sends.
pub const ERROR_DOMAIN: &str = "amber.v1";
