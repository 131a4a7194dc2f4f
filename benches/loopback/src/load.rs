//! A client that costs little: it writes frames that were prepared, and counts the bytes that come
//! back.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

use crate::{Failure, handshake, sockets};

/// What is sent again and again.
#[derive(Clone, Copy, Debug)]
pub struct Traffic {
    pub connections: usize,
    /// The bytes of a payload.
    pub payload: usize,
    /// How many messages of a connection are on their way.
    pub window: usize,
}

/// Clients that are connected.
pub struct Load {
    poll: Poll,
    connections: Vec<Connection>,
    /// A window of frames.
    frames: Vec<u8>,
    frame_len: usize,
    echo_len: usize,
    memory: Vec<u8>,
}

struct Connection {
    stream: TcpStream,
    /// How many bytes of frames are to be written.
    to_write: usize,
    /// Where in a frame the next of them is.
    offset: usize,
    /// When the messages were sent whose echoes are not here yet.
    sent: VecDeque<Instant>,
    /// How many bytes of an echo have come that is not whole.
    received: usize,
}

/// What was echoed in a time.
#[derive(Debug, Default)]
pub struct Echoed {
    pub elapsed: Duration,
    /// In nanoseconds, of each message.
    pub latencies: Vec<u32>,
}

impl Load {
    /// Connects, and sends one message on each connection, whose echo is compared.
    ///
    /// # Errors
    ///
    /// If an echo is another one.
    pub fn connect(port: u16, traffic: Traffic) -> Result<Load, Failure> {
        let payload: Vec<u8> = (0..traffic.payload).map(|i| (i * 7 + i / 251) as u8).collect();
        let (frame, echo) = (frame(0x82, &payload, Some(KEY)), frame(0x82, &payload, None));
        let poll = Poll::new()?;
        let mut memory = vec![0; echo.len().max(256 << 10)];
        let mut connections = Vec::with_capacity(traffic.connections);
        for i in 0..traffic.connections {
            let mut stream = sockets::connect(port)?;
            handshake::connect(&mut stream)?;
            stream.write_all(&frame)?;
            let read = memory.get_mut(..echo.len()).ok_or("no memory")?;
            stream.read_exact(read)?;
            if read != echo {
                return Err("an echo is not what was sent".into());
            }
            stream.set_nonblocking(true)?;
            let mut stream = TcpStream::from_std(stream);
            let interest = Interest::READABLE | Interest::WRITABLE;
            poll.registry().register(&mut stream, Token(i), interest)?;
            let sent = VecDeque::with_capacity(traffic.window);
            connections.push(Connection { stream, to_write: 0, offset: 0, sent, received: 0 });
        }
        let frames = frame.repeat(traffic.window);
        let (frame_len, echo_len) = (frame.len(), echo.len());
        let mut load = Load { poll, connections, frames, frame_len, echo_len, memory };
        load.begin(traffic.window)?;
        Ok(load)
    }

    /// Sends the first messages.
    fn begin(&mut self, window: usize) -> io::Result<()> {
        let now = Instant::now();
        for connection in &mut self.connections {
            connection.sent.extend(std::iter::repeat_n(now, window));
            connection.to_write = window * self.frame_len;
            connection.write(&self.frames, self.frame_len)?;
        }
        Ok(())
    }

    /// Sends a message for each that comes back, for some time.
    ///
    /// # Errors
    ///
    /// If a connection ends.
    pub fn run(&mut self, time: Duration) -> io::Result<Echoed> {
        let start = Instant::now();
        let mut echoed = Echoed::default();
        let mut events = Events::with_capacity(1024);
        while echoed.elapsed < time {
            self.poll.poll(&mut events, Some(Duration::from_millis(100)))?;
            for event in &events {
                let Some(connection) = self.connections.get_mut(event.token().0) else { continue };
                if event.is_readable() {
                    connection.read(
                        &mut self.memory,
                        self.echo_len,
                        self.frame_len,
                        &mut echoed,
                    )?;
                }
                connection.write(&self.frames, self.frame_len)?;
            }
            echoed.elapsed = start.elapsed();
        }
        Ok(echoed)
    }
}

impl Connection {
    fn read(
        &mut self,
        memory: &mut [u8],
        echo_len: usize,
        frame_len: usize,
        echoed: &mut Echoed,
    ) -> io::Result<()> {
        loop {
            let len = match self.stream.read(memory) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(len) => len,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            };
            let now = Instant::now();
            self.received += len;
            while self.received >= echo_len {
                self.received -= echo_len;
                let sent = self.sent.pop_front().unwrap_or(now);
                echoed.latencies.push((now - sent).as_nanos() as u32);
                self.sent.push_back(now);
                self.to_write += frame_len;
            }
            // With less than was asked for, there is an event when more has come.
            if len < memory.len() {
                return Ok(());
            }
        }
    }

    fn write(&mut self, frames: &[u8], frame_len: usize) -> io::Result<()> {
        while self.to_write > 0 {
            let len = self.to_write.min(frames.len() - self.offset);
            match self.stream.write(&frames[self.offset..self.offset + len]) {
                Ok(len) => {
                    self.to_write -= len;
                    self.offset = (self.offset + len) % frame_len;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// Returns a frame with this first byte, RFC 6455 §5.2.
pub fn frame(first: u8, payload: &[u8], key: Option<[u8; 4]>) -> Vec<u8> {
    let mask = if key.is_some() { 0x80 } else { 0 };
    let mut frame = vec![first];
    match payload.len() {
        len @ ..126 => frame.push(mask | len as u8),
        len @ 126..=0xFFFF => {
            frame.push(mask | 126);
            frame.extend((len as u16).to_be_bytes());
        }
        len => {
            frame.push(mask | 127);
            frame.extend((len as u64).to_be_bytes());
        }
    }
    frame.extend(key.into_iter().flatten());
    let key = key.unwrap_or_default();
    frame.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
    frame
}

/// The mask key of all frames.
pub const KEY: [u8; 4] = [0x37, 0xFA, 0x21, 0x3D];
