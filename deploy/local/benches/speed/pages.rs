//! The pages that are asked for, each with the statement that one would write by hand for it.

use proto::requests::v1::{
    ListPartnerRequestsRequest, ListPartnerRequestsResponse, PartnerRequestFilter,
    PartnerRequestStatus, partner_requests_service_client::PartnerRequestsServiceClient,
};
use serde_json::Value;
use sqlx::PgConnection;
use testing::auth::with_token;
use tonic::transport::Channel;

use crate::by_hand::{self, SIZE};

const LARGEST: i32 = 100;
/// The most searches in flight. Two processors answer about a thousand a second, so with hundreds
/// in flight one would measure only how they wait.
const SEARCHES: usize = 32;

/// A page, what it must hold, and how to get it by hand.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) name: String,
    pub(crate) request: ListPartnerRequestsRequest,
    /// The caller's access token.
    pub(crate) token: String,
    pub(crate) by_hand: String,
    /// How many calls may be in flight.
    pub(crate) in_flight: usize,
    /// Ids and numbers.
    requests: Vec<(i32, String)>,
    is_last: bool,
}

/// Who asks: the partner with the most requests, or staff.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller<'a> {
    pub(crate) name: &'a str,
    pub(crate) token: &'a str,
    /// What the caller sees, as a condition.
    pub(crate) sees: &'a str,
}

/// Gets pages ready.
pub(crate) struct Pages<'a> {
    pub(crate) channel: Channel,
    pub(crate) connection: &'a mut PgConnection,
}

impl Pages<'_> {
    /// The first page.
    pub(crate) async fn first(&mut self, caller: Caller<'_>) -> Page {
        let filter = PartnerRequestFilter::default();
        self.filtered(caller, "the first page", filter, "true")
            .await
    }

    /// The first page of those that have a status.
    pub(crate) async fn of_status(&mut self, caller: Caller<'_>) -> Page {
        let filter = PartnerRequestFilter {
            statuses: vec![PartnerRequestStatus::Assigned.into()],
            ..PartnerRequestFilter::default()
        };
        self.filtered(caller, "of one status", filter, "status = 'assigned'")
            .await
    }

    /// The first page of those whose customer has a name.
    pub(crate) async fn of_name(&mut self, caller: Caller<'_>, name: &str) -> Page {
        let filter = PartnerRequestFilter {
            text: name.to_owned(),
            ..PartnerRequestFilter::default()
        };
        let name = name.to_lowercase();
        let matches = format!(
            "(lower(request_number) LIKE '{name}%' OR lower(customer_name) LIKE '%{name}%')"
        );
        let what = format!("that a search finds, at most {SEARCHES} in flight");
        let page = self.filtered(caller, &what, filter, &matches).await;
        Page {
            in_flight: SEARCHES,
            ..page
        }
    }

    async fn filtered(
        &mut self,
        caller: Caller<'_>,
        what: &str,
        filter: PartnerRequestFilter,
        condition: &str,
    ) -> Page {
        let request = ListPartnerRequestsRequest {
            filter: Some(filter),
            ..ListPartnerRequestsRequest::default()
        };
        let condition = format!("{} AND {condition}", caller.sees);
        self.page(caller, what, request, &condition, false).await
    }

    /// The last page, which is a full one. All pages before it are walked through.
    pub(crate) async fn last(&mut self, caller: Caller<'_>) -> Page {
        let mut request = ListPartnerRequestsRequest {
            page_size: 1,
            include_total_size: true,
            ..ListPartnerRequestsRequest::default()
        };
        let first = self.send(caller, &request).await;
        let total = first.total_size.expect("it was asked for");
        let size = i64::try_from(SIZE).expect("a small number");
        let mut before = total - size - 1;
        let mut last = (first.next_page_token, first.partner_requests);
        request.include_total_size = false;
        while before > 0 {
            request.page_size = LARGEST.min(i32::try_from(before).unwrap_or(LARGEST));
            before -= i64::from(request.page_size);
            request.page_token = last.0;
            let page = self.send(caller, &request).await;
            last = (page.next_page_token, page.partner_requests);
        }
        let id = last.1.last().expect("a request").request_id;
        let request = ListPartnerRequestsRequest {
            page_token: last.0,
            ..ListPartnerRequestsRequest::default()
        };
        let after = by_hand::after(self.connection, id).await;
        let condition = format!("{} AND {after}", caller.sees);
        self.page(caller, "the last page", request, &condition, true)
            .await
    }

    async fn page(
        &mut self,
        caller: Caller<'_>,
        what: &str,
        request: ListPartnerRequestsRequest,
        condition: &str,
        is_last: bool,
    ) -> Page {
        let by_hand = by_hand::select(condition);
        let mut requests = by_hand::requests(self.connection, &by_hand).await;
        assert!(
            requests.len() >= SIZE,
            "{} has too few requests",
            caller.name
        );
        requests.truncate(SIZE);
        let page = Page {
            name: format!("list, {}: {what}", caller.name),
            request,
            token: caller.token.to_owned(),
            by_hand,
            in_flight: usize::MAX,
            requests,
            is_last,
        };
        page.check(&self.send(caller, &page.request).await);
        page
    }

    async fn send(
        &self,
        caller: Caller<'_>,
        request: &ListPartnerRequestsRequest,
    ) -> ListPartnerRequestsResponse {
        let request = with_token(request.clone(), caller.token);
        let mut client = PartnerRequestsServiceClient::new(self.channel.clone());
        let answer = client.list_partner_requests(request).await;
        answer.expect("a page").into_inner()
    }
}

impl Page {
    /// Fails unless the page is the one that the statement by hand gives.
    pub(crate) fn check(&self, page: &ListPartnerRequestsResponse) {
        let listed = page.partner_requests.iter();
        let listed = listed.map(|request| (request.request_id, request.number.as_str()));
        assert!(listed.eq(self.expected()), "{}: {page:?}", self.name);
        assert_eq!(
            page.next_page_token.is_empty(),
            self.is_last,
            "{}",
            self.name
        );
    }

    /// Fails unless the page in JSON is the same one.
    pub(crate) fn check_json(&self, page: &Value) {
        let listed = page["partnerRequests"].as_array().into_iter().flatten();
        let listed = listed.map(|request| {
            let id = i32::try_from(request["requestId"].as_i64()?).ok()?;
            Some((id, request["number"].as_str()?))
        });
        assert!(
            listed.eq(self.expected().map(Some)),
            "{}: {page}",
            self.name
        );
    }

    fn expected(&self) -> impl Iterator<Item = (i32, &str)> {
        let expected = self.requests.iter();
        expected.map(|(id, number)| (*id, number.as_str()))
    }
}
