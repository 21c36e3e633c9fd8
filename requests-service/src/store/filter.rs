//! The conditions of a statement on `requests`: what the caller may see, and what the filter
//! matches.

use super::{
    entity::{
        enums::{PartnerStatus, RequestStatus},
        partner,
        partner_request::Column,
    },
    folded::folded,
    statement::literal,
};
use crate::model::{Filter, PhoneDigits, SearchText, Status, TimeRange, Visibility, folding::fold};
use contract::ids::PartnerId;
use database::Dialect;
use sea_orm::{
    ActiveEnum, ColumnTrait, EntityTrait as _, QueryFilter as _, QuerySelect as _, QueryTrait as _,
    Value,
    sea_query::{
        BinOper, Condition, Expr, ExprTrait as _, Func, SelectStatement,
        extension::postgres::PgFunc,
    },
};
use std::collections::BTreeSet;

/// The requests that a caller may see: rows that are not deleted or switched off, of one partner or
/// of all.
pub(super) fn visible(visibility: Visibility) -> Condition {
    let live = live(Column::IsActive, Column::IsDeleted);
    match visibility {
        Visibility::AllPartners => live,
        Visibility::Partner(partner) => live
            .add(Column::PartnerId.eq(partner.0))
            .add(Expr::exists(working(partner))),
    }
}

/// The condition for a row that is not deleted or switched off; NULL counts as switched off. It has
/// the exact form of the partial indexes, which serve no other form.
pub(super) fn live(is_active: impl ColumnTrait, is_deleted: impl ColumnTrait) -> Condition {
    Condition::all()
        .add(is_active.into_expr())
        .add(is_deleted.into_expr().not())
}

/// Selects a row if the partner is active. It does not refer to the outer statement, so the
/// database evaluates it once, and not for each request.
fn working(partner: PartnerId) -> SelectStatement {
    use partner::Column;
    let may_work = Condition::any()
        .add(Column::Status.eq(PartnerStatus::Active))
        .add(Column::Status.is_null());
    partner::Entity::find_by_id(partner.0)
        .select_only()
        .expr(Expr::cust("1"))
        .filter(live(Column::IsActive, Column::IsDeleted))
        .filter(may_work)
        .into_query()
}

/// The condition of a filter. The filter is destructured, so that a new field does not compile
/// until it is handled.
pub(super) fn matching(dialect: Dialect, filter: &Filter) -> Condition {
    let Filter {
        statuses,
        categories,
        branches,
        services,
        pickup_options,
        partners,
        submitted,
        created,
        text,
        customer_name,
        customer_phone,
    } = filter;
    let one_of = |name: Column, ids: Vec<i32>| {
        (!ids.is_empty()).then(|| match ids.as_slice() {
            // with an equality, an index on the column also provides the order
            [id] => name.eq(*id),
            _ => dialect.one_of(name.into_expr(), ids),
        })
    };
    Condition::all()
        .add_option(status_is_one_of(dialect, statuses))
        .add_option(one_of(
            Column::CategoryId,
            categories.iter().map(|id| id.0).collect(),
        ))
        .add_option(one_of(
            Column::BranchId,
            branches.iter().map(|id| id.0).collect(),
        ))
        .add_option(one_of(
            Column::ServiceId,
            services.iter().map(|id| id.0).collect(),
        ))
        .add_option(one_of(
            Column::PickupOptionId,
            pickup_options.iter().map(|id| id.0).collect(),
        ))
        .add_option(one_of(
            Column::PartnerId,
            partners.iter().map(|id| id.0).collect(),
        ))
        .add_option(not_before(dialect, Column::SubmittedAt, *submitted))
        .add_option(not_after(dialect, Column::SubmittedAt, *submitted))
        .add_option(not_before(dialect, Column::CreatedAt, *created))
        .add_option(not_after(dialect, Column::CreatedAt, *created))
        .add_option(text.as_ref().map(|text| any_matches(dialect, text)))
        .add_option(
            customer_name
                .as_ref()
                .map(|name| name_contains(dialect, name.as_str())),
        )
        .add_option(
            customer_phone
                .as_ref()
                .map(|phone| phone_contains(dialect, phone)),
        )
}

pub(super) fn status_is_one_of(dialect: Dialect, statuses: &BTreeSet<Status>) -> Option<Expr> {
    let statuses = statuses.iter().map(|status| RequestStatus::from(*status));
    one_of(dialect, Column::Status, statuses)
}

/// A condition that an enum column has one of these values; `None` if there are none.
pub(super) fn one_of<E>(
    dialect: Dialect,
    column: impl ColumnTrait,
    values: impl Iterator<Item = E> + Clone,
) -> Option<Expr>
where
    E: ActiveEnum<Value = String> + Into<Value>,
{
    values.clone().next()?;
    Some(match dialect {
        // one text for any number of values, with the type of the column
        Dialect::Postgres => {
            let labels: Vec<String> = values.map(|value| value.to_value()).collect();
            let array = format!("{}[]", E::name());
            column
                .into_expr()
                .eq(PgFunc::any(Expr::val(labels).as_enum(array)))
        }
        Dialect::Sqlite => column.is_in(values),
    })
}

fn not_before(dialect: Dialect, name: Column, range: TimeRange) -> Option<Expr> {
    let start = range.start?;
    Some(name.into_expr().gte(dialect.time(start)))
}

fn not_after(dialect: Dialect, name: Column, range: TimeRange) -> Option<Expr> {
    let end = range.end?;
    Some(name.into_expr().lte(dialect.time(end)))
}

fn any_matches(dialect: Dialect, text: &SearchText) -> Condition {
    Condition::any()
        .add(number_starts_with(dialect, text.text()))
        .add(name_contains(dialect, text.text()))
        .add_option(text.phone().map(|phone| phone_contains(dialect, phone)))
}

fn number_starts_with(dialect: Dialect, text: &str) -> Expr {
    like(
        lower(folded(dialect, &Column::RequestNumber.into_expr())),
        lower(pattern(dialect, text, |text| format!("{text}%"))),
    )
}

fn name_contains(dialect: Dialect, text: &str) -> Expr {
    contains(
        dialect,
        &fold(dialect, text),
        lower(folded(dialect, &Column::CustomerName.into_expr())),
        // the database folds the case of both sides, so that both are folded alike
        lower(pattern(dialect, text, |text| format!("%{text}%"))),
    )
}

/// The pattern of a text, folded like stored texts. In PostgreSQL's encoding SQL_ASCII, letters are
/// bytes; stored texts are not folded there, so the pattern is not either.
pub(super) fn pattern(dialect: Dialect, text: &str, with_ends: fn(&str) -> String) -> Expr {
    let pattern = |text: &str| Expr::val(with_ends(&escape(text)));
    let folded = pattern(&fold(dialect, text));
    match dialect {
        Dialect::Postgres => Expr::case(Expr::cust("length('ا') = 1"), folded)
            .finally(pattern(text))
            .into(),
        Dialect::Sqlite => folded,
    }
}

fn phone_contains(dialect: Dialect, phone: &PhoneDigits) -> Expr {
    let digits = PhoneDigits::SEPARATORS.iter().fold(
        folded(dialect, &Column::CustomerPhone.into_expr()),
        |phone, separator| {
            Func::cust("replace")
                .args([phone, literal(*separator), literal("")])
                .into()
        },
    );
    // digits only, so neither case nor wildcards matter
    let pattern = Expr::val(format!("%{}%", phone.digits()));
    contains(dialect, phone.digits(), digits, pattern)
}

/// LIKE for a text with something before and after it. A pattern without a trigram would read the
/// whole index of trigrams, which is useless. The function form has the same result and the same
/// estimate, and no index serves it.
fn contains(dialect: Dialect, text: &str, whole: Expr, pattern: Expr) -> Expr {
    if dialect == Dialect::Postgres && !has_trigram(text) {
        return Func::cust("like").args([whole, pattern]).into();
    }
    like(whole, pattern)
}

/// Whether a text has three consecutive letters or digits.
fn has_trigram(text: &str) -> bool {
    text.split(|letter: char| !letter.is_alphanumeric())
        .any(|word| word.chars().nth(2).is_some())
}

/// The database folds case, and so in the same way on both sides.
pub(super) fn lower(text: Expr) -> Expr {
    Func::lower(text).into()
}

pub(super) fn like(whole: Expr, pattern: Expr) -> Expr {
    whole.binary(
        BinOper::Like,
        pattern.binary(BinOper::Escape, literal(r"\")),
    )
}

/// Escapes the wildcards of LIKE.
fn escape(text: &str) -> String {
    text.replace('\\', r"\\")
        .replace('%', r"\%")
        .replace('_', r"\_")
}
