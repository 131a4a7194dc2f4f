//! Measures `sansock` and other WebSocket crates with the same frames.
//!
//! `cargo run --release`, see README.md.

mod allocations;
mod check;
mod measure;
mod peers;
mod plot;
mod rows;
mod stopwatch;
mod table;
mod transport;

use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::{env, fs};

use peers::Entry;
use rows::Row;
use table::Results;

const USAGE: &str = "\
usage: cargo run --release -- [OPTIONS] [FILTER]

FILTER is a part of a row's name, such as 'server decode 125'.

  --check              only whether every peer does every row's work
  --peers A,B          only these peers
  --seconds-per-row S  time for a row, with all peers (default 2)
  --read-buffer KIB    what is read into where the caller does the reading (default 16)
  --csv FILE           writes all figures there
  --svg DIR            draws them there
  --machine TEXT       what to say of the machine";

struct Arguments {
    filter: String,
    peers: Vec<&'static Entry>,
    budget: Duration,
    is_check: bool,
    csv: Option<PathBuf>,
    svg: Option<PathBuf>,
    machine: Option<String>,
}

fn main() -> ExitCode {
    let arguments = match Arguments::parse(env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(message) => {
            eprintln!("{message}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let mut rows = Row::all();
    rows.retain(|row| row.to_string().contains(&arguments.filter));
    if arguments.is_check {
        return check_all(&arguments, &rows);
    }
    match report(&arguments, rows) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Fails if `sansock` or `limit` do not do the work. The others are not judged here.
fn check_all(arguments: &Arguments, rows: &[Row]) -> ExitCode {
    let mut is_ours_right = true;
    for row in rows {
        let message = row.message();
        let stream = row.stream(&message);
        for entry in &arguments.peers {
            if (entry.refusal)(row).is_some() {
                continue;
            }
            if let Err(why) = check::check(entry, row, &message, &stream) {
                eprintln!("{row}: {}: {why}", entry.name);
                is_ours_right &= entry.is_rival();
            }
        }
    }
    println!("{} rows checked with {} peers", rows.len(), arguments.peers.len());
    if is_ours_right { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn report(arguments: &Arguments, rows: Vec<Row>) -> Result<(), std::io::Error> {
    let total = rows.len();
    let mut measured = Vec::new();
    for (i, row) in rows.into_iter().enumerate() {
        eprintln!("{}/{total} {row}", i + 1);
        measured.push((row, measure::measure(&row, &arguments.peers, arguments.budget)));
    }
    let results = Results {
        peers: arguments.peers.clone(),
        rows: measured,
        at_rest: arguments.peers.iter().map(|entry| measure::bytes_at_rest(entry)).collect(),
        machine: arguments.machine.clone().unwrap_or_else(machine),
    };
    print!("{}", results.markdown());
    if let Some(file) = &arguments.csv {
        fs::write(file, results.csv())?;
    }
    if let Some(directory) = &arguments.svg {
        fs::create_dir_all(directory)?;
        for (name, picture) in plot::all(&results) {
            fs::write(directory.join(name), picture)?;
        }
    }
    Ok(())
}

impl Arguments {
    fn parse(mut given: impl Iterator<Item = String>) -> Result<Arguments, String> {
        let mut arguments = Arguments {
            filter: String::new(),
            peers: peers::ALL.iter().collect(),
            budget: Duration::from_secs(2),
            is_check: false,
            csv: None,
            svg: None,
            machine: None,
        };
        while let Some(argument) = given.next() {
            let mut value = || given.next().ok_or(format!("{argument} wants a value"));
            match argument.as_str() {
                "--check" => arguments.is_check = true,
                "--csv" => arguments.csv = Some(value()?.into()),
                "--svg" => arguments.svg = Some(value()?.into()),
                "--machine" => arguments.machine = Some(value()?),
                "--peers" => arguments.peers = named(&value()?)?,
                "--read-buffer" => {
                    let kib = value()?.parse::<usize>().ok().filter(|&kib| kib > 0);
                    let kib = kib.ok_or("--read-buffer wants a number")?;
                    peers::READ_BUFFER.store(kib << 10, Ordering::Relaxed);
                }
                "--seconds-per-row" => {
                    let seconds = value()?.parse().ok();
                    let budget = seconds.and_then(|s| Duration::try_from_secs_f64(s).ok());
                    arguments.budget = budget.ok_or("--seconds-per-row wants a number")?;
                }
                _ if argument.starts_with('-') => return Err(format!("{argument} is unknown")),
                _ => arguments.filter = argument,
            }
        }
        Ok(arguments)
    }
}

fn named(names: &str) -> Result<Vec<&'static Entry>, String> {
    let find = |name| peers::ALL.iter().find(|entry| entry.name == name);
    let known = || peers::ALL.iter().map(|entry| entry.name).collect::<Vec<_>>().join(", ");
    names
        .split(',')
        .map(|name| find(name).ok_or_else(|| format!("no peer is {name}; there are {}", known())))
        .collect()
}

/// Returns a description of the machine that was measured.
fn machine() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split(": ").nth(1));
    let model = model.unwrap_or(env::consts::ARCH);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let rustc = Command::new("rustc").arg("-V").output();
    let rustc = rustc.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_string());
    let features: Vec<_> = ["avx2", "avx512bw"]
        .into_iter()
        .filter(|&feature| info.split_whitespace().any(|word| word == feature))
        .collect();
    format!("{model}, {cores} cores, {}, {}", features.join(" and "), rustc.unwrap_or_default())
}
