//! A model of refreshes, searched exhaustively: that no honest holder is logged
//! out, that nothing is revived, and that a thief is found out unless it keeps in
//! step.
//!
//! The decision is the service's own function; the statements around it are
//! copied in `glue`. One tick is a quarter of the overlap.

mod glue;
mod moves;
mod refresh;
mod search;
mod state;
mod tests;
mod world;
