//! Texts: issued tokens that were changed, and what only looks like a token.

use super::{World, runner};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use proptest::prelude::*;
use testing::fuzz::{changed, changes};

#[test]
fn a_changed_token_is_refused() {
    let world = World::new();
    let input = (any::<bool>(), changes());
    let checked = runner().run(&input, |(is_access, changes)| {
        let issued = if is_access {
            &world.access
        } else {
            &world.refresh
        };
        let text = changed(issued, &changes);
        prop_assert_eq!(world.passes(&text), text == *issued, "{}", text);
        Ok(())
    });
    checked.unwrap();
}

#[test]
fn a_text_that_only_looks_like_a_token_is_refused() {
    let world = World::new();
    let segments: Vec<String> = world.access.split('.').map(str::to_owned).collect();
    let own = prop::sample::select(segments);
    let json =
        r#"\{("(alg|typ|kid|crit|exp)":("(EdDSA|none|at\+jwt)"|[0-9]{1,30}|null|\{\}),?){0,4}\}"#;
    let encoded = prop_oneof![json, ".{0,40}"].prop_map(|text| URL_SAFE_NO_PAD.encode(text));
    let segment = prop_oneof![4 => own, 2 => encoded, 1 => "[A-Za-z0-9_-]{0,100}", 1 => ".{0,20}"];
    let segments = prop::collection::vec(segment, 0..7).prop_map(|segments| segments.join("."));
    let text = prop_oneof![4 => segments, 1 => ".{0,200}"];
    let checked = runner().run(&text, |text| {
        prop_assert_eq!(world.passes(&text), text == world.access, "{}", text);
        Ok(())
    });
    checked.unwrap();
}

/// 64 bytes leave four bits of the last character unused; the first two segments
/// are signed as they are spelt.
#[test]
fn a_signature_has_one_spelling() {
    let world = World::new();
    let (start, last) = world.access.split_at(world.access.len() - 1);
    let others = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/="
        .chars()
        .filter(|other| !last.contains(*other));
    for other in others {
        assert!(!world.passes(&format!("{start}{other}")), "{other}");
    }
    for after in ["=", "==", "\n", " ", "."] {
        assert!(
            !world.passes(&format!("{}{after}", world.access)),
            "{after:?}"
        );
    }
    assert!(world.passes(&world.access));
}
