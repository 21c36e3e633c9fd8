//! What is served by HTTP alone: the keys, and introspection.

mod introspection;
mod key_set;

pub use introspection::Introspection;
pub use key_set::key_set;
