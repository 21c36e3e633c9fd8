//! What was measured, as tables in Markdown.

use crate::{
    load::{ALONE, Window},
    processes::{NAMES, SERVERS},
    rounds::{Measured, Results, servers},
    spread::{Spread, short},
};
use std::fmt::{Display, Write as _};

/// The processes that a kind of call keeps busy, and whose time is told.
const TOLD: [usize; 4] = [0, 1, 2, CLIENT];
const POSTGRES: usize = 2;
const CLIENT: usize = SERVERS;

/// What was measured on a database of one size.
pub(crate) fn of_size(size: &Results) -> String {
    let (rows, bytes) = (grouped(size.rows), size.token_bytes);
    let mut text = format!("\n## {rows} requests, {rows} sessions\n\n");
    line(
        &mut text,
        format_args!("An access token has {bytes} bytes."),
    );
    for place in 0..size.loads.len() {
        calls(&mut text, size, place);
    }
    pages(&mut text, size);
    text
}

fn calls(text: &mut String, size: &Results, load: usize) {
    line(text, format_args!("\n### {} in flight\n", size.loads[load]));
    let cpu = TOLD.map(|process| format!("{}, µs", NAMES[process]));
    let head = ["", "calls/s", "of the echo's", "p50, ms", "p99, ms"].map(str::to_owned);
    let sum = ["all servers, µs", "of the echo's"].map(str::to_owned);
    header(text, head.into_iter().chain(cpu).chain(sum));
    for kind in &size.kinds {
        let of_echo = |figure: fn(&Window) -> f64| size.of_echo(kind, load, figure);
        let spread = |figure: fn(&Window) -> f64| kind.spread(load, figure);
        let cpu = TOLD.map(|process| kind.spread(load, |window| window.cpu[process]));
        let figures = [
            spread(|window| window.rate),
            of_echo(|window| window.rate),
            spread(|window| window.p50 / 1_000.0),
            spread(|window| window.p99 / 1_000.0),
        ];
        let sum = [spread(servers), of_echo(servers)];
        row(text, &kind.name, figures.into_iter().chain(cpu).chain(sum));
    }
}

fn pages(text: &mut String, size: &Results) {
    line(text, "\n### The same pages by hand, one connection\n");
    let head = [
        "",
        "p50, ms",
        "p99, ms",
        "PostgreSQL, µs",
        "driver, µs",
        "the call's p50, of this",
        "the call's processors, of these",
    ];
    header(text, head);
    for page in &size.by_hand {
        let (call, [time, cpu]) = size.of_by_hand(page);
        let figures = [
            page.spread(|window| window.p50 / 1_000.0),
            page.spread(|window| window.p99 / 1_000.0),
            page.spread(|window| window.cpu[POSTGRES]),
            page.spread(|window| window.cpu[CLIENT]),
            time,
            cpu,
        ];
        row(text, &call.name, figures);
    }
    let one = size.select_one;
    line(text, format_args!("\n`SELECT 1` takes {one} µs."));
    for (whose, ratio) in size.last_of_first() {
        line(
            text,
            format_args!("{whose}: the last page takes {ratio} of the first one's p50."),
        );
    }
}

/// How a call of one caller alone grows with the rows.
pub(crate) fn growth(sizes: &[Results]) -> String {
    let [first, .., last] = sizes else {
        return String::new();
    };
    let mut text =
        "\n## Growth, one caller: processors' time of all servers, µs; p50, ms\n\n".to_owned();
    let rows = sizes
        .iter()
        .map(|size| format!("{} rows", grouped(size.rows)));
    let rows = std::iter::once(String::new()).chain(rows);
    header(&mut text, rows.chain(["the last, of the first".to_owned()]));
    for (place, kind) in first.kinds.iter().enumerate() {
        let figures = |size: &Results| {
            let of: &Measured = &size.kinds[place];
            let time = of.spread(ALONE, |window| window.p50 / 1_000.0);
            [of.spread(ALONE, servers), time].map(|spread| spread.median)
        };
        let cell = |[cpu, time]: [f64; 2]| format!("{}; {}", short(cpu), short(time));
        let mut cells: Vec<_> = sizes.iter().map(|size| cell(figures(size))).collect();
        let ([cpu, time], [of_cpu, of_time]) = (figures(last), figures(first));
        cells.push(cell([cpu / of_cpu, time / of_time]));
        line(
            &mut text,
            format_args!("| {} | {} |", kind.name, cells.join(" | ")),
        );
    }
    text
}

fn header(text: &mut String, cells: impl IntoIterator<Item = impl Display>) {
    let cells: Vec<_> = cells.into_iter().map(|cell| cell.to_string()).collect();
    line(text, format_args!("| {} |", cells.join(" | ")));
    line(text, format_args!("|{}", " --- |".repeat(cells.len())));
}

fn row(text: &mut String, name: &str, cells: impl IntoIterator<Item = Spread>) {
    let cells: Vec<_> = cells.into_iter().map(|cell| cell.to_string()).collect();
    line(text, format_args!("| {name} | {} |", cells.join(" | ")));
}

fn line(text: &mut String, line: impl Display) {
    writeln!(text, "{line}").expect("memory");
}

/// A number with its thousands apart.
pub(crate) fn grouped(number: i32) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}
