//! Searches in letters and digits that people write in several ways. Each row is stored
//! in one way and found in all of them.

use crate::support::{ADMIN, MANAGER, PartnerRow, Row, Service, start_without_partners};
use proto::requests::v1::{
    ListPartnerRequestsRequest, ListPartnersRequest, PartnerFilter, PartnerRequestFilter,
};
use testing::{Kind, TestDatabase, refusals::fields};

/// Digits of some scripts from zero to nine; SQLite has the first three.
const DIGITS: [&str; 7] = [
    "٠١٢٣٤٥٦٧٨٩",
    "۰۱۲۳۴۵۶۷۸۹",
    "０１２３４５６７８９",
    "०१२३४५६७८९",
    "০১২৩৪৫৬৭৮৯",
    "๐๑๒๓๔๕๖๗๘๙",
    "𞥐𞥑𞥒𞥓𞥔𞥕𞥖𞥗𞥘𞥙",
];

fn digits(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Postgres => &DIGITS,
        Kind::Sqlite => &DIGITS[..3],
    }
}

/// Characters, and what each is the same as.
fn pairs(kind: Kind) -> Vec<(char, String)> {
    let letters = [
        ('أ', 'ا'),
        ('إ', 'ا'),
        ('آ', 'ا'),
        ('ٱ', 'ا'),
        ('ى', 'ي'),
        ('ة', 'ه'),
    ];
    let letters = letters.map(|(one, other)| (one, other.to_string()));
    let marks = ['\u{640}', '\u{670}']
        .into_iter()
        .chain('\u{64b}'..='\u{655}');
    let unseen = "\u{ad}\u{61c}\u{180e}\u{200b}\u{200c}\u{200d}\u{200e}\u{200f}\u{202a}\u{202e}\
                  \u{2060}\u{2066}\u{2069}\u{feff}\u{34f}\u{3164}\u{fe0f}\u{fffb}";
    let beyond = match kind {
        Kind::Postgres => "\u{e0001}\u{e0061}\u{e0100}\u{1d173}",
        Kind::Sqlite => "",
    };
    let ignored = marks.chain(unseen.chars()).chain(beyond.chars());
    let digits = digits(kind)
        .iter()
        .flat_map(|row| row.chars().zip('0'..='9'));
    letters
        .into_iter()
        .chain(ignored.map(|letter| (letter, String::new())))
        .chain(digits.map(|(digit, ascii)| (digit, ascii.to_string())))
        .collect()
}

fn name(name: &str) -> PartnerRequestFilter {
    PartnerRequestFilter {
        customer_name: name.to_owned(),
        ..PartnerRequestFilter::default()
    }
}

fn text(text: &str) -> PartnerRequestFilter {
    PartnerRequestFilter {
        text: text.to_owned(),
        ..PartnerRequestFilter::default()
    }
}

fn phone(phone: &str) -> PartnerRequestFilter {
    PartnerRequestFilter {
        customer_phone: phone.to_owned(),
        ..PartnerRequestFilter::default()
    }
}

fn named(id: i32, name: &str) -> Row {
    Row {
        customer_name: name.to_owned(),
        customer_phone: format!("+20 {id}"),
        ..Row::new(id, Some(1))
    }
}

async fn ids(service: &Service, filter: PartnerRequestFilter) -> Vec<i32> {
    let request = ListPartnerRequestsRequest {
        filter: Some(filter),
        ..ListPartnerRequestsRequest::default()
    };
    service.list_ids(ADMIN, request).await
}

testing::on_both_databases! {
    async fn texts_that_read_alike_are_found_alike(kind: Kind) {
        let service = Service::start(kind).await;
        let pairs = pairs(kind);
        let mut rows = Vec::new();
        for (id, (one, other)) in (1..).step_by(2).zip(&pairs) {
            rows.push(named(id, &format!("no {id} x{one}y أحمد")));
            rows.push(named(id + 1, &format!("no {id} x{other}y")));
        }
        service.insert(&rows).await;
        for (id, (one, other)) in (1_i32..).step_by(2).zip(&pairs) {
            for requested in [format!("No {id} X{one}Y"), format!("no {id} x{other}y")] {
                for filter in [name(&requested), text(&requested)] {
                    let shown = one.escape_unicode();
                    assert_eq!(ids(&service, filter).await, [id + 1, id], "{shown}");
                }
            }
        }
    }

    async fn arabic_names_are_found_however_they_are_written(kind: Kind) {
        let service = Service::start(kind).await;
        let names = ["أحمد علي", "احمد على", "مُصْطَفَىٰ", "فاطمـــة", "إسراء", "آية ٱلله", "Mo\u{200b}na", "🐎\u{fe0f} Mona"];
        let rows: Vec<Row> = (1..).zip(names).map(|(id, name)| named(id, name)).collect();
        service.insert(&rows).await;
        for (requested, expected) in [
            ("احمد", vec![2, 1]),
            ("أحمد علي", vec![2, 1]),
            ("إحمد", vec![2, 1]),
            ("\u{200f}أحـمَد\u{200f}", vec![2, 1]),
            ("مصطفي", vec![3]),
            ("مصطفى", vec![3]),
            ("فاطمه", vec![4]),
            ("اسراء", vec![5]),
            ("ايه الله", vec![6]),
            ("mona", vec![8, 7]),
            ("\u{202e}mona", vec![8, 7]),
            ("🐎 mona", vec![8]),
            ("حمدا", vec![]),
        ] {
            assert_eq!(ids(&service, name(requested)).await, expected, "{requested}");
            assert_eq!(ids(&service, text(requested)).await, expected, "{requested}");
        }
    }

    async fn phones_and_numbers_are_found_in_the_digits_of_any_script(kind: Kind) {
        let service = Service::start(kind).await;
        let rows: Vec<Row> = (1..)
            .zip(digits(kind))
            .map(|(id, digits)| {
                let digits: Vec<char> = digits.chars().collect();
                let written = |ascii: String| -> String {
                    ascii
                        .chars()
                        .map(|letter| letter.to_digit(10).map_or(letter, |digit| digits[digit as usize]))
                        .collect()
                };
                Row {
                    number: written(format!("REQ-2025-777{id}")),
                    customer_phone: written(format!("\u{202a}+20 (12) 34-5{id}\u{200e}6.789\u{202c}")),
                    ..named(id, "Mona")
                }
            })
            .collect();
        service.insert(&rows).await;
        for row in &rows {
            let id = row.id;
            let requested = format!("2012345{id}6789");
            for filter in [phone(&requested), text(&requested), phone(&row.customer_phone), text(&row.customer_phone)] {
                assert_eq!(ids(&service, filter).await, [id], "{row:?}");
            }
            for requested in [format!("req-2025-777{id}"), row.number.clone()] {
                assert_eq!(ids(&service, text(&requested)).await, [id], "{row:?}");
            }
        }
    }

    async fn wildcards_are_letters_beside_folded_ones(kind: Kind) {
        let service = Service::start(kind).await;
        service
            .insert(&[named(1, "أ100٪ %"), named(2, "إ_ة"), named(3, "آاه"), named(4, "ى\\ة")])
            .await;
        for (requested, expected) in [
            ("ا_ه", vec![2]),
            ("ا%ه", vec![]),
            ("ي\\ه", vec![4]),
            ("\\\u{200b}ه", vec![4]),
            ("%", vec![1]),
            ("_", vec![2]),
        ] {
            assert_eq!(ids(&service, name(requested)).await, expected, "{requested}");
            assert_eq!(ids(&service, text(requested)).await, expected, "{requested}");
        }
    }

    async fn a_text_that_a_search_ignores_is_refused(kind: Kind) {
        let service = Service::start(kind).await;
        service.insert(&[named(1, "Mona")]).await;
        for ignored in ["\u{200e}", "ـ", "\u{64e}\u{651}", "\u{feff}\u{202c}"] {
            for (filter, field) in [(name(ignored), "filter.customer_name"), (text(ignored), "filter.text")] {
                let request = ListPartnerRequestsRequest {
                    filter: Some(filter),
                    ..ListPartnerRequestsRequest::default()
                };
                let refusal = service.list(ADMIN, request).await.unwrap_err();
                assert_eq!(fields(&refusal), [field], "{}", ignored.escape_unicode());
            }
        }
    }

    async fn partners_are_found_however_their_names_are_written(kind: Kind) {
        let service = start_without_partners(kind).await;
        let named = |id, name: &str| PartnerRow {
            name: name.to_owned(),
            ..PartnerRow::new(id)
        };
        service
            .insert_partners(&[named(1, "شركة أحمد ٢٤"), named(2, "Swift\u{200e} 24")])
            .await;
        for (requested, expected) in [
            ("شركه احمد 24", vec![1]),
            ("شَركة إحمد", vec![1]),
            ("٢٤", vec![2, 1]),
            ("SWIFT 24", vec![2]),
        ] {
            let filter = PartnerFilter {
                name: requested.to_owned(),
                ..PartnerFilter::default()
            };
            let request = ListPartnersRequest {
                filter: Some(filter),
                ..ListPartnersRequest::default()
            };
            assert_eq!(service.partner_ids(request).await, expected, "{requested}");
        }
        let filter = PartnerFilter {
            name: "\u{200e}".to_owned(),
            ..PartnerFilter::default()
        };
        let request = ListPartnersRequest {
            filter: Some(filter),
            ..ListPartnersRequest::default()
        };
        let refusal = service.list_partners(MANAGER, request).await.unwrap_err();
        assert_eq!(fields(&refusal), ["filter.name"]);
    }
}

/// Where the database takes letters for bytes, it would fold parts of them.
#[tokio::test]
async fn a_database_in_sql_ascii_finds_texts_as_they_are_stored() {
    let database = TestDatabase::migrated(Kind::Postgres).await;
    database
        .execute(
            "UPDATE pg_database SET encoding = pg_char_to_encoding('SQL_ASCII') WHERE datname = current_database()",
        )
        .await;
    let service = Service::on(database).await;
    service.build_world().await;
    assert_eq!(
        service
            .lines("SELECT current_setting('server_encoding') AS line")
            .await,
        ["SQL_ASCII"]
    );
    service
        .insert(&[named(1, "أحمد"), named(2, "احمد"), named(3, "Mona ٣")])
        .await;
    for (requested, expected) in [
        ("أحمد", vec![1]),
        ("احمد", vec![2]),
        ("حمد", vec![2, 1]),
        ("mona ٣", vec![3]),
        ("mona 3", vec![]),
    ] {
        assert_eq!(
            ids(&service, name(requested)).await,
            expected,
            "{requested}"
        );
        assert_eq!(
            ids(&service, text(requested)).await,
            expected,
            "{requested}"
        );
    }
}
