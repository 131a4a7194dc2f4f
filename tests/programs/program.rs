//! An example that runs, with pipes to its standard streams.

use std::env::consts::EXE_SUFFIX;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

/// An example that runs. It is killed when this is dropped.
pub(crate) struct Program {
    child: Child,
    input: Option<ChildStdin>,
    output: Receiver<String>,
    errors: Receiver<String>,
}

/// How a program ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: Option<i32>,
    /// Its standard output, as far as it was not read before.
    pub(crate) output: String,
    /// Its standard error, likewise.
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

    /// The next line of standard output.
    pub(crate) fn line(&self) -> String {
        next(&self.output).expect("a line of output")
    }

    /// The next line of standard error.
    pub(crate) fn error_line(&self) -> String {
        next(&self.errors).expect("a line of standard error")
    }

    /// Gives the program this as standard input, as fast as it reads.
    pub(crate) fn write(&mut self, input: Vec<u8>) {
        let mut pipe = self.input.take().unwrap();
        // A program that ends before it has read all breaks the pipe.
        thread::spawn(move || pipe.write_all(&input));
    }

    /// Ends standard input.
    pub(crate) fn end_input(&mut self) {
        self.input = None;
    }

    /// Waits for the program to end by itself. Its standard input is left as it is.
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

/// The file of an example. Plain `cargo test` builds it, but with `--test programs` it does not, and
/// what is missing or older than its source would show nothing.
fn built(name: &str) -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let directory = tests.ancestors().nth(2).unwrap().join("examples");
    let file = directory.join(format!("{name}{EXE_SUFFIX}"));
    let modified = |file: &Path| file.metadata().and_then(|metadata| metadata.modified()).ok();
    // As cargo writes them: the program, a colon, and all that it is made of.
    let sources = std::fs::read_to_string(directory.join(format!("{name}.d"))).unwrap_or_default();
    let newest =
        sources.split_whitespace().skip(1).filter_map(|file| modified(file.as_ref())).max();
    let is_current = newest.is_some() && newest <= modified(&file);
    assert!(is_current, "{file:?} is not current: cargo build --all-features --examples");
    file
}

/// Reads lines on a thread of its own, so that a test can stop waiting for them.
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

/// Far more than any program here takes: it bounds a test that fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
