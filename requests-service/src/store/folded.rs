//! The expression with which a database folds stored texts, as
//! [`fold`](crate::model::folding::fold) folds searched ones. PostgreSQL's indexes are on exactly
//! the same expression, so its lists are constants of the statement.

use super::statement::literal;
use crate::model::folding::{LETTERS, digits, ignored};
use database::Dialect;
use sea_orm::sea_query::{
    Expr, ExprTrait as _, Func,
    extension::{postgres::PgBinOper, sqlite::SqliteBinOper},
};
use std::ops::RangeInclusive;

/// A stored text in the form that searches compare, except for its case.
///
/// The lists of digits and ignored characters are long, and most texts contain none of them. In
/// these texts, only letters are replaced. A text of ASCII only is not changed, nor is any text in
/// PostgreSQL's encoding SQL_ASCII, where letters are bytes.
pub(super) fn folded(dialect: Dialect, text: &Expr) -> Expr {
    let size = |unit| call(unit, [text.clone()]);
    let is_ascii = size("octet_length").eq(size("length"));
    let digits = digits(dialect).flat_map(|range| range.zip('0'..='9'));
    let rare = replaced(dialect, without_ignored(dialect, text), digits);
    let rare_or_not = Expr::case(has_rare(dialect, text), rare).finally(text.clone());
    let letters = replaced(dialect, rare_or_not.into(), LETTERS.into_iter());
    Expr::case(is_ascii, text.clone()).finally(letters).into()
}

/// Replaces each of these characters by another one.
fn replaced(dialect: Dialect, text: Expr, pairs: impl Iterator<Item = (char, char)>) -> Expr {
    match dialect {
        Dialect::Postgres => {
            let (from, to): (String, String) = pairs.unzip();
            call("translate", [text, literal(from), literal(to)])
        }
        Dialect::Sqlite => pairs.fold(text, |text, (from, to)| {
            call("replace", [text, literal(from), literal(to)])
        }),
    }
}

fn without_ignored(dialect: Dialect, text: &Expr) -> Expr {
    match dialect {
        Dialect::Postgres => {
            let ignored = literal(class(dialect, ignored(dialect)));
            let arguments = [text.clone(), ignored, literal(""), literal("g")];
            call("regexp_replace", arguments)
        }
        Dialect::Sqlite => ignored(dialect)
            .flatten()
            .fold(text.clone(), |text, letter| {
                call("replace", [text, literal(letter), literal("")])
            }),
    }
}

/// Whether a text contains a digit that is not ASCII, or an ignored character.
fn has_rare(dialect: Dialect, text: &Expr) -> Expr {
    let class = class(dialect, digits(dialect).chain(ignored(dialect)));
    let text = text.clone();
    match dialect {
        Dialect::Postgres => text.binary(PgBinOper::Regex, literal(class)),
        Dialect::Sqlite => text.binary(SqliteBinOper::Glob, literal(format!("*{class}*"))),
    }
}

/// A set of characters, as a regular expression or GLOB pattern. PostgreSQL's is written with
/// escapes, so that the definitions of the indexes show invisible characters.
fn class(dialect: Dialect, ranges: impl Iterator<Item = RangeInclusive<char>>) -> String {
    let written = |letter: &char| match dialect {
        Dialect::Postgres => format!("\\U{:08X}", u32::from(*letter)),
        Dialect::Sqlite => letter.to_string(),
    };
    let range = |range: RangeInclusive<char>| {
        format!("{}-{}", written(range.start()), written(range.end()))
    };
    format!("[{}]", ranges.map(range).collect::<String>())
}

fn call<const N: usize>(function: &'static str, arguments: [Expr; N]) -> Expr {
    Func::cust(function).args(arguments).into()
}
