//! Errors planted in the decision and in the statements: each breaks a property,
//! or the model would prove nothing.

use super::{breaks, holds, restored, with, with_ends};
use crate::refresh_model::world::{Fault, OVERLAP, Property, Stores, World};

/// The answer of a rotation is lost, and asked for again an overlap later.
#[test]
fn an_overlap_counted_from_the_rotation_refuses_an_honest_holder() {
    breaks(
        &with(Fault::OverlapFromTheRotation),
        Property::HonestIsNotRefused,
    );
}

/// It is the last tick's difference: the property is stated for that very moment.
#[test]
fn an_overlap_that_includes_its_end_forgives_a_late_reuse() {
    let world = World {
        fault: Some(Fault::OverlapIncludesItsEnd),
        ..World::robbed()
    };
    breaks(&world, Property::LateReuseEnds);
}

#[test]
fn a_decision_that_accepts_an_earlier_generation_is_found() {
    let world = World {
        fault: Some(Fault::EarlierGenerationIsAccepted),
        ..World::robbed()
    };
    breaks(&world, Property::EarlierGenerationEnds);
}

#[test]
fn a_missing_cell_calls_the_holder_of_a_restored_session_a_thief() {
    let world = restored(with(Fault::AboveTheRowIsReuse));
    breaks(&world, Property::AboveARestoredRowIsSaid);
}

/// A mark that comes late uses up the next generation before its answer arrives.
#[test]
fn a_first_use_noted_of_any_generation_refuses_an_honest_holder() {
    breaks(
        &with(Fault::MarkOfAnyGeneration),
        Property::HonestIsNotRefused,
    );
}

#[test]
fn a_set_without_is_active_revives_what_was_logged_out() {
    let world = with_ends(with(Fault::SetThoughEnded));
    breaks(&world, Property::NothingIsRevived);
}

#[test]
fn a_set_without_expires_at_revives_what_ran_out() {
    let world = with_ends(with(Fault::SetThoughExpired));
    breaks(&world, Property::NothingIsRevived);
}

#[test]
fn a_set_without_a_comparison_forks_the_chain() {
    breaks(&with(Fault::SetUncompared), Property::OneTurnWins);
}

/// Within the server's deadline nobody can lose and then present an earlier generation, or the
/// previous one past the overlap: the rule that a loser ends nothing is for the
/// server that forgets its deadline.
#[test]
fn a_loser_that_ends_the_session_refuses_an_honest_holder_of_a_slow_server() {
    let in_time = with(Fault::LoserEnds);
    holds("a loser ends, in time", &in_time);
    let slow = World {
        server: OVERLAP + 1,
        ..in_time
    };
    breaks(&slow, Property::HonestIsNotRefused);
    let separate = World {
        fault: Some(Fault::LoserEnds),
        server: OVERLAP + 1,
        ..World::honest(Stores::Separate)
    };
    breaks(&separate, Property::HonestIsNotRefused);
}
