//! A third service: neither auth-service nor requests-service, behind the same
//! session layer.

/// The contract, with its access rules, as an encoded `FileDescriptorSet`.
pub const FILE_DESCRIPTOR_SET: &[u8] =
    include_bytes!(concat!(env!("OUT_DIR"), "/third_descriptor_set.bin"));

/// Version 1.
#[allow(missing_docs, clippy::pedantic)]
pub mod v1 {
    tonic::include_proto!("third.v1");
}
