//! Reflection: what a listener serves (gRPC Server Reflection).

use super::connect::InvalidDescriptors;
use tonic::service::Routes;
use tonic_reflection::server::Builder;

/// Reflection for the named services and health, in both versions, because older versions of
/// grpcurl use v1alpha.
pub fn with_reflection(routes: Routes, services: &[&str]) -> Result<Routes, ReflectionError> {
    let builder = || {
        let builder = Builder::configure()
            .register_encoded_file_descriptor_set(proto::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET);
        let names = services.iter().chain(&["grpc.health.v1.Health"]);
        names.fold(builder, |builder, name| builder.with_service_name(*name))
    };
    let v1 = builder().build_v1()?;
    let v1alpha = builder().build_v1alpha()?;
    Ok(routes.add_service(v1).add_service(v1alpha))
}

/// Why the descriptor set cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ReflectionError {
    /// By reflection.
    #[error("reflection: {0}")]
    Reflection(#[from] tonic_reflection::server::Error),
    /// By Connect.
    #[error("Connect: {0}")]
    Connect(#[from] InvalidDescriptors),
}
