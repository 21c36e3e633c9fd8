//! Latency against load, a curve for each kind of call: the median as a line, the 99th
//! percentile as dots. Both axes are logarithmic.

use crate::{
    load::{Load, Loads, number},
    rounds::Results,
    table::grouped,
};
use std::fmt::Write as _;

const WIDTH: f64 = 520.0;
const HEIGHT: f64 = 420.0;
const LEGEND: f64 = 260.0;
/// Of a panel, around its axes.
const MARGIN: f64 = 56.0;
/// Latencies from and to, in ms, as powers of ten.
const POWERS: [i32; 2] = [-2, 3];
const COLOURS: [&str; 14] = [
    "#000000", "#1f77b4", "#17becf", "#9467bd", "#e377c2", "#2ca02c", "#bcbd22", "#8c564b",
    "#d62728", "#ff7f0e", "#7f7f7f", "#aec7e8", "#98df8a", "#ffbb78",
];

pub(crate) fn svg(sizes: &[Results]) -> String {
    let width = WIDTH * number(sizes.len()) + LEGEND;
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {HEIGHT}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
    );
    for (place, size) in sizes.iter().enumerate() {
        let left = WIDTH * number(place);
        push(&mut text, &format!("<g transform=\"translate({left} 0)\">"));
        axes(
            &mut text,
            &format!("{} rows", grouped(size.rows)),
            size.loads,
        );
        curves(&mut text, size);
        push(&mut text, "</g>");
    }
    let kinds = sizes.iter().take(1).flat_map(|size| &size.kinds);
    for (place, (kind, colour)) in kinds.zip(COLOURS).enumerate() {
        let (x, y) = (width - LEGEND, MARGIN + 20.0 * number(place));
        let stroke = format!("stroke=\"{colour}\" stroke-width=\"2\"");
        let end = x + 20.0;
        push(&mut text, &format!("<path d=\"M{x} {y}H{end}\" {stroke}/>"));
        write_at(&mut text, x + 28.0, y + 4.0, "start", &kind.name);
    }
    let below = MARGIN + 20.0 * number(COLOURS.len() + 1);
    let meaning = "lines: the median; dots: the 99th percentile";
    write_at(&mut text, width - LEGEND, below, "start", meaning);
    push(&mut text, "</svg>");
    text
}

fn axes(text: &mut String, title: &str, loads: Loads) {
    write_at(text, WIDTH / 2.0, 24.0, "middle", title);
    write_at(
        text,
        WIDTH / 2.0,
        HEIGHT - 12.0,
        "middle",
        "calls in flight",
    );
    write_at(text, MARGIN - 8.0, MARGIN - 12.0, "end", "ms");
    for power in POWERS[0]..=POWERS[1] {
        let label = format!("{}", 10_f64.powi(power));
        let y = y(10_f64.powi(power));
        let grid = format!(
            "<path d=\"M{MARGIN} {y}H{}\" stroke=\"#ddd\"/>",
            WIDTH - MARGIN
        );
        push(text, &grid);
        write_at(text, MARGIN - 8.0, y + 4.0, "end", &label);
    }
    for load in loads {
        let x = x(load, loads);
        let label = load.in_flight().to_string();
        let grid = format!(
            "<path d=\"M{x} {MARGIN}V{}\" stroke=\"#ddd\"/>",
            HEIGHT - MARGIN
        );
        push(text, &grid);
        write_at(text, x, HEIGHT - MARGIN + 18.0, "middle", &label);
    }
}

fn curves(text: &mut String, size: &Results) {
    for (kind, colour) in size.kinds.iter().zip(COLOURS) {
        let mut line = String::new();
        for (place, load) in size.loads.into_iter().enumerate() {
            let x = x(load, size.loads);
            let p50 = y(kind.spread(place, |window| window.p50 / 1_000.0).median);
            let p99 = y(kind.spread(place, |window| window.p99 / 1_000.0).median);
            write!(line, "{x:.1},{p50:.1} ").expect("memory");
            let dot = format!("<circle cx=\"{x:.1}\" cy=\"{p99:.1}\" r=\"3\" fill=\"{colour}\"/>");
            push(text, &dot);
        }
        let style = format!("fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"");
        push(text, &format!("<polyline points=\"{line}\" {style}/>"));
    }
}

fn x(load: Load, loads: Loads) -> f64 {
    let most = loads.map(Load::in_flight).into_iter().max().unwrap_or(1);
    let share = number(load.in_flight()).log2() / number(most).log2();
    MARGIN + (WIDTH - 2.0 * MARGIN) * share
}

fn y(milliseconds: f64) -> f64 {
    let [least, most] = POWERS.map(f64::from);
    let share = (milliseconds.log10().clamp(least, most) - least) / (most - least);
    HEIGHT - MARGIN - (HEIGHT - 2.0 * MARGIN) * share
}

fn write_at(text: &mut String, x: f64, y: f64, anchor: &str, words: &str) {
    let label = format!("<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\">{words}</text>");
    push(text, &label);
}

fn push(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}
