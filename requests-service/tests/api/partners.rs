//! ListPartners: pages, totals, filters, what a partner is shown with.

use crate::support::{BranchRow, MANAGER, PartnerRow, seconds, start_without_partners};
use contract::time::Timestamp;
use proto::requests::v1::{ListPartnersRequest, Partner, PartnerFilter, PartnerStatus};
use testing::Kind;

fn everything() -> ListPartnersRequest {
    ListPartnersRequest::default()
}

fn sized(page_size: i32) -> ListPartnersRequest {
    ListPartnersRequest {
        page_size,
        ..everything()
    }
}

fn filtered(filter: PartnerFilter) -> ListPartnersRequest {
    ListPartnersRequest {
        filter: Some(filter),
        ..everything()
    }
}

fn named(name: &str) -> ListPartnersRequest {
    filtered(PartnerFilter {
        name: name.to_owned(),
        ..PartnerFilter::default()
    })
}

testing::on_both_databases! {
    async fn the_default_page_size_of_partners_is_12(kind: Kind) {
        let service = start_without_partners(kind).await;
        let rows: Vec<PartnerRow> = (1..=1_010).map(PartnerRow::new).collect();
        service.insert_partners(&rows).await;
        for (requested, expected) in [
            (0, 12),
            (1, 1),
            (999, 999),
            (1_000, 1_000),
            (1_001, 1_000),
            (i32::MAX, 1_000),
        ] {
            let page = service.list_partners(MANAGER, sized(requested)).await.unwrap();
            assert_eq!(page.partners.len(), expected, "{requested}");
            assert!(!page.next_page_token.is_empty());
        }
        // created, newest first
        let newest: Vec<i32> = (999..=1_010).rev().collect();
        assert_eq!(service.partner_ids(everything()).await, newest);
    }

    async fn a_full_last_page_of_partners_has_no_next(kind: Kind) {
        let service = start_without_partners(kind).await;
        let page = service.list_partners(MANAGER, sized(2)).await.unwrap();
        assert!(page.partners.is_empty() && page.next_page_token.is_empty());
        service.insert_partners(&[PartnerRow::new(1), PartnerRow::new(2)]).await;
        let page = service.list_partners(MANAGER, sized(2)).await.unwrap();
        assert_eq!(page.partners.len(), 2);
        assert_eq!(page.next_page_token, "");
    }

    async fn only_live_partners_are_listed_and_counted(kind: Kind) {
        let service = start_without_partners(kind).await;
        let flags = [Some(true), Some(false), None];
        let rows: Vec<PartnerRow> = (0..9_usize)
            .map(|index| PartnerRow {
                is_active: flags[index / 3],
                is_deleted: flags[index % 3],
                ..PartnerRow::new(i32::try_from(index + 1).unwrap())
            })
            .collect();
        service.insert_partners(&rows).await;
        let counted = ListPartnersRequest {
            include_total_size: true,
            ..everything()
        };
        for token in [MANAGER, "operation/partner_manage"] {
            let page = service.list_partners(token, counted.clone()).await.unwrap();
            // active and not deleted, both said: the second
            assert_eq!(page.partners.len(), 1);
            assert_eq!(page.partners[0].partner_id, 2);
            assert_eq!(page.total_size, Some(1));
        }
    }

    async fn the_total_of_partners_is_counted_only_when_asked_for(kind: Kind) {
        let service = start_without_partners(kind).await;
        let rows: Vec<PartnerRow> = (1..=30).map(PartnerRow::new).collect();
        service.insert_partners(&rows).await;
        let page = service.list_partners(MANAGER, sized(3)).await.unwrap();
        assert_eq!(page.total_size, None);
        // over all pages, on each of them, under the filter
        let counted = ListPartnersRequest {
            include_total_size: true,
            page_size: 3,
            ..named("partner 2")
        };
        let page = service.list_partners(MANAGER, counted.clone()).await.unwrap();
        assert_eq!(page.total_size, Some(11));
        let next = ListPartnersRequest {
            page_token: page.next_page_token,
            ..counted
        };
        let page = service.list_partners(MANAGER, next).await.unwrap();
        assert_eq!(page.total_size, Some(11));
    }

    async fn a_partner_without_a_status_is_active(kind: Kind) {
        let service = start_without_partners(kind).await;
        let statuses = [Some("active"), Some("inactive"), Some("suspended"), None];
        let rows: Vec<PartnerRow> = (1..)
            .zip(statuses)
            .map(|(id, status)| PartnerRow {
                status,
                ..PartnerRow::new(id)
            })
            .collect();
        service.insert_partners(&rows).await;
        let (active, inactive, suspended) = (
            PartnerStatus::Active,
            PartnerStatus::Inactive,
            PartnerStatus::Suspended,
        );
        let page = service.list_partners(MANAGER, everything()).await.unwrap();
        let shown: Vec<PartnerStatus> = page.partners.iter().map(Partner::status).collect();
        assert_eq!(shown, [active, suspended, inactive, active]);
        for (requested, expected) in [
            (vec![], vec![4, 3, 2, 1]),
            (vec![active], vec![4, 1]),
            (vec![inactive], vec![2]),
            (vec![suspended], vec![3]),
            (vec![inactive, suspended, inactive], vec![3, 2]),
            (vec![suspended, active], vec![4, 3, 1]),
        ] {
            let filter = PartnerFilter {
                statuses: requested.iter().map(|status| i32::from(*status)).collect(),
                ..PartnerFilter::default()
            };
            assert_eq!(service.partner_ids(filtered(filter)).await, expected, "{requested:?}");
        }
    }

    async fn a_partner_works_in_a_category_while_both_link_and_category_live(kind: Kind) {
        let service = start_without_partners(kind).await;
        let row = |id, categories: &[i32], left: &[i32]| PartnerRow {
            categories: categories.to_vec(),
            left_categories: left.to_vec(),
            ..PartnerRow::new(id)
        };
        service
            .insert_partners(&[
                row(1, &[1], &[]),
                row(2, &[1, 2], &[]),
                row(3, &[2], &[1]),
                row(4, &[3], &[]),
                row(5, &[], &[]),
            ])
            .await;
        let filter = |category_ids: &[i32]| {
            filtered(PartnerFilter {
                category_ids: category_ids.to_vec(),
                ..PartnerFilter::default()
            })
        };
        assert_eq!(service.partner_ids(filter(&[1])).await, [2, 1]);
        assert_eq!(service.partner_ids(filter(&[1, 2])).await, [3, 2, 1]);
        assert_eq!(service.partner_ids(filter(&[2, 3, 99])).await, [4, 3, 2]);
        assert_eq!(service.partner_ids(filter(&[99])).await, [0; 0]);
        service
            .execute(
                "UPDATE categories SET is_deleted = true WHERE id = 2;
                 UPDATE categories SET is_active = NULL WHERE id = 3;
                 UPDATE partner_categories SET is_active = NULL WHERE partner_id = 1;",
            )
            .await;
        assert_eq!(service.partner_ids(filter(&[1, 2, 3])).await, [2]);
    }

    async fn a_partners_name_is_found_in_any_case_and_literally(kind: Kind) {
        let service = start_without_partners(kind).await;
        let names = ["Alpha Towing", "100% Cool", "under_score", r"back\slash", "سحب السيارات"];
        let rows: Vec<PartnerRow> = (1..)
            .zip(names)
            .map(|(id, name)| PartnerRow {
                name: name.to_owned(),
                ..PartnerRow::new(id)
            })
            .collect();
        service.insert_partners(&rows).await;
        for (requested, expected) in [
            ("aLPHA", vec![1]),
            ("towing", vec![1]),
            ("a t", vec![1]),
            ("%", vec![2]),
            ("0% c", vec![2]),
            ("_", vec![3]),
            (r"\", vec![4]),
            ("السيارات", vec![5]),
            ("a%g", vec![]),
            ("'", vec![]),
        ] {
            assert_eq!(service.partner_ids(named(requested)).await, expected, "{requested}");
        }
    }

    async fn a_partner_is_shown_with_what_its_row_says(kind: Kind) {
        let service = start_without_partners(kind).await;
        let rows = [
            PartnerRow {
                updated: Some(seconds(9)),
                ..PartnerRow::new(1)
            },
            PartnerRow::new(2),
        ];
        service.insert_partners(&rows).await;
        service
            .execute(
                "UPDATE partners SET logo_url = 'https://example.com/logo.png',
                 contact_email = 'alpha@example.com', contact_phone = '+20 100' WHERE id = 2;",
            )
            .await;
        let page = service.list_partners(MANAGER, everything()).await.unwrap();
        let [second, first] = &page.partners[..] else {
            panic!("two partners")
        };
        let time = |count| Some(prost_types::Timestamp::from(Timestamp::from_micros(seconds(count))));
        assert_eq!(first.name, "Partner 1");
        assert_eq!((first.create_time, first.update_time), (time(1), time(9)));
        assert_eq!((&first.logo_url, &first.contact_email, &first.contact_phone), (&None, &None, &None));
        assert_eq!(second.logo_url.as_deref(), Some("https://example.com/logo.png"));
        assert_eq!(second.contact_email.as_deref(), Some("alpha@example.com"));
        assert_eq!(second.contact_phone.as_deref(), Some("+20 100"));
        // neither was asked for
        assert_eq!(second.counts, None);
        assert!(second.branches.is_empty());
    }

    async fn branches_come_by_name_and_only_live_ones(kind: Kind) {
        let service = start_without_partners(kind).await;
        service.insert_partners(&[PartnerRow::new(1), PartnerRow::new(2), PartnerRow::new(3)]).await;
        let branches = [
            BranchRow::new(11, 1, "beta"),
            BranchRow::new(12, 1, "Zeta"),
            BranchRow::new(13, 1, "Alpha"),
            BranchRow::new(14, 1, "Alpha"),
            BranchRow { is_deleted: Some(true), ..BranchRow::new(15, 1, "Gone") },
            BranchRow { is_active: None, ..BranchRow::new(16, 1, "Not live") },
            BranchRow { is_deleted: None, ..BranchRow::new(17, 1, "Nor this") },
            BranchRow::new(21, 2, "Main"),
        ];
        service.insert_branches(&branches).await;
        service
            .execute(
                "UPDATE branches SET radius_km = NULL WHERE id = 11;
                 UPDATE branches SET radius_km = 7.5, contact_name = 'Mona', phone = '0100',
                    address = 'Tahrir Square' WHERE id = 21;",
            )
            .await;
        let requesting = ListPartnersRequest {
            include_branches: true,
            ..everything()
        };
        let page = service.list_partners(MANAGER, requesting.clone()).await.unwrap();
        let ids: Vec<Vec<i32>> = page
            .partners
            .iter()
            .map(|partner| partner.branches.iter().map(|branch| branch.branch_id).collect())
            .collect();
        // "B" before "a"; those with one name by id
        assert_eq!(ids, [vec![], vec![21], vec![13, 14, 12, 11]]);
        let main = &page.partners[1].branches[0];
        assert_eq!(main.name, "Main");
        assert_eq!((main.latitude.to_string(), main.longitude.to_string()), ("30.5".to_owned(), "-31.25".to_owned()));
        assert_eq!(main.radius_km.map(|radius| radius.to_string()).as_deref(), Some("7.5"));
        assert_eq!(main.contact_name.as_deref(), Some("Mona"));
        assert_eq!(main.phone.as_deref(), Some("0100"));
        assert_eq!(main.address.as_deref(), Some("Tahrir Square"));
        let bare = &page.partners[2].branches[3];
        assert_eq!((bare.radius_km, &bare.contact_name, &bare.phone, &bare.address), (None, &None, &None, &None));

        // of this page's partners alone
        let one = ListPartnersRequest { page_size: 1, ..requesting };
        let page = service.list_partners(MANAGER, one).await.unwrap();
        assert_eq!(page.partners.len(), 1);
        assert!(page.partners[0].branches.is_empty());
    }

    async fn of_many_branches_the_first_hundred_are_shown(kind: Kind) {
        let service = start_without_partners(kind).await;
        service.insert_partners(&[PartnerRow::new(1), PartnerRow::new(2)]).await;
        let mut branches: Vec<BranchRow> = (1..=250)
            .map(|id| BranchRow::new(id, 1 + id % 2, &format!("Branch {:03}", 500 - id)))
            .collect();
        branches.push(BranchRow { is_deleted: Some(true), ..BranchRow::new(999, 1, "A") });
        service.insert_branches(&branches).await;
        let requesting = ListPartnersRequest {
            include_branches: true,
            include_counts: true,
            ..everything()
        };
        let page = service.list_partners(MANAGER, requesting).await.unwrap();
        for (partner, last) in page.partners.iter().zip([249, 250]) {
            let shown: Vec<i32> = partner.branches.iter().map(|branch| branch.branch_id).collect();
            let expected: Vec<i32> = (0..100).map(|index| last - 2 * index).collect();
            assert_eq!(shown, expected);
            assert_eq!(partner.counts.unwrap().branches, 125);
        }
    }
}
