//! What an operator sees from outside: a real Prometheus that scrapes, the alerts,
//! and a collector's stand-in that takes the spans.

mod alerts;
mod scraped;
mod traced;
