//! How long tests wait for what is to happen.

use contract::deadline::Limits;
use database::PoolLimits;
use std::time::Duration;

/// Longer than a loaded machine takes for anything: no test that asks for an answer
/// comes to the end of it.
pub const PATIENCE: Duration = Duration::from_mins(2);

/// Limits on a pool that nothing comes near. Who asks what becomes of a call at the
/// limits of production names these.
#[must_use]
pub fn patient_limits() -> PoolLimits {
    PoolLimits {
        acquire_timeout: PATIENCE,
        statement_timeout: PATIENCE,
        lock_timeout: PATIENCE,
        idle_in_transaction_timeout: PATIENCE,
        ask_after: PATIENCE,
        ..PoolLimits::default()
    }
}

/// Gives a service's calls, and their statements, more time than a loaded machine takes.
pub fn be_patient(pool: &mut PoolLimits, calls: &mut Limits) {
    *pool = PoolLimits {
        connections: pool.connections,
        ..patient_limits()
    };
    *calls = Limits {
        call: PATIENCE,
        validation: PATIENCE,
    };
}
