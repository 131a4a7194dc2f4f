//! An example program that runs, with pipes to its standard streams.

use std::env::consts::EXE_SUFFIX;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

/// An example program that runs. It is killed when this is dropped.
pub(crate) struct Program {
    child: Child,
    input: Option<ChildStdin>,
    output: Receiver<String>,
    errors: Receiver<String>,
}

/// The result of a program that has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: Option<i32>,
    /// Its standard output that was not read before.
    pub(crate) output: String,
    /// Its standard error that was not read before.
    pub(crate) errors: String,
}

impl Program {
    /// Runs the example with this name.
    pub(crate) fn start(name: &str, arguments: &[&str]) -> Program {
        let mut child = Command::new(built(name))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let input = child.stdin.take();
        let output = lines(child.stdout.take().unwrap());
        let errors = lines(child.stderr.take().unwrap());
        Program { child, input, output, errors }
    }

    /// Returns the next line of standard output.
    pub(crate) fn line(&self) -> String {
        next(&self.output).expect("a line of output")
    }

    /// Returns the next line of standard error.
    pub(crate) fn error_line(&self) -> String {
        next(&self.errors).expect("a line of standard error")
    }

    /// Writes `input` to the program's standard input, as fast as it reads.
    pub(crate) fn write(&mut self, input: Vec<u8>) {
        let mut pipe = self.input.take().unwrap();
        // If a program ends before it has read everything, the pipe breaks.
        thread::spawn(move || pipe.write_all(&input));
    }

    /// Closes standard input.
    pub(crate) fn end_input(&mut self) {
        self.input = None;
    }

    /// Waits for the program to end by itself. Its standard input stays as it is.
    pub(crate) fn end(mut self) -> Ended {
        let (output, errors) = (rest(&self.output), rest(&self.errors));
        let status = self.child.wait().unwrap().code();
        Ended { status, output, errors }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns the file of an example, and panics if it is missing or older than its sources.
///
/// Plain `cargo test` builds it, but `--test programs` does not, and would test an old program.
fn built(name: &str) -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let directory = tests.ancestors().nth(2).unwrap().join("examples");
    let file = directory.join(format!("{name}{EXE_SUFFIX}"));
    let modified = |file: &Path| file.metadata().and_then(|metadata| metadata.modified()).ok();
    // Cargo writes them as the program, a colon, and all its sources.
    let sources = std::fs::read_to_string(directory.join(format!("{name}.d"))).unwrap_or_default();
    let newest =
        sources.split_whitespace().skip(1).filter_map(|file| modified(file.as_ref())).max();
    let is_current = newest.is_some() && newest <= modified(&file);
    assert!(is_current, "{file:?} is not current: cargo build --all-features --examples");
    file
}

/// Reads lines on a separate thread, so that a test can stop waiting for them.
fn lines(pipe: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    receiver
}

fn next(lines: &Receiver<String>) -> Option<String> {
    match lines.recv_timeout(PATIENCE) {
        Ok(line) => Some(line),
        Err(RecvTimeoutError::Disconnected) => None,
        Err(RecvTimeoutError::Timeout) => panic!("the program neither writes nor ends"),
    }
}

fn rest(lines: &Receiver<String>) -> String {
    std::iter::from_fn(|| next(lines)).map(|line| line + "\n").collect()
}

/// Far more than any program here needs. It limits a test that fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
