//! `ticketing.requests.v1.PartnersService`.

use proto::requests::v1::{
    ListPartnersRequest, ListPartnersResponse, partners_service_server::PartnersService,
};
use tonic::{Request, Response, Status};

/// Serves partners, behind the session layer.
#[derive(Clone, Debug)]
pub struct PartnersHandlers;

#[tonic::async_trait]
impl PartnersService for PartnersHandlers {
    async fn list_partners(
        &self,
        _: Request<ListPartnersRequest>,
    ) -> Result<Response<ListPartnersResponse>, Status> {
        Err(Status::unimplemented("ListPartners"))
    }
}
