//! The methods of a listener and the types of their messages.

use prost::Message as _;
use prost_reflect::{DescriptorPool, MessageDescriptor, MethodDescriptor, ServiceDescriptor};
use prost_types::FileDescriptorSet;
use std::{collections::HashMap, sync::OnceLock};
use tonic_reflection::pb::{v1, v1alpha};

/// The services that every listener serves.
const ABOUT_THE_SERVER: [&str; 3] = [
    "grpc.health.v1.Health",
    "grpc.reflection.v1.ServerReflection",
    "grpc.reflection.v1alpha.ServerReflection",
];

/// All types of messages and errors, which are the same for every listener.
static TYPES: OnceLock<DescriptorPool> = OnceLock::new();

/// The methods of a listener by their paths (`/package.Service/Method`).
#[derive(Debug, Default)]
pub(in crate::serve) struct Methods {
    by_path: HashMap<String, Method>,
}

/// What is needed to translate a call.
#[derive(Debug)]
pub(super) struct Method {
    input: MessageDescriptor,
    output: MessageDescriptor,
    pub(super) is_unary: bool,
}

impl Method {
    /// The types of the request and the answer.
    pub(super) fn messages(&self) -> (MessageDescriptor, MessageDescriptor) {
        (self.input.clone(), self.output.clone())
    }
}

impl Methods {
    /// Reads the methods of these services, of health and of reflection.
    pub(in crate::serve) fn read(services: &[&str]) -> Result<Self, InvalidDescriptors> {
        let types = types()?;
        let mut by_path = HashMap::new();
        for name in services.iter().chain(&ABOUT_THE_SERVER) {
            let service = types.get_service_by_name(name);
            let service = service.ok_or_else(|| InvalidDescriptors::NoService((*name).into()))?;
            by_path.extend(service.methods().map(|method| read(&service, &method)));
        }
        Ok(Self { by_path })
    }

    pub(super) fn get(&self, path: &str) -> Option<&Method> {
        self.by_path.get(path)
    }
}

/// The types by which messages and errors are read and written.
pub(super) fn types() -> Result<&'static DescriptorPool, InvalidDescriptors> {
    if let Some(types) = TYPES.get() {
        return Ok(types);
    }
    let mut types = DescriptorPool::new();
    for encoded in [
        proto::FILE_DESCRIPTOR_SET,
        tonic_health::pb::FILE_DESCRIPTOR_SET,
        v1::FILE_DESCRIPTOR_SET,
        v1alpha::FILE_DESCRIPTOR_SET,
    ] {
        add(&mut types, encoded)?;
    }
    Ok(TYPES.get_or_init(|| types))
}

/// Adds files to a pool, without their comments, which take most of the memory.
fn add(types: &mut DescriptorPool, encoded: &[u8]) -> Result<(), InvalidDescriptors> {
    let mut files = FileDescriptorSet::decode(encoded)?;
    for file in &mut files.file {
        file.source_code_info = None;
    }
    Ok(types.add_file_descriptor_set(files)?)
}

fn read(service: &ServiceDescriptor, method: &MethodDescriptor) -> (String, Method) {
    let path = format!("/{}/{}", service.full_name(), method.name());
    let method = Method {
        input: method.input(),
        output: method.output(),
        is_unary: !method.is_client_streaming() && !method.is_server_streaming(),
    };
    (path, method)
}

/// The methods cannot be read from their descriptors.
#[derive(Debug, thiserror::Error)]
pub enum InvalidDescriptors {
    /// The bytes are not a `FileDescriptorSet`.
    #[error("the descriptor set cannot be decoded: {0}")]
    Encoding(#[from] prost::DecodeError),
    /// The files contradict each other.
    #[error("the descriptor set is not valid: {0}")]
    Files(#[from] prost_reflect::DescriptorError),
    /// No file has the service.
    #[error("the descriptor set has no service {0}")]
    NoService(String),
}
