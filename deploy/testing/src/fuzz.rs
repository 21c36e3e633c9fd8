//! Hostile input, made from valid input: how many inputs to try, and how to change a text.
//!
//! The suite tries few inputs, and more on demand:
//!
//! ```sh
//! TICKETING_FUZZ=700000 cargo test --release -p auth-service --test api -- fuzz
//! ```

use proptest::{collection::vec, prelude::*, sample::Index};

/// The number of inputs for each property by default.
const IN_THE_SUITE: u32 = 1_000;

/// How many inputs each property is given: `TICKETING_FUZZ`.
#[must_use]
pub fn inputs() -> ProptestConfig {
    let requested = std::env::var("TICKETING_FUZZ").ok();
    let requested = requested.map(|number| number.parse().expect("TICKETING_FUZZ is a number"));
    ProptestConfig {
        cases: requested.unwrap_or(IN_THE_SUITE),
        // the input that failed is printed, and becomes a test of its own
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// A change of a text, which usually is base64 in segments.
#[derive(Clone, Debug)]
pub enum Change {
    /// One bit is turned over.
    Bit(Index, u32),
    /// One character becomes another.
    Replace(Index, char),
    /// One character is put in.
    Insert(Index, char),
    /// One character goes.
    Remove(Index),
    /// The text ends there.
    Cut(Index),
    /// A piece of it comes twice.
    Repeat(Index, Index),
    /// Two segments change places.
    Swap(Index, Index),
    /// A segment becomes empty.
    Empty(Index),
    /// A segment comes twice.
    Again(Index),
    /// A segment is added.
    Add(String),
    /// A segment is written in the alphabet that URLs do not use.
    Standard(Index),
    /// Something stands after a segment: padding, white space.
    After(Index, &'static str),
    /// The last character of a segment becomes its neighbour, which decodes to the
    /// same bytes where only bits that no byte uses differ (RFC 4648, section 3.5).
    UnusedBits(Index, u8),
    /// Much is added.
    Lengthen(u16),
}

/// Some changes, one at least.
pub fn changes() -> impl Strategy<Value = Vec<Change>> {
    vec(change(), 1..5)
}

fn change() -> impl Strategy<Value = Change> {
    let index = any::<Index>;
    let character = || {
        prop_oneof![
            prop::char::range('A', 'z'),
            prop::char::range(' ', '~'),
            any::<char>()
        ]
    };
    let after = prop::sample::select(vec!["=", "==", " ", "\n", "\r\n", "\t", "\0", ".", "%3D"]);
    prop_oneof![
        4 => (index(), 0..7_u32).prop_map(|(at, bit)| Change::Bit(at, bit)),
        4 => (index(), character()).prop_map(|(at, to)| Change::Replace(at, to)),
        2 => (index(), character()).prop_map(|(at, what)| Change::Insert(at, what)),
        2 => index().prop_map(Change::Remove),
        1 => index().prop_map(Change::Cut),
        1 => (index(), index()).prop_map(|(from, to)| Change::Repeat(from, to)),
        1 => (index(), index()).prop_map(|(one, other)| Change::Swap(one, other)),
        1 => index().prop_map(Change::Empty),
        1 => index().prop_map(Change::Again),
        1 => "[A-Za-z0-9_-]{0,90}".prop_map(Change::Add),
        2 => index().prop_map(Change::Standard),
        2 => (index(), after).prop_map(|(at, what)| Change::After(at, what)),
        3 => (index(), 1..16_u8).prop_map(|(at, to)| Change::UnusedBits(at, to)),
        1 => (1..5_000_u16).prop_map(Change::Lengthen),
    ]
}

/// A text after changes. It may be unchanged, because two changes can cancel each other out, and
/// some have nothing to change.
#[must_use]
pub fn changed(text: &str, changes: &[Change]) -> String {
    let once = |text: String, change: &Change| match change {
        Change::Swap(..)
        | Change::Empty(_)
        | Change::Again(_)
        | Change::Add(_)
        | Change::Standard(_)
        | Change::After(..)
        | Change::UnusedBits(..) => change_segments(&text, change),
        _ => change_characters(&text, change),
    };
    changes.iter().fold(text.to_owned(), once)
}

fn change_characters(text: &str, change: &Change) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    let length = characters.len();
    if length == 0 {
        return text.to_owned();
    }
    match change {
        Change::Bit(at, bit) => {
            let at = at.index(length);
            characters[at] = char::from_u32(u32::from(characters[at]) ^ (1 << bit)).unwrap_or('?');
        }
        Change::Replace(at, to) => characters[at.index(length)] = *to,
        Change::Insert(at, what) => characters.insert(at.index(length + 1), *what),
        Change::Remove(at) => drop(characters.remove(at.index(length))),
        Change::Cut(at) => characters.truncate(at.index(length)),
        Change::Repeat(from, to) => {
            let piece = characters[from.index(length)..].to_vec();
            let at = to.index(length);
            characters.splice(at..at, piece);
        }
        Change::Lengthen(by) => characters.extend(std::iter::repeat_n('A', usize::from(*by))),
        _ => unreachable!("a change of segments"),
    }
    characters.into_iter().collect()
}

fn change_segments(text: &str, change: &Change) -> String {
    let mut segments: Vec<String> = text.split('.').map(str::to_owned).collect();
    let count = segments.len();
    match change {
        Change::Swap(one, other) => segments.swap(one.index(count), other.index(count)),
        Change::Empty(at) => segments[at.index(count)].clear(),
        Change::Again(at) => segments.push(segments[at.index(count)].clone()),
        Change::Add(segment) => segments.push(segment.clone()),
        Change::Standard(at) => {
            let segment = &mut segments[at.index(count)];
            *segment = segment.replace('-', "+").replace('_', "/");
        }
        Change::After(at, what) => segments[at.index(count)].push_str(what),
        Change::UnusedBits(at, to) => {
            let segment = &mut segments[at.index(count)];
            if let Some(next) = segment.pop().and_then(|last| neighbour(last, *to)) {
                segment.push(next);
            }
        }
        _ => unreachable!("a change of characters"),
    }
    segments.join(".")
}

/// The character of base64url whose lowest bits differ.
fn neighbour(character: char, bits: u8) -> Option<char> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let value = ALPHABET
        .iter()
        .position(|letter| char::from(*letter) == character)?;
    ALPHABET
        .get(value ^ usize::from(bits))
        .map(|letter| char::from(*letter))
}
