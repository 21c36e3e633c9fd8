//! Both services and the partner page in one process, on a database that the first start creates and fills with demo
//! data. Plain `cargo run` starts it. By default it listens on the loopback interface. It is for
//! trying the services out, not for production.

mod arguments;
mod data;
mod data_directory;
pub mod demo;
mod generate;
mod instructions;
mod run;
pub mod web;

pub use arguments::{Command, Config, DemoArguments};
pub use data_directory::DirectoryError;
pub use generate::{GenerateError, Options, generate};
pub use run::{LocalError, Run, write_demo_data};
