//! `up` and `down` on a database of the old application.

mod beside;
mod down;
mod folded_search;
mod interrupted;
mod locks;
mod refusals;
mod rights;
mod taken_names;
mod trigrams;

use migrations::Down;
use testing::old_database::{self, our_indexes, session_columns};

pub(crate) use testing::old_database::up;

const KEEP: Down = Down {
    drop_data: false,
    keep_session_id: true,
};
