//! Both services in one process, on a database that is made and filled with
//! demo data at the first start: what plain `cargo run` starts. It listens on
//! the loopback interface unless told otherwise, and is for trying out, not for
//! serving.

mod arguments;
mod data;
mod data_directory;
pub mod demo;
mod generate;
mod instructions;
mod run;

pub use arguments::{Command, Config, DemoArguments};
pub use data_directory::DirectoryError;
pub use generate::{GenerateError, Options, generate};
pub use run::{LocalError, Run, write_demo_data};
