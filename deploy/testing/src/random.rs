//! Random choices of a test that can be made again.

/// The seed is printed, and TICKETING_SEED repeats it, as far as time does.
#[must_use]
pub fn random() -> fastrand::Rng {
    let seed = std::env::var("TICKETING_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| fastrand::u64(..));
    println!("TICKETING_SEED={seed}");
    fastrand::Rng::with_seed(seed)
}
