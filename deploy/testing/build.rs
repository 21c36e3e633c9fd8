//! Compiles the third service's contract, as its owner would: against ours.

use std::{env, error::Error, fs, path::PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=proto");
    println!("cargo:rerun-if-changed=../../proto/ticketing");

    let mut compiler = protox::Compiler::new(["proto", "../../proto"])?;
    compiler.include_imports(true).include_source_info(true);
    compiler.open_file("third/v1/third_service.proto")?;
    let descriptor_set = PathBuf::from(env::var("OUT_DIR")?).join("third_descriptor_set.bin");
    fs::write(descriptor_set, compiler.encode_file_descriptor_set())?;

    // of the files in the set, only the third service's is to be generated
    let mut own = compiler.file_descriptor_set();
    own.file.retain(|file| file.package() == "third.v1");
    tonic_prost_build::configure().compile_fds(own)?;
    Ok(())
}
