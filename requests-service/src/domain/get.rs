//! Returns one request that the caller may see, with its timeline and permitted changes.

use super::{Error, PartnerRequests, life_cycle, timeline, visibility};
use crate::model::{Detail, Key, Read, Status};
use contract::{principal::Principal, time::Timestamp};
use std::time::Duration;

impl PartnerRequests {
    /// Returns one request. A request of another partner is not found.
    pub async fn get(&self, caller: &Principal, key: &Key) -> Result<Detail, Error> {
        let visibility = visibility::of(caller)?;
        let Some(read) = self.store.get(visibility, key).await? else {
            self.check_partner_state(visibility).await?;
            return Err(Error::NotFound);
        };
        let id = read.request.id;
        let entries = self.store.timeline(id).await?;
        // read after the entries, so that the assignment of each entry is found
        let assignments = self.store.assignments(id).await?;
        Ok(Detail {
            timeline: timeline::shown_to(visibility, entries, &assignments),
            time_left: time_left(&read),
            permitted: life_cycle::permitted(caller, visibility, &read),
            branch_contact: read.branch_contact,
            request: read.request,
        })
    }
}

fn time_left(read: &Read) -> Option<Duration> {
    let deadline = read.request.sla_deadline?;
    let counts = read.request.status == Some(Status::Assigned);
    (counts && deadline != Timestamp::INFINITY).then(|| deadline.to_portable().since(read.now))
}
