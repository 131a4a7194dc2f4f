//! An endpoint that is driven by `io_uring`.

use std::future::Future;
use std::io::{self, ErrorKind};
use std::mem;
use std::net::Shutdown;
use std::pin::pin;
use std::time::Duration;

use sansock::bytes::{Buf, Bytes};
use sansock::endpoint::{Endpoint, Event};
use sansock::timer::Clock;
use sansock::{CloseStatus, Event as Ws, Input, Message, TransportAction};
use tokio_uring::net::TcpStream;

pub(crate) type Error = Box<dyn std::error::Error>;

/// A WebSocket whose reads and writes are operations of `io_uring`.
pub(crate) struct WebSocket {
    stream: TcpStream,
    pub(crate) endpoint: Endpoint,
    clock: Clock,
    /// What was read. The kernel has it while it reads.
    buffer: Vec<u8>,
    /// How much of it was taken.
    taken: usize,
}

impl WebSocket {
    pub(crate) fn new(stream: TcpStream, endpoint: Endpoint, clock: Clock) -> WebSocket {
        WebSocket { stream, endpoint, clock, buffer: Vec::with_capacity(CAPACITY), taken: 0 }
    }

    /// Does the opening handshake.
    pub(crate) async fn open(&mut self) -> Result<(), Error> {
        while self.endpoint.is_opening() {
            self.flush().await?;
            self.read().await?;
            let taken = loop {
                match self.take() {
                    Ok(Some(_)) if self.endpoint.is_opening() => {}
                    taken => break taken,
                }
            };
            self.flush().await?;
            taken?;
        }
        Ok(())
    }

    /// Waits for the next message. Returns `None` after the closing handshake.
    pub(crate) async fn receive(&mut self) -> Result<Option<Message>, Error> {
        loop {
            loop {
                match self.take() {
                    Ok(None) => break,
                    Ok(Some(None)) => {}
                    Ok(Some(message)) => return Ok(message),
                    Err(error) => {
                        // The output says why.
                        self.flush().await?;
                        return Err(error);
                    }
                }
            }
            self.flush().await?;
            match self.endpoint.transport_action() {
                TransportAction::Disconnect => {
                    return match self.endpoint.close_status() {
                        CloseStatus::Abnormal => {
                            Err(io::Error::from(ErrorKind::UnexpectedEof).into())
                        }
                        _ => Ok(None),
                    };
                }
                TransportAction::ShutdownWrite => {
                    self.stream.shutdown(Shutdown::Write)?;
                    self.endpoint.sent_eof();
                }
                _ => self.read().await?,
            }
        }
    }

    /// Sends a message, and waits until the socket has taken it.
    pub(crate) async fn send(&mut self, message: Message) -> Result<(), Error> {
        self.endpoint.send(message).map_err(sansock::connection::SendError::from)?;
        self.flush().await
    }

    /// Takes an event of what was read, and returns its message if it has one. Returns `None` if more
    /// has to be read.
    fn take(&mut self) -> Result<Option<Option<Message>>, Error> {
        let mut input = Input::new(self.buffer.get_mut(self.taken..).unwrap_or_default());
        let len = input.len();
        let message = match self.endpoint.receive(&mut input)? {
            None => None,
            Some(Event::Connection(Ws::Text(text))) => Some(Some(text.into())),
            Some(Event::Connection(Ws::Binary(data))) => Some(Some(data.into())),
            Some(_) => Some(None),
        };
        self.taken += len - input.len();
        Ok(message)
    }

    /// Reads once.
    async fn read(&mut self) -> Result<(), Error> {
        let WebSocket { stream, endpoint, clock, buffer, taken } = self;
        let mut read = pin!(stream.read(mem::take(buffer)));
        let (outcome, returned) = loop {
            let due = endpoint.poll(clock.now())?;
            // A silent peer is sent a ping meanwhile.
            flush(stream, endpoint, clock).await?;
            if let Some(done) = until(due, clock, read.as_mut()).await {
                break done;
            }
        };
        (*buffer, *taken) = (returned, 0);
        match outcome {
            Ok(0) => {
                buffer.clear();
                endpoint.receive_eof()?;
            }
            Ok(len) => buffer.truncate(len),
            // After the closing handshake, it does not matter how the stream ends.
            Err(_) if endpoint.close_status() != CloseStatus::Abnormal => {
                buffer.clear();
                endpoint.receive_eof()?;
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Writes what is queued.
    pub(crate) async fn flush(&mut self) -> Result<(), Error> {
        flush(&self.stream, &mut self.endpoint, &self.clock).await
    }
}

async fn flush(stream: &TcpStream, endpoint: &mut Endpoint, clock: &Clock) -> Result<(), Error> {
    while endpoint.has_output() {
        let chunk = Bytes::copy_from_slice(endpoint.output().chunk());
        let mut write = pin!(stream.write(chunk).submit());
        let (written, _) = loop {
            endpoint.reading_paused();
            let due = endpoint.poll(clock.now())?;
            if let Some(done) = until(due, clock, write.as_mut()).await {
                break done;
            }
        };
        endpoint.output().advance(written?);
    }
    Ok(())
}

/// Waits for an operation until its deadline. The operation goes on after it: one that is dropped
/// could lose what it has read.
async fn until<T>(
    due: Option<Duration>,
    clock: &Clock,
    operation: impl Future<Output = T>,
) -> Option<T> {
    match due {
        Some(due) => tokio::time::timeout(due.saturating_sub(clock.now()), operation).await.ok(),
        None => Some(operation.await),
    }
}

const CAPACITY: usize = 16 << 10;
