//! A client's connection that is open.

use std::io::ErrorKind;
use std::time::Duration;

use sansock::endpoint::{Endpoint, Event};
use sansock::{Event as Ws, ReadBuffer};

use crate::error::ConnectError;
use crate::open::Open;
use crate::stream::Transport;

/// A client's connection, with a read buffer of its own.
pub(crate) struct Session<T> {
    pub(crate) open: Open<T>,
    /// May have bytes in it that came with the response.
    pub(crate) input: ReadBuffer,
}

/// What to do after a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Take the next turn when the transport is readable or writable, and at this time.
    Wait(Option<Duration>),
    /// Drop the transport.
    End,
}

impl<T: Transport> Session<T> {
    /// Does what is possible without waiting: reads, delivers, writes, looks at the deadlines, and
    /// ends the transport if it is time.
    ///
    /// # Errors
    ///
    /// Why the connection has failed. It is over then.
    pub(crate) fn turn(
        &mut self,
        now: Duration,
        mut deliver: impl FnMut(&mut Endpoint, Ws<'_>),
    ) -> Result<Turn, ConnectError> {
        let outcome = self.exchange(&mut deliver);
        self.open.write()?; // also after an error: the Close that tells the server
        outcome?;
        let deadline = self.open.poll(now);
        self.open.write()?; // perhaps a ping
        let is_over = self.open.obey()?;
        let deadline = deadline?;
        Ok(if is_over { Turn::End } else { Turn::Wait(deadline) })
    }

    /// Receives until the transport has nothing more.
    fn exchange(
        &mut self,
        deliver: &mut impl FnMut(&mut Endpoint, Ws<'_>),
    ) -> Result<(), ConnectError> {
        let Session { open, input } = self;
        loop {
            while let Some(event) = open.endpoint.receive_buffered(input)? {
                if let Event::Connection(event) = event {
                    deliver(&mut open.endpoint, event);
                }
            }
            open.write()?;
            // It reads on even if output waits. The server does not: if neither read before the other
            // did, both would wait for ever. What is read here adds no output but pongs.
            match input.read_from(open) {
                Ok(0) => return Ok(open.endpoint.receive_eof().map(drop)?),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    open.endpoint.release_buffers();
                    input.release_buffers();
                    return Ok(());
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}
