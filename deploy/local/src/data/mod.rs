//! The rows of the demo data: the same for the same seed number.

mod life;
pub(crate) mod names;
mod rows;
mod value;
mod world;
mod write;

pub(crate) use life::Life;
pub(crate) use rows::Tables;
pub(crate) use value::{Row, Table, Value};
pub(crate) use world::{Partner, World};
pub(crate) use write::{continue_ids, insert};
