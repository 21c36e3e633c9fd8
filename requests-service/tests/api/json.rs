//! JSON by Connect: a filter that cannot be read is refused, and lists nothing.

use serde_json::Value;
use testing::{
    Kind,
    curl::{Answer, post},
    pair::{PARTNER_USER, Pair},
};

const LIST: &str = "/ticketing.requests.v1.PartnerRequestsService/ListPartnerRequests";

async fn list(pair: &Pair, body: &str) -> Answer {
    let token = pair.log_in(PARTNER_USER).await;
    let bearer = format!("authorization: Bearer {token}");
    let url = format!("http://{}{LIST}", pair.public);
    post(url, body, &["--header", &bearer]).await
}

fn ids(answer: &Answer) -> Vec<Value> {
    let requests = answer.json()["partnerRequests"].as_array().cloned();
    let requests = requests.unwrap_or_default().into_iter();
    requests
        .map(|request| request["requestId"].clone())
        .collect()
}

testing::on_both_databases! {
    async fn requests_are_listed_by_json(kind: Kind) {
        let pair = Pair::start(kind).await;
        for body in ["{}", r#"{"filter":{}}"#, r#"{"filter":null,"pageSize":"5"}"#, r#"{"page_size":5}"#] {
            let answer = list(&pair, body).await;
            assert_eq!((answer.status, ids(&answer)), (200, vec![1.into()]), "{body}");
        }
        let none = list(&pair, r#"{"filter":{"statuses":["PARTNER_REQUEST_STATUS_CLOSED"]}}"#).await;
        assert_eq!((none.status, ids(&none)), (200, vec![]));
    }

    async fn a_filter_that_cannot_be_read_lists_nothing(kind: Kind) {
        let pair = Pair::start(kind).await;
        for (body, field) in [
            (r#"{"filter":{"statuses":["CLOSED"]}}"#, "filter.statuses[0]"),
            (r#"{"filter":{"statuses":[99]}}"#, "filter.statuses[0]"),
            (r#"{"filter":{"statuses":["PARTNER_REQUEST_STATUS_CLOSED",null]}}"#, "filter.statuses[1]"),
            (r#"{"filter":{"status":"PARTNER_REQUEST_STATUS_CLOSED"}}"#, "filter.status"),
            (r#"{"filters":{}}"#, "filters"),
            (r#"{"filter":{"submitTime":{"startTime":"2026-13-01T00:00:00Z"}}}"#, "filter.submit_time.start_time"),
            (r#"{"filter":{"categoryIds":[2147483648]}}"#, "filter.category_ids[0]"),
        ] {
            let answer = list(&pair, body).await;
            assert_eq!((answer.status, answer.fields()), (400, vec![field.to_owned()]), "{body}: {answer:?}");
        }
    }
}
