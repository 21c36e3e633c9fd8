//! The gRPC contract of the ticketing back end: the types generated from the
//! `.proto` files beside this crate, and the descriptor set from which
//! reflection and the access rules are read.
//!
//! The comments in the `.proto` files are the reference; nothing is documented
//! twice here.

/// All files with their method options and comments, and those of the messages in which
/// errors are told (`google.rpc`), as an encoded `google.protobuf.FileDescriptorSet`.
pub const FILE_DESCRIPTOR_SET: &[u8] =
    include_bytes!(concat!(env!("OUT_DIR"), "/descriptor_set.bin"));

/// `ticketing.auth`: sessions, tokens, access rules.
pub mod auth {
    /// Version 1.
    #[allow(missing_docs, clippy::pedantic)]
    pub mod v1 {
        tonic::include_proto!("ticketing.auth.v1");
    }
}

/// `ticketing.requests`: partner requests.
pub mod requests {
    /// Version 1.
    #[allow(missing_docs, clippy::pedantic)]
    pub mod v1 {
        tonic::include_proto!("ticketing.requests.v1");
    }
}
