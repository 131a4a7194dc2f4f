//! This program again, in another process, and what the kernel knows of a process.

use std::io::{self, BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::{env, fs, mem};

use crate::Failure;

/// A process of this program that answers lines with lines. It ends when this is dropped.
pub struct Worker {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Worker {
    /// Starts this program with these arguments.
    ///
    /// # Errors
    ///
    /// If the system refuses.
    pub fn start(arguments: &[&str]) -> Result<Worker, Failure> {
        let mut command = Command::new(env::current_exe()?);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let input = child.stdin.take().ok_or("no input")?;
        let output = BufReader::new(child.stdout.take().ok_or("no output")?);
        Ok(Worker { child, input, output })
    }

    /// Waits for a line of numbers.
    ///
    /// # Errors
    ///
    /// If the process has ended.
    pub fn receive(&mut self) -> Result<Vec<u64>, Failure> {
        let mut line = String::new();
        if self.output.read_line(&mut line)? == 0 {
            return Err("a worker has ended".into());
        }
        Ok(line.split_whitespace().map(str::parse).collect::<Result<_, _>>()?)
    }

    /// Sends a line, and waits for one of numbers.
    ///
    /// # Errors
    ///
    /// If the process has ended.
    pub fn ask(&mut self, line: &str) -> Result<Vec<u64>, Failure> {
        writeln!(self.input, "{line}")?;
        self.receive()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Says numbers to the process that has started this one.
///
/// # Errors
///
/// If it has ended.
pub fn say(numbers: &[u64]) -> io::Result<()> {
    let line: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    let mut output = io::stdout().lock();
    writeln!(output, "{}", line.join(" "))?;
    output.flush()
}

/// Waits for a line of the process that has started this one. Returns `None` if it has ended.
pub fn next_line() -> Option<String> {
    io::stdin().lines().next()?.ok()
}

/// Returns how many bytes of this process are in memory.
///
/// # Errors
///
/// If `/proc` cannot be read.
pub fn resident() -> Result<u64, Failure> {
    let pages = fs::read_to_string("/proc/self/statm")?;
    let pages: u64 = pages.split_whitespace().nth(1).ok_or("no resident set")?.parse()?;
    Ok(pages * PAGE)
}

const PAGE: u64 = 4096;

/// What a process has used.
pub struct Usage {
    pub user_micros: u64,
    pub system_micros: u64,
    /// The most kilobytes that were in memory.
    pub peak: u64,
}

impl Usage {
    /// Returns what this process has used so far.
    pub fn now() -> Usage {
        // SAFETY: all of its fields are numbers, for which zero is a value.
        let mut usage: libc::rusage = unsafe { mem::zeroed() };
        // SAFETY: `usage` is writable.
        unsafe { libc::getrusage(libc::RUSAGE_SELF, &mut usage) };
        let micros = |time: libc::timeval| (time.tv_sec * 1_000_000 + time.tv_usec) as u64;
        let (user_micros, system_micros) = (micros(usage.ru_utime), micros(usage.ru_stime));
        // `ru_maxrss` begins with that of the process that has started this one.
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak = peak.and_then(|peak| peak.split_whitespace().next()?.parse().ok()).unwrap_or(0);
        Usage { user_micros, system_micros, peak }
    }
}

/// Raises the limit on open files as far as it goes. Returns it.
pub fn raise_open_files() -> u64 {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` is writable, and readable in the second call.
    unsafe {
        libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit);
        limit.rlim_cur = limit.rlim_max;
        libc::setrlimit(libc::RLIMIT_NOFILE, &limit);
    }
    limit.rlim_cur
}

/// Keeps this process on one processor, if there are two of them.
pub fn stay_on(processor: usize) {
    if std::thread::available_parallelism().map_or(1, usize::from) < 2 {
        return;
    }
    // SAFETY: a set of processors is numbers, for which zero is a value; it is readable.
    unsafe {
        let mut set: libc::cpu_set_t = mem::zeroed();
        libc::CPU_SET(processor, &mut set);
        libc::sched_setaffinity(0, size_of_val(&set), &set);
    }
}

/// The processor of servers, and that of clients.
pub const PROCESSORS: (usize, usize) = (1, 0);
