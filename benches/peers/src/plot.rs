//! The results as pictures: horizontal bars, a panel for each row, the shortest bar on top.

use std::fmt::Write;

use crate::rows::{Kind, Role, Row, Shape, Work, size};
use crate::table::{Results, number, whole};

/// The rows that are drawn together, and the names of these groups.
const GROUPS: [(&str, &str, Work, Role, Kind, Shape); 7] = {
    use {Kind::*, Role::*, Shape::*, Work::*};
    [
        ("decode.svg", "A server receives binary messages", Decode, Server, Binary, Whole),
        ("text.svg", "A server receives text", Decode, Server, Text, Whole),
        ("client.svg", "A client receives binary messages", Decode, Client, Binary, Whole),
        ("echo.svg", "A server echoes binary messages", Echo, Server, Binary, Whole),
        ("encode-server.svg", "A server sends binary messages", Encode, Server, Binary, Whole),
        ("encode-client.svg", "A client sends binary messages", Encode, Client, Binary, Whole),
        (
            "small-reads.svg",
            "A server receives 37 bytes at a time",
            Decode,
            Server,
            Binary,
            TinyReads(37),
        ),
    ]
};

/// Returns all pictures for which there are enough results: file names and contents.
pub fn all(results: &Results) -> Vec<(&'static str, String)> {
    let mut pictures = Vec::new();
    for (file, title, work, role, kind, shape) in GROUPS {
        let is_in =
            |row: &Row| (row.work, row.role, row.kind, row.shape) == (work, role, kind, shape);
        let rows = results.rows.iter().filter(|(row, _)| is_in(row));
        let panels = rows.map(|(row, outcomes)| {
            let named = results.peers.iter().zip(outcomes);
            let bars = named.filter_map(|(entry, outcome)| Some((entry.name, outcome.median()?)));
            Panel::new(size(row.len), bars.collect())
        });
        let chart = Chart { title, unit: "ns a message", figure: number, panels: panels.collect() };
        if !chart.panels.is_empty() {
            pictures.push((file, chart.draw(&results.machine)));
        }
    }
    let named = results.peers.iter().zip(&results.at_rest);
    let bars =
        named.filter_map(|(entry, bytes)| Some((entry.name, bytes.as_ref().copied()? as f64)));
    let panel = Panel::new("after one echo".into(), bars.collect());
    let chart =
        Chart { title: "An idle connection", unit: "bytes", figure: whole, panels: vec![panel] };
    pictures.push(("memory.svg", chart.draw(&results.machine)));
    pictures
}

struct Chart {
    title: &'static str,
    unit: &'static str,
    /// Formats a value.
    figure: fn(f64) -> String,
    panels: Vec<Panel>,
}

/// A few bars on their own scale.
struct Panel {
    title: String,
    /// Names and values, ascending.
    bars: Vec<(&'static str, f64)>,
}

const WIDTH: usize = 860;
const MARGIN: usize = 20;
const HEAD: usize = 56;
const FOOT: usize = 30;
const PANEL_HEAD: usize = 22;
const PANEL_FOOT: usize = 50;
const PITCH: usize = 18;
const BAR: usize = 12;
/// The widths within a panel: the names, the bars, and the figures after them.
const NAMES: usize = 118;
const BARS: usize = 208;
const COLUMN: usize = (WIDTH - MARGIN) / 2;
/// From this ratio on, the scale is logarithmic: the longest bar would hide the others.
const LOG_FROM: f64 = 20.0;

const STYLE: &str = "\
text{font:12px system-ui,-apple-system,'Segoe UI',sans-serif;fill:#1f2328}\
.title{font-size:17px;font-weight:600}.panel{font-size:13px;font-weight:600}\
.muted{fill:#59636e;font-size:11px}.figure{font-variant-numeric:tabular-nums}\
.grid{stroke:#d1d9e0}.peer{fill:#a3adb8}.limit{fill:#d4a72c}.sansock{fill:#0969da}\
.own{font-weight:600}\
@media(prefers-color-scheme:dark){text{fill:#f0f6fc}.muted{fill:#9198a1}.grid{stroke:#3d444d}\
.peer{fill:#656c76}.limit{fill:#bb8009}.sansock{fill:#4493f8}}";

impl Chart {
    fn draw(&self, machine: &str) -> String {
        let columns = self.panels.len().min(2);
        let tallest = self.panels.iter().map(Panel::height).max().unwrap_or(0);
        let height = HEAD + self.panels.len().div_ceil(2) * tallest + FOOT;
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
             role=\"img\" aria-label=\"{}\">\n<style>{STYLE}</style>\n",
            escaped(self.title)
        );
        text(&mut out, MARGIN, 28, "title", self.title);
        let hint = format!("{}; shorter is better", self.unit);
        text(&mut out, MARGIN, 46, "muted", &hint);
        for (i, panel) in self.panels.iter().enumerate() {
            let (x, y) = (MARGIN + i % columns * COLUMN, HEAD + i / columns * tallest);
            panel.draw(&mut out, x, y, self);
        }
        text(&mut out, MARGIN, height - 12, "muted", machine);
        out.push_str("</svg>\n");
        out
    }
}

impl Panel {
    fn new(title: String, mut bars: Vec<(&'static str, f64)>) -> Self {
        bars.sort_by(|(_, a), (_, b)| a.total_cmp(b));
        Panel { title, bars }
    }

    fn height(&self) -> usize {
        PANEL_HEAD + self.bars.len() * PITCH + PANEL_FOOT
    }

    fn draw(&self, out: &mut String, x: usize, y: usize, chart: &Chart) {
        let scale = Scale::over(&self.bars);
        let (left, top) = (x + NAMES, y + PANEL_HEAD);
        let bottom = top + self.bars.len() * PITCH;
        text(out, left, y + 12, "panel", &self.title);
        for tick in scale.ticks() {
            let at = left as f64 + scale.place(tick);
            let _ = writeln!(
                out,
                "<path class=\"grid\" d=\"M{at:.1} {top}V{bottom}\"/>\
                 <text class=\"muted\" text-anchor=\"middle\" x=\"{at:.1}\" y=\"{}\">{}</text>",
                bottom + 14,
                short(tick)
            );
        }
        for (i, (name, value)) in self.bars.iter().enumerate() {
            let (y, length) = (top + i * PITCH, scale.place(*value).max(1.0));
            let (kind, own) = match *name {
                "sansock" => ("sansock", " class=\"own\""),
                "limit" => ("limit", ""),
                _ => ("peer", ""),
            };
            let base = y + (PITCH + BAR) / 2 - 2;
            let _ = writeln!(
                out,
                "<text{own} text-anchor=\"end\" x=\"{}\" y=\"{base}\">{name}</text>\
                 <rect class=\"{kind}\" x=\"{left}\" y=\"{}\" width=\"{length:.1}\" height=\"{BAR}\" rx=\"2\"/>\
                 <text class=\"figure\" x=\"{:.1}\" y=\"{base}\">{}</text>",
                left - 8,
                y + (PITCH - BAR) / 2,
                left as f64 + length + 6.0,
                (chart.figure)(*value)
            );
        }
        let unit = chart.unit;
        let label = if scale.is_log { format!("{unit}, logarithmic") } else { unit.into() };
        text(out, left, bottom + 30, "muted", &label);
    }
}

/// Maps values to lengths.
struct Scale {
    low: f64,
    high: f64,
    is_log: bool,
}

impl Scale {
    fn over(bars: &[(&str, f64)]) -> Scale {
        let low = bars.first().map_or(1.0, |bar| bar.1);
        let high = bars.last().map_or(1.0, |bar| bar.1);
        if high / low < LOG_FROM {
            return Scale { low: 0.0, high, is_log: false };
        }
        // A decade begins below the shortest bar, so that the bar has a length.
        Scale { low: 10_f64.powf(low.log10().floor() - 0.3), high, is_log: true }
    }

    fn place(&self, value: f64) -> f64 {
        let part = if self.is_log {
            (value / self.low).ln() / (self.high / self.low).ln()
        } else {
            value / self.high
        };
        part * BARS as f64
    }

    /// Returns round values, about five at most.
    fn ticks(&self) -> Vec<f64> {
        if self.is_log {
            let first = self.low.log10().ceil() as i32;
            let last = self.high.log10().floor() as i32;
            let step = if last - first > 4 { 2 } else { 1 };
            return (first..=last).step_by(step).map(|exponent| 10_f64.powi(exponent)).collect();
        }
        let rough = self.high / 4.0;
        let decade = 10_f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|n| n * decade).into_iter().find(|&s| s >= rough);
        let step = step.unwrap_or(rough);
        (0..).map(|i| f64::from(i) * step).take_while(|&tick| tick <= self.high).collect()
    }
}

/// Returns a round value in few characters.
fn short(value: f64) -> String {
    match value {
        ..1e3 => format!("{value}"),
        1e3..1e6 => format!("{}k", value / 1e3),
        _ => format!("{}M", value / 1e6),
    }
}

fn text(out: &mut String, x: usize, y: usize, class: &str, content: &str) {
    let content = escaped(content);
    let _ = writeln!(out, "<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{content}</text>");
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
