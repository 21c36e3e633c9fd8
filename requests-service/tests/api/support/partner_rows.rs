//! Rows of `partners` and of what belongs to them.

use super::Service;
use testing::{
    Kind,
    rows::{or_null, quoted, seconds, time},
};

/// A row of `partners`. Times are as in [`super::Row`].
#[derive(Clone, Debug)]
pub(crate) struct PartnerRow {
    pub(crate) id: i32,
    pub(crate) name: String,
    pub(crate) status: Option<&'static str>,
    pub(crate) created: Option<i64>,
    pub(crate) updated: Option<i64>,
    pub(crate) is_active: Option<bool>,
    pub(crate) is_deleted: Option<bool>,
    /// Has a live link to these.
    pub(crate) categories: Vec<i32>,
    /// Had a link to these, which was deleted.
    pub(crate) left_categories: Vec<i32>,
}

impl PartnerRow {
    /// A live partner, created in the order of the ids.
    pub(crate) fn new(id: i32) -> Self {
        let created = Some(seconds(i64::from(id)));
        Self {
            id,
            name: format!("Partner {id}"),
            status: Some("active"),
            created,
            updated: created,
            is_active: Some(true),
            is_deleted: Some(false),
            categories: Vec::new(),
            left_categories: Vec::new(),
        }
    }

    pub(crate) fn is_live(&self) -> bool {
        self.is_active == Some(true) && self.is_deleted == Some(false)
    }
}

/// A row of `branches`.
#[derive(Clone, Debug)]
pub(crate) struct BranchRow {
    pub(crate) id: i32,
    pub(crate) partner: i32,
    pub(crate) name: String,
    pub(crate) is_active: Option<bool>,
    pub(crate) is_deleted: Option<bool>,
}

impl BranchRow {
    /// A live branch.
    pub(crate) fn new(id: i32, partner: i32, name: &str) -> Self {
        Self {
            id,
            partner,
            name: name.to_owned(),
            is_active: Some(true),
            is_deleted: Some(false),
        }
    }

    pub(crate) fn is_live(&self) -> bool {
        self.is_active == Some(true) && self.is_deleted == Some(false)
    }
}

/// A service with what partners offer, but without partners.
pub(crate) async fn start_without_partners(kind: Kind) -> Service {
    let service = Service::start(kind).await;
    service
        .execute("DELETE FROM branches; DELETE FROM partners;")
        .await;
    service
}

impl Service {
    /// Adds partners.
    pub(crate) async fn insert_partners(&self, rows: &[PartnerRow]) {
        let mut partners = Vec::new();
        let mut links = Vec::new();
        for row in rows {
            let time =
                |micros: Option<i64>| or_null(micros.map(|micros| time(self.kind(), micros)));
            partners.push(format!(
                "({}, {}, {}, {}, {}, {}, {})",
                row.id,
                quoted(&row.name),
                or_null(row.status.map(quoted)),
                time(row.created),
                time(row.updated),
                or_null(row.is_active),
                or_null(row.is_deleted)
            ));
            let link = |deleted| move |category| format!("({}, {category}, {deleted})", row.id);
            links.extend(row.categories.iter().map(link(false)));
            links.extend(row.left_categories.iter().map(link(true)));
        }
        self.execute(&format!(
            "INSERT INTO partners (id, name, status, created_at, updated_at, is_active, \
             is_deleted) VALUES {};",
            partners.join(", ")
        ))
        .await;
        if !links.is_empty() {
            self.execute(&format!(
                "INSERT INTO partner_categories (partner_id, category_id, is_deleted) VALUES {};",
                links.join(", ")
            ))
            .await;
        }
    }

    /// Adds branches.
    pub(crate) async fn insert_branches(&self, rows: &[BranchRow]) {
        let rows: Vec<String> = rows
            .iter()
            .map(|row| {
                format!(
                    "({}, {}, {}, 30.5, -31.25, {}, {})",
                    row.id,
                    row.partner,
                    quoted(&row.name),
                    or_null(row.is_active),
                    or_null(row.is_deleted)
                )
            })
            .collect();
        self.execute(&format!(
            "INSERT INTO branches (id, partner_id, name, lat, lng, is_active, is_deleted) \
             VALUES {};",
            rows.join(", ")
        ))
        .await;
    }
}
