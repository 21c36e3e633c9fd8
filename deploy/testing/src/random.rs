//! Random choices that can be repeated.

/// The seed is printed. TICKETING_SEED repeats it, except for the effects of time.
#[must_use]
pub fn random() -> fastrand::Rng {
    let seed = std::env::var("TICKETING_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| fastrand::u64(..));
    println!("TICKETING_SEED={seed}");
    fastrand::Rng::with_seed(seed)
}
