//! `ticketing.requests.v1.PartnerRequestsService`. Each method reads the request, calls the domain,
//! and writes the response.

use super::{parse, render};
use crate::domain::PartnerRequests;
use contract::principal::principal;
use proto::requests::v1::{
    AssignPartnerRequestRequest, AssignPartnerRequestResponse, ClosePartnerRequestRequest,
    ClosePartnerRequestResponse, CountPartnerRequestsRequest, CountPartnerRequestsResponse,
    GetPartnerRequestRequest, GetPartnerRequestResponse, ListPartnerRequestsRequest,
    ListPartnerRequestsResponse, UpdatePartnerRequestStatusRequest,
    UpdatePartnerRequestStatusResponse, partner_requests_service_server::PartnerRequestsService,
};
use tonic::{Request, Response, Status};

/// Serves partner requests, behind the session layer.
#[derive(Clone, Debug)]
pub struct PartnerRequestsHandlers {
    domain: PartnerRequests,
}

impl PartnerRequestsHandlers {
    /// Serves these requests.
    #[must_use]
    pub fn new(domain: PartnerRequests) -> Self {
        Self { domain }
    }
}

#[tonic::async_trait]
impl PartnerRequestsService for PartnerRequestsHandlers {
    async fn list_partner_requests(
        &self,
        request: Request<ListPartnerRequestsRequest>,
    ) -> Result<Response<ListPartnerRequestsResponse>, Status> {
        let caller = principal(&request)?;
        let (query, tokens) = parse::list(request.get_ref())?;
        let page = self.domain.list(caller, &query).await?;
        Ok(Response::new(render::page(page, tokens)))
    }

    async fn get_partner_request(
        &self,
        request: Request<GetPartnerRequestRequest>,
    ) -> Result<Response<GetPartnerRequestResponse>, Status> {
        let caller = principal(&request)?;
        let key = parse::key(request.get_ref())?;
        let found = self.domain.get(caller, &key).await?;
        Ok(Response::new(render::detail(found)))
    }

    async fn count_partner_requests(
        &self,
        request: Request<CountPartnerRequestsRequest>,
    ) -> Result<Response<CountPartnerRequestsResponse>, Status> {
        let caller = principal(&request)?;
        let query = parse::count(request.get_ref())?;
        let counts = self.domain.count(caller, &query).await?;
        Ok(Response::new(render::counts(&counts)))
    }

    async fn update_partner_request_status(
        &self,
        request: Request<UpdatePartnerRequestStatusRequest>,
    ) -> Result<Response<UpdatePartnerRequestStatusResponse>, Status> {
        let caller = principal(&request)?;
        let command = parse::update(request.get_ref())?;
        let answer = self.domain.change(caller, &command, render::answer).await?;
        render::response(&answer)
    }

    async fn assign_partner_request(
        &self,
        request: Request<AssignPartnerRequestRequest>,
    ) -> Result<Response<AssignPartnerRequestResponse>, Status> {
        let caller = principal(&request)?;
        let command = parse::assign(request.get_ref())?;
        let answer = self.domain.change(caller, &command, render::answer).await?;
        render::response(&answer)
    }

    async fn close_partner_request(
        &self,
        request: Request<ClosePartnerRequestRequest>,
    ) -> Result<Response<ClosePartnerRequestResponse>, Status> {
        let caller = principal(&request)?;
        let command = parse::close(request.get_ref())?;
        let answer = self.domain.change(caller, &command, render::answer).await?;
        render::response(&answer)
    }
}
