//! Changes a request in one transaction: claims the idempotency key, locks the row, decides,
//! writes, and stores the answer.

use super::{Error, PartnerRequests, handover, life_cycle, visibility};
use crate::{
    model::{Answer, Change, Command, Key, PartnerRequest, Visibility},
    store::{AppliedTransition, Claim, StoreError, Transaction},
};
use contract::{ids::PartnerRequestId, principal::Principal};

/// How many times a change is tried if it loses to another transaction.
const ATTEMPTS: u32 = 3;

impl PartnerRequests {
    /// Makes a change, and returns the answer that `write` makes from the request after the change.
    /// A repeated call gets the answer of the first one, before anything else is checked.
    pub async fn change(
        &self,
        caller: &Principal,
        command: &Command,
        write: fn(PartnerRequest) -> Answer,
    ) -> Result<Answer, Error> {
        for _ in 1..ATTEMPTS {
            match self.try_to_change(caller, command, write).await {
                Err(Error::Unavailable(StoreError::Conflict(error))) => {
                    tracing::debug!(%error, "trying again");
                }
                outcome => return outcome,
            }
        }
        self.try_to_change(caller, command, write).await
    }

    async fn try_to_change(
        &self,
        caller: &Principal,
        command: &Command,
        write: fn(PartnerRequest) -> Answer,
    ) -> Result<Answer, Error> {
        let transaction = self.store.begin().await?;
        if let Some(idempotency) = &command.idempotency {
            match transaction.claim(caller.user_id, idempotency).await? {
                Claim::New => {}
                Claim::Answered(answer) => return Ok(answer),
                Claim::OtherCall => return Err(Error::IdempotencyKeyReused),
            }
        }
        let visibility = visibility::of(caller)?;
        if !made(&transaction, caller, visibility, command).await? {
            drop(transaction);
            self.check_partner_state(visibility).await?;
            return Err(Error::NotFound);
        }
        let answer = write(as_it_is_now(&transaction, command.request).await?);
        if let Some(idempotency) = &command.idempotency {
            transaction
                .keep(caller.user_id, idempotency, &answer)
                .await?;
        }
        transaction.commit().await?;
        Ok(answer)
    }
}

/// Makes the change, unless the caller cannot see the request.
async fn made(
    transaction: &Transaction,
    caller: &Principal,
    visibility: Visibility,
    command: &Command,
) -> Result<bool, Error> {
    let Some(read) = transaction.lock(visibility, command.request).await? else {
        return Ok(false);
    };
    if command
        .etag
        .as_ref()
        .is_some_and(|etag| *etag != read.request.etag)
    {
        return Err(Error::EtagMismatch);
    }
    let transition = life_cycle::allowed(command.change.kind(), &read)?;
    if transition.by != life_cycle::side(visibility) {
        return Err(Error::UserTypeNotAllowed);
    }
    let (handover, notes) = match &command.change {
        Change::Assign { partner, branch } => {
            let handover = handover::to(transaction, *partner, *branch, read.now).await?;
            (Some(handover), None)
        }
        Change::Reject { reason } => (None, Some(reason.as_str())),
        Change::Confirm
        | Change::Start
        | Change::StepBack
        | Change::Complete
        | Change::Reopen
        | Change::Close => (None, None),
    };
    let applied = AppliedTransition {
        transition,
        request: command.request,
        user: caller.user_id,
        partner: match visibility {
            Visibility::Partner(partner) => Some(partner),
            Visibility::AllPartners => None,
        },
        handover,
        notes,
        now: read.now,
    };
    transaction.write(&applied).await?;
    Ok(true)
}

/// The request after the change, whoever it belongs to now.
async fn as_it_is_now(
    transaction: &Transaction,
    request: PartnerRequestId,
) -> Result<PartnerRequest, Error> {
    let read = transaction
        .read(Visibility::AllPartners, &Key::Id(request))
        .await?;
    read.map(|read| read.request).ok_or(Error::NotFound)
}
