use super::*;
use crate::serve::connect::methods;
use fastrand::Rng;
use proptest::prelude::*;
use prost::Message as _;
use prost_reflect::{DescriptorPool, FieldDescriptor, MapKey, Value as Field};

fn types() -> DescriptorPool {
    methods::types().unwrap().clone()
}

fn message(name: &str) -> MessageDescriptor {
    types().get_message_by_name(name).unwrap()
}

fn path_of_fault(json: &str, name: &str) -> String {
    read(json.as_bytes(), &message(name)).unwrap_err().field
}

#[test]
fn a_fault_is_told_by_the_path_of_its_field_in_the_proto() {
    let list = "ticketing.requests.v1.ListPartnerRequestsRequest";
    for (json, path) in [
        (r#"{"pageSize":"x"}"#, "page_size"),
        (r#"{"filter":{"statuses":["NONE"]}}"#, "filter.statuses[0]"),
        (
            r#"{"filter":{"statuses":["PARTNER_REQUEST_STATUS_CONFIRMED",null]}}"#,
            "filter.statuses[1]",
        ),
        (r#"{"filter":{"statuses":"x"}}"#, "filter.statuses"),
        (r#"{"filter":{"status":[]}}"#, "filter.status"),
        (
            r#"{"filter":{"submitTime":{"startTime":"x"}}}"#,
            "filter.submit_time.start_time",
        ),
        (
            r#"{"filter":{"submitTime":{"begin":"x"}}}"#,
            "filter.submit_time.begin",
        ),
        (r#"{"filter":[]}"#, "filter"),
        (r#"{"nothing":{"deeper":1}}"#, "nothing"),
        (r#"{"filter":{},"filter":{}}"#, ""),
        (r#"{"filter":{"#, "filter"),
        ("", ""),
    ] {
        assert_eq!(path_of_fault(json, list), path, "{json}");
    }
}

#[test]
fn what_is_told_of_a_fault_is_short() {
    let long = "x".repeat(60_000);
    for json in [
        format!(r#"{{"pageSize":"{long}"}}"#),
        format!(r#"{{"{long}":1}}"#),
        format!(r#"{{"filter":{{"statuses":["{long}"]}}}}"#),
    ] {
        let list = message("ticketing.requests.v1.ListPartnerRequestsRequest");
        let fault = read(json.as_bytes(), &list).unwrap_err();
        let told = fault.field.len() + fault.problem.len();
        assert!(told <= 2 * MAX_PROBLEM, "{told}");
    }
}

#[test]
fn a_field_comes_once_by_whichever_name_wherever_it_stands() {
    let list = message("ticketing.requests.v1.ListPartnerRequestsRequest");
    for twice in [
        r#"{"pageToken":"a","pageToken":"b"}"#,
        r#"{"pageToken":"a","page\u0054oken":"b"}"#,
        r#"{"pageToken":"a","page_token":"b"}"#,
        r#"{"filter":{"submitTime":{},"submit_time":{}}}"#,
        r#"{"filter":{"submitTime":{"startTime":null,"start_time":null}}}"#,
    ] {
        let fault = read(twice.as_bytes(), &list).unwrap_err();
        assert!(fault.problem.contains("twice"), "{twice}: {fault:?}");
    }
    // the keys of a map are not names of fields
    let info = message("google.rpc.ErrorInfo");
    let map = r#"{"metadata":{"page_token":"a","pageToken":"b"}}"#;
    read(map.as_bytes(), &info).unwrap();
}

/// A message of this type with some of its fields set.
fn some_message(of: &MessageDescriptor, depth: u32, random: &mut Rng) -> DynamicMessage {
    let mut message = DynamicMessage::new(of.clone());
    let mut set = |name: &str, value| message.set_field_by_name(name, value);
    match of.full_name() {
        "google.protobuf.Timestamp" => {
            let seconds = random.i64(-62_135_596_800..=253_402_300_799);
            set("seconds", Field::I64(seconds));
            set("nanos", Field::I32(random.i32(0..1_000_000_000)));
        }
        "google.protobuf.Duration" => {
            set("seconds", Field::I64(random.i64(0..=315_576_000_000)));
            set("nanos", Field::I32(random.i32(0..1_000_000_000)));
        }
        _ => {
            let fields = of.fields().filter(|_| depth > 0);
            for field in fields.filter(|_| random.u8(..) < 150).collect::<Vec<_>>() {
                let value = some_value(&field, depth - 1, random);
                message.set_field(&field, value);
            }
        }
    }
    // encoded and decoded once, because zero in a field without presence is not encoded
    DynamicMessage::decode(of.clone(), message.encode_to_vec().as_slice()).unwrap()
}

fn some_value(field: &FieldDescriptor, depth: u32, random: &mut Rng) -> Field {
    if field.is_map() {
        let text = |random: &mut Rng| some_text(random);
        let entries = (0..random.usize(0..3)).map(|_| {
            let key = MapKey::String(text(random));
            (key, Field::String(text(random)))
        });
        return Field::Map(entries.collect());
    }
    if field.is_list() {
        let items = (0..random.usize(0..3)).map(|_| one(field, depth, random));
        return Field::List(items.collect());
    }
    one(field, depth, random)
}

fn one(field: &FieldDescriptor, depth: u32, random: &mut Rng) -> Field {
    match field.kind() {
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => Field::I32(random.i32(..)),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => Field::I64(random.i64(..)),
        Kind::Uint32 | Kind::Fixed32 => Field::U32(random.u32(..)),
        Kind::Uint64 | Kind::Fixed64 => Field::U64(random.u64(..)),
        Kind::Bool => Field::Bool(random.bool()),
        Kind::String => Field::String(some_text(random)),
        Kind::Bytes => Field::Bytes(some_text(random).into()),
        // includes a value that only a newer contract has
        Kind::Enum(_) => Field::EnumNumber(random.i32(-1..40)),
        Kind::Message(of) => Field::Message(some_message(&of, depth, random)),
        Kind::Double => Field::F64(f64::from(random.i32(..)) / 8.0),
        Kind::Float => Field::F32(f32::from(random.i16(..)) / 8.0),
    }
}

fn some_text(random: &mut Rng) -> String {
    let length = random.usize(0..8);
    (0..length).map(|_| random.char(..)).collect()
}

#[test]
fn every_message_of_the_contract_is_the_same_after_it_was_json() {
    // a status holds messages of any type, which are written where they are read
    let messages: Vec<_> = types()
        .all_messages()
        .filter(|message| !message.is_map_entry())
        .filter(|message| {
            let name = message.full_name();
            name.starts_with("ticketing.") || name.starts_with("google.rpc.")
        })
        .filter(|message| message.full_name() != "google.rpc.Status")
        .collect();
    assert!(messages.len() > 50, "{}", messages.len());
    let each = testing::fuzz::inputs().cases / 50;
    for message in messages {
        for seed in 0..u64::from(each) {
            let original = some_message(&message, 4, &mut Rng::with_seed(seed));
            let json = write(original.encode_to_vec().into(), &message).unwrap();
            let again = read(&json, &message);
            let again = again.unwrap_or_else(|fault| panic!("{fault:?} in {json:?}"));
            assert_eq!(again, original, "{} {seed}", message.full_name());
            let json_again = write(again.encode_to_vec().into(), &message).unwrap();
            let value = |json: &[u8]| serde_json::from_slice::<Value>(json).unwrap();
            assert_eq!(value(&json_again), value(&json), "{}", message.full_name());
        }
    }
}

/// If a damaged request can be read at all, writing and reading the result does not change it.
#[test]
fn spoilt_json_is_refused_or_is_a_message() {
    let list = message("ticketing.requests.v1.ListPartnerRequestsRequest");
    let good: Vec<_> = (0..64)
        .map(|seed| {
            let message = some_message(&list, 4, &mut Rng::with_seed(seed));
            serde_json::to_string(&message).unwrap()
        })
        .collect();
    let inputs = (prop::sample::select(good), testing::fuzz::changes());
    proptest!(testing::fuzz::inputs(), |((json, changes) in inputs)| {
        let spoilt = testing::fuzz::changed(&json, &changes);
        if let Ok(message) = read(spoilt.as_bytes(), &list) {
            let json = write(message.encode_to_vec().into(), &list).unwrap();
            let again = read(&json, &list).unwrap();
            prop_assert_eq!(again.encode_to_vec(), message.encode_to_vec());
        }
    });
}
