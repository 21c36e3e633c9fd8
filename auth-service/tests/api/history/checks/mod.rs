//! The checker, on histories made by hand: each good one is good, and each that
//! breaks a rule breaks that one alone.

mod answers;
mod ends;
mod story;
