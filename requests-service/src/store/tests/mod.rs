//! The statements themselves: their text, and what the databases make of them.

mod folded;
mod partner_plans;
mod partner_text;
mod plans;
mod rows;
mod search_plans;
mod text;

use super::{count, get, list::List, partners, statement};
