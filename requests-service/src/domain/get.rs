//! One request, if it exists for the caller, with all that its page shows.

use super::{Error, PartnerRequests, life_cycle, timeline, visibility};
use crate::model::{Detail, Key, Read, Status};
use contract::{principal::Principal, time::Timestamp};
use std::time::Duration;

impl PartnerRequests {
    /// Gets one request. Another partner's does not exist for the caller.
    pub async fn get(&self, caller: &Principal, key: &Key) -> Result<Detail, Error> {
        let visibility = visibility::of(caller)?;
        let Some(read) = self.store.get(visibility, key).await? else {
            self.check_partner_state(visibility).await?;
            return Err(Error::NotFound);
        };
        let id = read.request.id;
        let entries = self.store.timeline(id).await?;
        // after the entries, so that each finds the assignment that it followed
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
