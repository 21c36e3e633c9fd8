//! The statements themselves: their text, and what the databases make of them.

mod plans;
mod search_plans;
mod text;

use super::{count, get, list::List, statement};
