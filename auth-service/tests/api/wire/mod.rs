//! HTTP as strangers speak it: written by hand, and by clients that are not ours.

mod browser;
mod buf;
mod clients;
mod connect;
mod frames;
mod origins;
mod refusals;
mod reset_storms;
