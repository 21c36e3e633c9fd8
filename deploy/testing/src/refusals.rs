//! Checks refusals against what the contract says about their reasons.

use contract::errors;
use std::{collections::HashMap, sync::LazyLock};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

const FILES: [&str; 2] = [
    include_str!("../../../proto/ticketing/auth/v1/error_reason.proto"),
    include_str!("../../../proto/ticketing/requests/v1/error_reason.proto"),
];

/// The fields that an `INVALID_ARGUMENT` names.
#[must_use]
#[track_caller]
pub fn fields(refusal: &Status) -> Vec<String> {
    assert_eq!(refusal.code(), Code::InvalidArgument, "{refusal:?}");
    let details = refusal.get_error_details();
    let bad_request = details.bad_request().expect("the fields are named");
    let violations = bad_request.field_violations.iter();
    violations
        .map(|violation| violation.field.clone())
        .collect()
}

/// The content of a reason's comment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Promise {
    /// The code, in capitals; `None`: any.
    code: Option<String>,
    /// Keys of the metadata that come with it.
    metadata: Vec<String>,
    /// Whether it says that there is no `RetryInfo`, although its code usually has one.
    never_again: bool,
}

/// The comments by reason. A reason of both services has the same code in both files.
static PROMISES: LazyLock<HashMap<String, Promise>> =
    LazyLock::new(|| FILES.iter().flat_map(|file| promises(file)).collect());

fn promises(file: &str) -> HashMap<String, Promise> {
    let mut promises = HashMap::new();
    let mut comment = String::new();
    for line in file.lines().map(str::trim) {
        if let Some(words) = line.strip_prefix("//") {
            comment.push_str(words);
        } else {
            let value = line.strip_prefix("ERROR_REASON_");
            if let Some((reason, _)) = value.and_then(|value| value.split_once(" = ")) {
                promises.insert(reason.to_owned(), promise(comment.trim()));
            }
            comment.clear();
        }
    }
    promises
}

fn promise(comment: &str) -> Promise {
    let (code, _) = comment.split_once(':').unwrap_or_default();
    let keys = comment.split("metadata[\"").skip(1);
    let keys = keys.filter_map(|rest| rest.split_once("\"]"));
    Promise {
        code: (code != "Any code").then(|| code.to_owned()),
        metadata: keys.map(|(key, _)| key.to_owned()).collect(),
        never_again: comment.contains("no `google.rpc.RetryInfo`"),
    }
}

/// The name of a code as the contract writes it.
fn name(code: Code) -> String {
    let mut name = String::new();
    for letter in format!("{code:?}").chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    name
}

/// Fails if a refusal does not follow the contract of its reason: the code, the metadata, and when
/// to retry.
#[track_caller]
pub fn assert_kept(status: &Status) {
    let Some(reason) = contract::errors::reason_of(status) else {
        return;
    };
    let promise = PROMISES.get(&reason);
    let promise = promise.unwrap_or_else(|| panic!("the contract has no reason {reason}"));
    if let Some(code) = &promise.code {
        assert_eq!(&name(status.code()), code, "the code of {reason}");
    }
    let details = status.get_error_details();
    let info = details.error_info().expect("it has a reason");
    let mut keys: Vec<_> = info.metadata.keys().collect();
    keys.sort_unstable();
    assert_eq!(
        keys,
        promise.metadata.iter().collect::<Vec<_>>(),
        "the metadata of {reason}"
    );
    let comes_again = matches!(status.code(), Code::Unavailable | Code::ResourceExhausted);
    let is_told_when = details
        .retry_info()
        .is_some_and(|info| info.retry_delay.is_some());
    assert_eq!(
        is_told_when,
        comes_again && !promise.never_again,
        "the retry info of {reason}"
    );
}

/// The reason of a refusal, which is checked against the contract.
#[track_caller]
#[must_use]
pub fn reason(status: &Status) -> String {
    assert_kept(status);
    errors::reason_of(status).unwrap_or_else(|| panic!("no reason in {status:?}"))
}
