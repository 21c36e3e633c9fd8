//! Parsers for clap that check bounds.

use std::{fmt::Display, ops::RangeInclusive, str::FromStr, time::Duration};

/// Takes a whole number within bounds.
pub fn within<T>(
    bounds: RangeInclusive<T>,
) -> impl Fn(&str) -> Result<T, String> + Clone + Send + Sync + 'static
where
    T: Clone + FromStr + PartialOrd + Display + Send + Sync + 'static,
{
    move |text| {
        let number = text.parse().ok().filter(|number| bounds.contains(number));
        let (least, most) = (bounds.start(), bounds.end());
        number.ok_or_else(|| format!("must be a whole number from {least} to {most}"))
    }
}

/// Takes a whole number of seconds within bounds.
pub fn seconds(
    bounds: RangeInclusive<u64>,
) -> impl Fn(&str) -> Result<Duration, String> + Clone + Send + Sync + 'static {
    let within = within(bounds);
    move |text| within(text).map(Duration::from_secs)
}

/// Takes any text except an empty one.
pub fn not_empty(text: &str) -> Result<String, &'static str> {
    if text.is_empty() {
        return Err("is required");
    }
    Ok(text.to_owned())
}
