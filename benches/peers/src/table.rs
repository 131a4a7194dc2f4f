//! The results as Markdown and as CSV.

use std::fmt::Write;

use crate::measure::{Figures, Outcome};
use crate::peers::{Entry, LIMIT, SANSOCK};
use crate::rows::{Row, Work};

/// The results of a run.
pub struct Results {
    pub peers: Vec<&'static Entry>,
    /// Each row with one outcome for each peer.
    pub rows: Vec<(Row, Vec<Outcome>)>,
    /// Bytes of an idle connection, for each peer for which they mean something.
    pub at_rest: Vec<Option<usize>>,
    pub machine: String,
}

impl Results {
    pub fn markdown(&self) -> String {
        let mut out = String::new();
        self.write_times(&mut out);
        out.push_str(
            "\n**Bold** is the fastest apart from `limit`; † is faster than `limit`; \
             – has no figure; ‡ does not do the work.\n",
        );
        self.write_standing(&mut out);
        self.write_counts(
            &mut out,
            "allocations a message",
            |_| true,
            |figures| figures.allocations,
        );
        let reads = |row: &Row| row.work == Work::Decode;
        self.write_counts(&mut out, "reads a message", reads, |figures| figures.reads);
        let writes = |row: &Row| row.work != Work::Decode;
        self.write_counts(&mut out, "writes a message", writes, |figures| figures.writes);
        self.write_memory(&mut out);
        self.write_reasons(&mut out);
        let _ = writeln!(out, "\n{}.\n\n{}.", self.machine, self.versions());
        out
    }

    pub fn csv(&self) -> String {
        let mut out = String::from(
            "row,title,bytes,peer,median_ns,lower_quartile_ns,upper_quartile_ns,rounds,allocations,reads,writes,note\n",
        );
        for (row, outcomes) in &self.rows {
            for (entry, outcome) in self.peers.iter().zip(outcomes) {
                let _ = write!(out, "{row},{},{},{},", row.title(), row.len, entry.name);
                let _ = match outcome {
                    Outcome::Measured(Figures {
                        nanoseconds,
                        rounds,
                        allocations,
                        reads,
                        writes,
                    }) => {
                        let (median, lower, upper) =
                            (nanoseconds.median, nanoseconds.lower, nanoseconds.upper);
                        writeln!(
                            out,
                            "{median:.3},{lower:.3},{upper:.3},{rounds},{allocations:.4},{reads:.4},{writes:.4},"
                        )
                    }
                    Outcome::Refused(why) => writeln!(out, ",,,,,,,{why}"),
                    Outcome::Wrong(why) => writeln!(out, ",,,,,,,\"{}\"", why.replace('"', "'")),
                };
            }
        }
        for (entry, bytes) in self.peers.iter().zip(&self.at_rest) {
            if let Some(bytes) = bytes {
                let _ = writeln!(out, "bytes at rest,memory,{bytes},{},,,,,,,,", entry.name);
            }
        }
        out
    }

    fn versions(&self) -> String {
        let rivals = self.peers.iter().filter(|entry| entry.is_rival());
        rivals
            .map(|entry| format!("{} {}", entry.name, entry.version))
            .collect::<Vec<_>>()
            .join(", ")
    }

    fn write_times(&self, out: &mut String) {
        let names = self.peers.iter().map(|entry| entry.name);
        let tail = ["sansock ÷ limit", "sansock ÷ best peer", "spread"];
        head(out, "ns a message", names.chain(tail));
        for (row, outcomes) in &self.rows {
            let first = self.first(outcomes, |_| true);
            let limit = self.median_of(outcomes, LIMIT);
            let _ = write!(out, "| {row} |");
            for (entry, outcome) in self.peers.iter().zip(outcomes) {
                let _ = match outcome {
                    Outcome::Refused(_) => write!(out, " – |"),
                    Outcome::Wrong(_) => write!(out, " ‡ |"),
                    Outcome::Measured(figures) => {
                        let median = figures.nanoseconds.median;
                        let dagger =
                            if limit.is_some_and(|limit| median < limit) { "†" } else { "" };
                        let bold = if first == Some(entry.name) { "**" } else { "" };
                        write!(out, " {bold}{}{bold}{dagger} |", number(median))
                    }
                };
            }
            let sansock = self.median_of(outcomes, SANSOCK);
            let best = self.first(outcomes, Entry::is_rival);
            let best = best.and_then(|name| self.median_of(outcomes, name));
            let ratio = |to: Option<f64>| match (sansock, to) {
                (Some(sansock), Some(to)) => format!("{:.2}", sansock / to),
                _ => "–".into(),
            };
            let spreads = outcomes.iter().filter_map(Outcome::figures);
            let spread = spreads.map(|figures| figures.nanoseconds.spread());
            let _ = writeln!(
                out,
                " {} | {} | {:.0} % |",
                ratio(limit),
                ratio(best),
                spread.fold(0.0, f64::max)
            );
        }
    }

    /// Writes how often each peer is first.
    fn write_standing(&self, out: &mut String) {
        let firsts = self.rows.iter().filter_map(|(_, outcomes)| self.first(outcomes, |_| true));
        let firsts: Vec<_> = firsts.collect();
        let _ = write!(out, "First of {} rows:", firsts.len());
        for entry in self.peers.iter().filter(|entry| entry.name != LIMIT) {
            let count = firsts.iter().filter(|&&name| name == entry.name).count();
            let _ = write!(out, " {} {count},", entry.name);
        }
        out.pop();
        out.push_str(".\n");
    }

    fn write_counts(
        &self,
        out: &mut String,
        what: &str,
        is_shown: impl Fn(&Row) -> bool,
        count: impl Fn(&Figures) -> f64,
    ) {
        out.push('\n');
        head(out, what, self.peers.iter().map(|entry| entry.name));
        for (row, outcomes) in self.rows.iter().filter(|(row, _)| is_shown(row)) {
            let _ = write!(out, "| {row} |");
            for outcome in outcomes {
                let _ = match outcome.figures().map(&count) {
                    None => write!(out, " – |"),
                    Some(0.0) => write!(out, " 0 |"),
                    Some(count) => write!(out, " {count:.2} |"),
                };
            }
            out.push('\n');
        }
    }

    fn write_memory(&self, out: &mut String) {
        out.push('\n');
        head(out, "", self.peers.iter().map(|entry| entry.name));
        out.push_str("| bytes of an idle connection |");
        for bytes in &self.at_rest {
            let bytes = bytes.map_or("–".into(), |bytes| whole(bytes as f64));
            let _ = write!(out, " {bytes} |");
        }
        out.push('\n');
    }

    /// Writes what the dashes and daggers mean, each once.
    fn write_reasons(&self, out: &mut String) {
        let mut reasons = Vec::new();
        for (row, outcomes) in &self.rows {
            for (entry, outcome) in self.peers.iter().zip(outcomes) {
                let reason = match outcome {
                    Outcome::Measured(_) => continue,
                    Outcome::Refused(why) => format!("* – {}: {why}", entry.name),
                    Outcome::Wrong(why) => format!("* ‡ {}, {row}: {why}", entry.name),
                };
                if !reasons.contains(&reason) {
                    reasons.push(reason);
                }
            }
        }
        if !reasons.is_empty() {
            let _ = writeln!(out, "\n{}", reasons.join("\n"));
        }
    }

    /// Returns the fastest peer of those that `is_in` selects, without `limit`.
    fn first(&self, outcomes: &[Outcome], is_in: impl Fn(&Entry) -> bool) -> Option<&'static str> {
        let named = self.peers.iter().zip(outcomes);
        let timed = named
            .filter(|(entry, _)| entry.name != LIMIT && is_in(entry))
            .filter_map(|(entry, outcome)| Some((entry.name, outcome.median()?)));
        timed.min_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(name, _)| name)
    }

    fn median_of(&self, outcomes: &[Outcome], name: &str) -> Option<f64> {
        let at = self.peers.iter().position(|entry| entry.name == name)?;
        outcomes[at].median()
    }
}

fn head<'a>(out: &mut String, first: &str, columns: impl Iterator<Item = &'a str>) {
    let columns: Vec<_> = columns.collect();
    let _ = writeln!(out, "| {first} | {} |", columns.join(" | "));
    let _ = writeln!(out, "| --- |{}", " ---: |".repeat(columns.len()));
}

/// Returns a number with three significant digits.
pub fn number(value: f64) -> String {
    if value < 99.95 { format!("{value:.1}") } else { whole(value) }
}

/// Returns all digits before the decimal point, with groups of thousands.
pub fn whole(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut grouped = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            grouped.push(' ');
        }
        grouped.push(digit);
    }
    grouped
}
