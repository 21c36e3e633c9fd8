//! How long the services take from their start until they say that they serve.

use crate::deployment::Deployment;
use std::time::Duration;

const STARTS: usize = 5;

pub(crate) async fn measure(deployment: &Deployment) {
    let (mut auth, mut requests) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let started = deployment.auth(&[]).await;
        requests.push(deployment.requests(&started, &[]).await.ready_after);
        auth.push(started.ready_after);
    }
    println!("from start to ready, the median of {STARTS}:");
    for (name, mut times) in [("auth-service", auth), ("requests-service", requests)] {
        times.sort_unstable();
        println!("  {name}: {:.0} ms", milliseconds(times[STARTS / 2]));
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}
