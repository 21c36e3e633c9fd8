//! Signatures that a lenient verifier takes for others (RFC 8032, 5.1.7; "Taming
//! the many EdDSAs", 2020): S and S + L, points of small order, other lengths.

use super::{World, runner};
use auth_service::{model::Refusal, tokens::TokenKind};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use proptest::{array::uniform32, prelude::*};

/// The group's order L = 2^252 + 27742317777372353535851937790883648493, lowest byte first.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// What becomes of a signature.
#[derive(Clone, Debug)]
enum Change {
    /// S + kL: the same number modulo L.
    Higher(u8),
    /// Another R, another S, or both.
    Halves(Option<[u8; 32]>, Option<[u8; 32]>),
    /// R and S change places.
    Swapped,
    /// So many bytes of it, then as many others as there are.
    Length(usize, Vec<u8>),
}

impl Change {
    fn of(&self, signature: &[u8]) -> Vec<u8> {
        let (r, s) = signature.split_at(32);
        match self {
            Self::Higher(times) => {
                let higher = |number: Vec<u8>, _| plus_order(&number);
                [r, &(0..*times).fold(s.to_vec(), higher)].concat()
            }
            Self::Halves(other_r, other_s) => {
                let r = other_r.as_ref().map_or(r, |other| other);
                [r, other_s.as_ref().map_or(s, |other| other)].concat()
            }
            Self::Swapped => [s, r].concat(),
            Self::Length(kept, more) => [&signature[..*kept], more].concat(),
        }
    }
}

fn plus_order(number: &[u8]) -> Vec<u8> {
    let mut carry = 0;
    let sum = number.iter().zip(ORDER).map(|(one, other)| {
        let [low, high] = (u16::from(*one) + u16::from(other) + carry).to_le_bytes();
        carry = u16::from(high);
        low
    });
    sum.collect()
}

/// The eight points of small order, and the spellings of them that are not canonical.
fn small_order() -> Vec<[u8; 32]> {
    let of_order_8 = [
        [
            0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef,
            0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88,
            0x6d, 0x53, 0xfc, 0x05,
        ],
        [
            0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10,
            0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77,
            0x92, 0xac, 0x03, 0x7a,
        ],
    ];
    let with = |first: u8, rest: u8, last: u8| {
        let mut point = [rest; 32];
        point[0] = first;
        point[31] = last;
        point
    };
    let mut points = of_order_8.to_vec();
    points.extend([with(0, 0, 0), with(1, 0, 0)]);
    points.extend([0xec, 0xed, 0xee].map(|first| with(first, 0xff, 0x7f)));
    let other_sign = |point: &[u8; 32]| {
        let mut point = *point;
        point[31] ^= 0x80;
        point
    };
    points.extend(points.clone().iter().map(other_sign));
    points
}

fn change() -> impl Strategy<Value = Change> {
    let small = || prop::sample::select(small_order());
    let half = move || {
        prop_oneof![
            2 => small(),
            1 => Just(ORDER),
            1 => uniform32(any::<u8>()),
        ]
    };
    let more = prop::collection::vec(any::<u8>(), 0..40);
    prop_oneof![
        2 => (1..16_u8).prop_map(Change::Higher),
        4 => (prop::option::of(half()), prop::option::of(half()))
            .prop_map(|(r, s)| Change::Halves(r, s)),
        1 => Just(Change::Swapped),
        1 => (0..=64_usize, more).prop_map(|(kept, more)| Change::Length(kept, more)),
    ]
}

#[test]
fn any_other_signature_is_refused() {
    let world = World::new();
    let (input, signature) = world.access.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let checked = runner().run(&change(), |change| {
        let other = change.of(&signature);
        let text = format!("{input}.{}", URL_SAFE_NO_PAD.encode(&other));
        let verified = world.verify(TokenKind::Access, &text).map(|_| ());
        if other == signature {
            prop_assert_eq!(verified, Ok(()));
        } else {
            prop_assert_eq!(verified, Err(Refusal::TokenSignature));
        }
        Ok(())
    });
    checked.unwrap();
}
