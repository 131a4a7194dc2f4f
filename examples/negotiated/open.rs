//! An endpoint and its stream: what the server and the client do alike in every turn.

use std::io::{self, ErrorKind, Read};
use std::time::Duration;

use sansock::endpoint::Endpoint;
use sansock::timer::Expired;
use sansock::{CloseStatus, TransportAction};

use crate::stream::{Stream, Transport};

/// An endpoint, and the stream that carries its bytes.
pub(crate) struct Open<T> {
    pub(crate) stream: Stream<T>,
    pub(crate) endpoint: Endpoint,
}

impl<T: Transport> Open<T> {
    /// Writes as much as the transport takes: the output of the endpoint, and the records of TLS.
    ///
    /// # Errors
    ///
    /// Those of the transport, except `WouldBlock`.
    pub(crate) fn write(&mut self) -> io::Result<()> {
        self.endpoint.output().try_write_to(&mut self.stream)?;
        self.stream.flush_tls().map(drop)
    }

    /// Returns `true` if something waits for the transport to become writable.
    pub(crate) fn wants_write(&self) -> bool {
        self.endpoint.has_output() || self.stream.has_records()
    }

    /// Looks at the deadlines. Returns the next one.
    ///
    /// # Errors
    ///
    /// The one that has passed.
    pub(crate) fn poll(&mut self, now: Duration) -> Result<Option<Duration>, Expired> {
        if self.stream.has_records() {
            self.endpoint.flush_waits();
        }
        self.endpoint.poll(now)
    }

    /// Does what the endpoint says about the transport. Returns `true` if it is to be dropped.
    ///
    /// # Errors
    ///
    /// Those of the transport, except `WouldBlock`.
    pub(crate) fn obey(&mut self) -> io::Result<bool> {
        if self.endpoint.transport_action() == TransportAction::ShutdownWrite {
            if !self.stream.shut_down()? {
                return Ok(false); // when the transport is writable
            }
            self.endpoint.sent_eof();
        }
        Ok(self.endpoint.transport_action() == TransportAction::Disconnect)
    }
}

impl<T: Transport> Read for Open<T> {
    /// Reads what the peer has sent. Once its Close was received, it is no loss how the transport
    /// ends, so an end without a `close_notify` of TLS is an end like any other.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.stream.read(buffer) {
            Err(error)
                if error.kind() == ErrorKind::UnexpectedEof
                    && self.endpoint.close_status() != CloseStatus::Abnormal =>
            {
                Ok(0)
            }
            outcome => outcome,
        }
    }
}
