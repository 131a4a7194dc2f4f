//! One direction of a transport: a buffer, a bandwidth, a latency, and faults.

use std::collections::VecDeque;

use super::random::Random;

/// One direction, from one end's writes to the other's reads. Times are in milliseconds.
pub(crate) struct Pipe {
    pub(crate) capacity: usize,
    pub(crate) micros_a_byte: u64,
    pub(crate) latency: u64,
    /// The number of bytes that travel together.
    pub(crate) packet: usize,
    /// The times from and to which nothing arrives, in order.
    pub(crate) stalls: Vec<(u64, u64)>,
    pub(crate) cut: Option<Cut>,
    in_flight: VecDeque<Packet>,
    len: usize,
    /// When all written bytes will have been sent, in microseconds.
    busy_until: u64,
    /// When the last of them arrives.
    last_arrival: u64,
    /// When the end of the stream arrives.
    eof: u64,
    has_reader: bool,
}

/// A fault that ends a direction.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cut {
    /// It breaks, and both ends notice.
    Break(u64),
    /// Nothing arrives any more, and neither end notices.
    BlackHole(u64),
}

struct Packet {
    arrival: u64,
    bytes: Vec<u8>,
}

pub(crate) enum Read {
    Bytes(Vec<u8>),
    Nothing,
    Eof,
}

/// The error of a write to a pipe without a reader.
#[derive(Debug)]
pub(crate) struct Broken;

pub(crate) const NEVER: u64 = u64::MAX;

impl Pipe {
    pub(crate) fn new() -> Pipe {
        Pipe {
            capacity: 1000,
            micros_a_byte: 10,
            latency: 10,
            packet: 100,
            stalls: Vec::new(),
            cut: None,
            in_flight: VecDeque::new(),
            len: 0,
            busy_until: 0,
            last_arrival: 0,
            eof: NEVER,
            has_reader: true,
        }
    }

    /// Takes as many bytes as there is room for, or fewer. Returns their number.
    pub(crate) fn write(
        &mut self,
        now: u64,
        bytes: &[u8],
        random: &mut Random,
    ) -> Result<usize, Broken> {
        let is_broken = matches!(self.cut, Some(Cut::Break(at)) if at <= now);
        if is_broken || !self.has_reader && !self.discards(now) {
            return Err(Broken);
        }
        let mut len = bytes.len().min(self.capacity - self.len);
        if len > 1 && random.chance(30) {
            len = random.between(1, len as u64) as usize;
        }
        for bytes in bytes[..len].chunks(self.packet) {
            let sent = self.busy_until.max(1000 * now) + self.micros_a_byte * bytes.len() as u64;
            self.busy_until = sent;
            let arrival = self.arrival(sent.div_ceil(1000));
            self.in_flight.push_back(Packet { arrival, bytes: bytes.to_vec() });
        }
        self.len += len;
        Ok(len)
    }

    /// Takes what has arrived, at most `max` bytes.
    pub(crate) fn read(&mut self, now: u64, max: usize) -> Read {
        let Some(packet) = self.in_flight.front_mut().filter(|packet| packet.arrival <= now) else {
            let is_over = self.eof <= now || matches!(self.cut, Some(Cut::Break(at)) if at <= now);
            return if is_over { Read::Eof } else { Read::Nothing };
        };
        let bytes: Vec<u8> = packet.bytes.drain(..max.min(packet.bytes.len())).collect();
        if packet.bytes.is_empty() {
            self.in_flight.pop_front();
        }
        self.len -= bytes.len();
        Read::Bytes(bytes)
    }

    /// Ends the writing half. The end arrives after everything that was written.
    pub(crate) fn shut_down(&mut self, now: u64) {
        if self.eof == NEVER {
            self.eof = self.arrival(now);
        }
    }

    pub(crate) fn drop_reader(&mut self) {
        self.has_reader = false;
    }

    /// Returns when the next bytes, or the end, will arrive.
    pub(crate) fn next_arrival(&self, now: u64) -> u64 {
        let packet = self.in_flight.iter().map(|packet| packet.arrival).find(|at| *at > now);
        let cut = match self.cut {
            Some(Cut::Break(at)) => at,
            _ => NEVER,
        };
        let later = |at| if at > now { at } else { NEVER };
        packet.unwrap_or(NEVER).min(later(self.eof)).min(later(cut))
    }

    /// Returns the longest time that written bytes may take to arrive without a cut.
    pub(crate) fn worst(&self, bytes: usize) -> u64 {
        let stalls: u64 = self.stalls.iter().map(|(from, to)| to - from).sum();
        self.latency + stalls + (self.micros_a_byte * bytes as u64).div_ceil(1000)
    }

    /// Returns when something arrives that is sent at `sent`.
    fn arrival(&mut self, sent: u64) -> u64 {
        let mut arrival = (sent + self.latency).max(self.last_arrival);
        for (from, to) in &self.stalls {
            if (*from..*to).contains(&arrival) {
                arrival = *to;
            }
        }
        self.last_arrival = arrival;
        if self.discards(arrival) { NEVER } else { arrival }
    }

    fn discards(&self, arrival: u64) -> bool {
        matches!(self.cut, Some(Cut::BlackHole(at)) if at <= arrival)
    }
}
