//! Both services in one process, on a database that is made and filled with
//! demo data at the first start: what plain `cargo run` starts. It listens on
//! the loopback interface unless told otherwise, and is for trying out, not for
//! serving.

mod arguments;
mod data_directory;
pub mod demo;
mod instructions;
mod run;

pub use arguments::{Arguments, Config};
pub use data_directory::DirectoryError;
pub use run::{LocalError, run};
