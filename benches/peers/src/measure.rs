//! Times a row: all peers in turn, in rounds.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crate::allocations;
use crate::check::check;
use crate::peers::{Contender, Entry, LIMIT, READ_BUFFER};
use crate::rows::{Kind, Message, Role, Row, Shape, Work};
use crate::stopwatch::{Samples, Summary, cpu_time, time};
use crate::transport;

/// The outcome of one peer in one row.
pub enum Outcome {
    Measured(Figures),
    /// It cannot do that, with the reason.
    Refused(&'static str),
    /// It does something else, with a description.
    Wrong(String),
}

/// All figures are for one message.
pub struct Figures {
    pub nanoseconds: Summary,
    pub rounds: usize,
    pub allocations: f64,
    pub reads: f64,
    pub writes: f64,
}

impl Outcome {
    pub fn figures(&self) -> Option<&Figures> {
        match self {
            Outcome::Measured(figures) => Some(figures),
            _ => None,
        }
    }

    pub fn median(&self) -> Option<f64> {
        self.figures().map(|figures| figures.nanoseconds.median)
    }
}

/// Reading the clock twice in a round takes some hundred nanoseconds. A round is long compared with
/// that.
const MIN_ROUND: u64 = 200_000;
/// What ran before has an effect for this long. A processor lowers its clock for some instructions
/// (AVX-512), and raises it again half a millisecond after the last of them.
const WARM_UP: u64 = 1_000_000;
const MIN_ROUNDS: usize = 15;
/// A peer so slow that the time for the row ends earlier runs fewer rounds.
const MIN_ROUNDS_OF_SLOW: usize = 5;
const SLOW_ROUND: u64 = 20_000_000;

/// Checks each peer, and measures those that do the work.
pub fn measure(row: &Row, peers: &[&Entry], budget: Duration) -> Vec<Outcome> {
    let message = row.message();
    let stream = row.stream(&message);
    let prepared = peers.iter().map(|entry| prepare(entry, row, &message, &stream));
    let mut runners: Vec<_> = prepared.collect();
    let mut order: Vec<usize> = (0..runners.len()).filter(|&i| runners[i].is_ok()).collect();
    let start = Instant::now();
    while !order.is_empty() {
        let is_over = start.elapsed() >= budget;
        order.retain(|&i| runners[i].as_ref().is_ok_and(|runner| !is_over || runner.needs_more()));
        fastrand::shuffle(&mut order);
        for &i in &order {
            if let Ok(runner) = &mut runners[i] {
                runner.run(row, &message);
            }
        }
    }
    runners
        .into_iter()
        .map(|runner| match runner {
            Ok(runner) => Outcome::Measured(runner.finish(row, &message)),
            Err(outcome) => outcome,
        })
        .collect()
}

/// A peer with a connection that passed the check.
struct Runner {
    peer: Box<dyn Contender>,
    /// Messages a round.
    count: usize,
    last: u64,
    samples: Samples,
}

fn prepare(
    entry: &Entry,
    row: &Row,
    message: &Message,
    stream: &Arc<[u8]>,
) -> Result<Runner, Outcome> {
    if let Some(why) = (entry.refusal)(row) {
        return Err(Outcome::Refused(why));
    }
    check(entry, row, message, stream).map_err(Outcome::Wrong)?;
    let mut peer = (entry.open)(row.role, row.transport(stream));
    peer.work(row.work, message, row.count());
    let once = time(|| peer.work(row.work, message, row.count()));
    let passes = MIN_ROUND.div_ceil(once.max(1)).max(1) as usize;
    Ok(Runner { peer, count: row.count() * passes, last: 0, samples: Samples::default() })
}

impl Runner {
    /// Warms up the clock and the caches with the peer's work, and then times a round.
    fn run(&mut self, row: &Row, message: &Message) {
        let start = cpu_time();
        while cpu_time() - start < WARM_UP {
            self.peer.work(row.work, message, self.count);
        }
        self.last = time(|| self.peer.work(row.work, message, self.count));
        self.samples.push(self.last as f64 / self.count as f64);
    }

    fn needs_more(&self) -> bool {
        let least = if self.last > SLOW_ROUND { MIN_ROUNDS_OF_SLOW } else { MIN_ROUNDS };
        self.samples.len() < least
    }

    /// Counts what cannot be counted while it is timed.
    fn finish(mut self, row: &Row, message: &Message) -> Figures {
        let before = transport::reads_and_writes();
        let work = || self.peer.work(row.work, message, row.count());
        let ((), allocated) = allocations::count(work);
        let after = transport::reads_and_writes();
        let count = row.count() as f64;
        Figures {
            rounds: self.samples.len(),
            nanoseconds: self.samples.summary(),
            allocations: allocated.count as f64 / count,
            reads: (after.0 - before.0) as f64 / count,
            writes: (after.1 - before.1) as f64 / count,
        }
    }
}

/// Returns the bytes that a server's connection holds when it has echoed one message of 125 bytes
/// and is idle.
///
/// They are the structure and its heap, without the transport and without what connections share.
/// `None` for `limit`, whose buffers are only for speed.
pub fn bytes_at_rest(entry: &Entry) -> Option<usize> {
    if entry.name == LIMIT {
        return None;
    }
    let row = Row {
        work: Work::Echo,
        role: Role::Server,
        kind: Kind::Binary,
        shape: Shape::Whole,
        len: 125,
    };
    let message = row.message();
    let mut stream = row.stream(&message);
    stream = stream[..stream.len() / row.count()].into();
    let mut live = 0;
    // In the second pass, what is allocated once for all connections exists already.
    for _ in 0..2 {
        let transport = row.transport(&stream);
        let (peer, allocated) = allocations::count(|| {
            let mut peer = (entry.open)(row.role, transport);
            peer.work(row.work, &message, 1);
            peer.rest();
            peer
        });
        drop(peer);
        live = usize::try_from(allocated.live).expect("more is allocated than is freed");
    }
    let shared = if entry.shares_buffer { READ_BUFFER.load(Ordering::Relaxed) } else { 0 };
    Some(live - entry.boxed - shared + entry.structure)
}
