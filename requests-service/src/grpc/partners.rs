//! `ticketing.requests.v1.PartnersService`.

use super::{parse, render};
use crate::domain::Partners;
use contract::principal::principal;
use proto::requests::v1::{
    ListPartnersRequest, ListPartnersResponse, partners_service_server::PartnersService,
};
use tonic::{Request, Response, Status};

/// Serves partners, behind the session layer.
#[derive(Clone, Debug)]
pub struct PartnersHandlers {
    domain: Partners,
}

impl PartnersHandlers {
    /// Serves these partners.
    #[must_use]
    pub fn new(domain: Partners) -> Self {
        Self { domain }
    }
}

#[tonic::async_trait]
impl PartnersService for PartnersHandlers {
    async fn list_partners(
        &self,
        request: Request<ListPartnersRequest>,
    ) -> Result<Response<ListPartnersResponse>, Status> {
        let caller = principal(&request)?;
        let (query, tokens) = parse::partners(request.get_ref())?;
        let page = self.domain.list(caller, &query).await?;
        Ok(Response::new(render::partners(page, tokens)))
    }
}
