//! An endpoint with its transport.

use std::io;

use super::error::{Error, would_block};
use super::transport::Transport;
use crate::endpoint::Endpoint;
use crate::timer::{Clock, Expired};

/// An endpoint with its transport, as a receiver sees it.
pub(super) trait Wire {
    /// Calls `act` with the endpoint.
    fn with<T>(&mut self, act: impl FnOnce(&mut Endpoint) -> T) -> T;

    /// Waits until something was read.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize>;

    /// Writes what is queued, as much as the transport takes, or has it written.
    fn flush(&mut self) -> Result<(), Error>;

    /// Waits until the last output is written. If the transport takes no more, the error is one for
    /// which [`Error::is_would_block`] is `true`.
    fn flush_last(&mut self) -> Result<(), Error>;

    /// Checks the deadlines. If a Close frame says what has expired, it is written.
    fn poll(&mut self) -> Result<(), Error>;

    /// As [`Transport::shutdown_write`].
    fn shutdown_write(&mut self) -> io::Result<bool>;

    /// Lets the peer see the end of the transport.
    fn disconnect(&mut self);
}

/// An endpoint that owns its transport.
pub(super) struct Whole<S> {
    pub(super) stream: S,
    pub(super) endpoint: Endpoint,
    pub(super) clock: Clock,
}

impl<S: Transport> Whole<S> {
    /// Writes until a message can be queued.
    pub(super) fn make_room(&mut self) -> Result<(), Error> {
        if needs_room(&self.endpoint) {
            self.flush()?;
            if needs_room(&self.endpoint) {
                return Err(Error::would_block());
            }
        }
        Ok(())
    }
}

impl<S: Transport> Wire for Whole<S> {
    fn with<T>(&mut self, act: impl FnOnce(&mut Endpoint) -> T) -> T {
        act(&mut self.endpoint)
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.read(buffer)
    }

    fn flush(&mut self) -> Result<(), Error> {
        loop {
            let before = self.endpoint.output_len();
            if before > 0 {
                match self.endpoint.output().try_write_to(&mut self.stream) {
                    Err(error) if !would_block(&error) => return Err(error.into()),
                    _ => {}
                }
            }
            let is_flushed = match self.stream.flush() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) if !would_block(&error) => return Err(error.into()),
                outcome => outcome.is_ok(),
            };
            if !is_flushed {
                self.endpoint.flush_waits();
            }
            // A writer that buffers may take more now.
            let left = self.endpoint.output_len();
            if left == 0 || left == before || !is_flushed {
                return Ok(());
            }
        }
    }

    fn flush_last(&mut self) -> Result<(), Error> {
        self.flush()?;
        if self.endpoint.has_output() {
            return Err(Error::would_block());
        }
        Ok(())
    }

    fn poll(&mut self) -> Result<(), Error> {
        let polled = self.endpoint.poll(self.clock.now());
        if polled.is_err_and(says_why) {
            // If this fails, that is not what the program has to know.
            let _ = self.flush();
        }
        polled.map(drop).map_err(Error::Expired)
    }

    fn shutdown_write(&mut self) -> io::Result<bool> {
        self.stream.shutdown_write()
    }

    fn disconnect(&mut self) {
        let _ = self.stream.shutdown_write();
    }
}

/// Whether a message is refused until some output is written.
pub(super) fn needs_room(endpoint: &Endpoint) -> bool {
    endpoint.is_full() && endpoint.has_output()
}

/// Whether output tells the peer what has expired.
pub(super) fn says_why(expired: Expired) -> bool {
    matches!(expired, Expired::MessageTimeout | Expired::HandshakeTimeout)
}
