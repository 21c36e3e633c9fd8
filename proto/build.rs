//! Compiles the `.proto` files without `protoc`: protox parses them, prost and
//! tonic generate the Rust.
//!
//! Two descriptor sets come out of one parse. The generator takes prost's own
//! types, which drop unknown method options; reflection and the access rules
//! need those options, so the exported set is the encoded original.

use std::{env, error::Error, fs, path::PathBuf};

const FILES: [&str; 12] = [
    // the messages of errors, which no message of ours names
    "google/rpc/error_details.proto",
    "google/rpc/status.proto",
    "ticketing/auth/v1/access.proto",
    "ticketing/auth/v1/audit_event.proto",
    "ticketing/auth/v1/auth_service.proto",
    "ticketing/auth/v1/error_reason.proto",
    "ticketing/auth/v1/session_validation_service.proto",
    "ticketing/auth/v1/user.proto",
    "ticketing/requests/v1/error_reason.proto",
    "ticketing/requests/v1/order_direction.proto",
    "ticketing/requests/v1/partner_requests_service.proto",
    "ticketing/requests/v1/partners_service.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=google");
    println!("cargo:rerun-if-changed=ticketing");
    println!("cargo:rerun-if-changed=build.rs");

    let mut compiler = protox::Compiler::new(["."])?;
    compiler.include_imports(true).include_source_info(true);
    compiler.open_files(FILES)?;

    let descriptor_set = PathBuf::from(env::var("OUT_DIR")?).join("descriptor_set.bin");
    fs::write(descriptor_set, compiler.encode_file_descriptor_set())?;
    tonic_prost_build::configure()
        // tonic-types has them in Rust
        .extern_path(".google.rpc", "::tonic_types::pb")
        .compile_fds(compiler.file_descriptor_set())?;
    Ok(())
}
