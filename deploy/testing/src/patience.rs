//! How long tests wait.

use contract::deadline::Limits;
use database::PoolLimits;
use std::time::Duration;

/// More time than a loaded machine takes for anything. A test that waits for an answer never
/// reaches it.
pub const PATIENCE: Duration = Duration::from_mins(2);

/// Limits of a pool that no test reaches. Tests of the limits of production set their own.
#[must_use]
pub fn patient_limits() -> PoolLimits {
    PoolLimits {
        acquire_timeout: PATIENCE,
        statement_timeout: PATIENCE,
        lock_timeout: PATIENCE,
        idle_in_transaction_timeout: PATIENCE,
        check_after: PATIENCE,
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
