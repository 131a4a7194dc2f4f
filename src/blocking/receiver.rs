//! Receiving by a blocking WebSocket, whole or as a half.

use core::mem;
use std::io;

use super::error::{Error, would_block};
use super::wire::Wire;
use crate::connection::{CloseStatus, Event, TransportAction};
use crate::endpoint;
use crate::message::{Message, ReadBuffer};

/// The receiving side of a WebSocket: what it has read, and the steps from there to its end.
pub(super) struct Receiver<W> {
    pub(super) wire: W,
    pub(super) input: ReadBuffer,
    /// Whether the iterator has returned its last item.
    is_over: bool,
    /// Whether what was read has been received, so that more has to be read.
    is_drained: bool,
    /// Whether the last read would have blocked, and the program knows.
    has_blocked: bool,
}

impl<W> Receiver<W> {
    pub(super) fn new(wire: W) -> Self {
        Receiver {
            wire,
            input: ReadBuffer::new(),
            is_over: false,
            is_drained: false,
            has_blocked: false,
        }
    }

    /// Returns the same with the first half of its wire, and the other half.
    pub(super) fn split_wire<V, T>(self, split: impl FnOnce(W) -> (V, T)) -> (Receiver<V>, T) {
        let Receiver { wire, input, is_over, is_drained, has_blocked } = self;
        let (wire, other) = split(wire);
        (Receiver { wire, input, is_over, is_drained, has_blocked }, other)
    }
}

impl<W: Wire> Receiver<W> {
    /// Waits for the next message: see [`WebSocket::receive`](super::WebSocket::receive).
    pub(super) fn receive(&mut self) -> Result<Option<Message>, Error> {
        loop {
            while let Some((event, _)) = self.next_event()? {
                match event {
                    Event::Text(text) => return Ok(Some(Message::from(text))),
                    Event::Binary(data) => return Ok(Some(Message::from(data))),
                    Event::TextChunk { .. } | Event::BinaryChunk { .. } => {
                        return Err(Error::Streamed);
                    }
                    _ => {}
                }
            }
            if !self.fill()? {
                return Ok(None);
            }
        }
    }

    /// Does the same for an iterator, which ends with an error.
    pub(super) fn next_message(&mut self) -> Option<Result<Message, Error>> {
        if self.is_over {
            return None;
        }
        let received = self.receive();
        self.is_over = match &received {
            Ok(message) => message.is_none(),
            Err(error) => !error.is_would_block(),
        };
        received.transpose()
    }

    /// Returns the next event of what was read, with the wire beside it.
    pub(super) fn next_event(&mut self) -> Result<Option<(Event<'_>, &mut W)>, Error> {
        let Receiver { wire, input, is_drained, .. } = self;
        match wire.with(|endpoint| endpoint.receive_buffered(input)) {
            Ok(Some(endpoint::Event::Connection(event))) => {
                if matches!(event, Event::Ping(_) | Event::Close { .. }) {
                    // If this fails, the next call that writes fails too.
                    let _ = wire.flush();
                }
                Ok(Some((event, wire)))
            }
            // The opening handshake is over, so that there are no other events.
            Ok(_) => {
                *is_drained = true;
                Ok(None)
            }
            Err(error) => {
                let _ = wire.flush_last();
                Err(error.into())
            }
        }
    }

    /// Waits until something was read: see [`WebSocket::fill`](super::WebSocket::fill).
    pub(super) fn fill(&mut self) -> Result<bool, Error> {
        loop {
            if let Err(error) = self.wire.flush() {
                return self.disconnect_after(error);
            }
            match self.transport_action() {
                TransportAction::Continue => {
                    if !self.is_drained && !self.input.is_empty() {
                        return Ok(true);
                    }
                    self.read()?;
                    if self.transport_action() == TransportAction::Continue {
                        return Ok(true);
                    }
                }
                TransportAction::AwaitEof => match self.read() {
                    // What arrives after the end is discarded.
                    Ok(()) => while let Ok(Some(_)) = self.next_event() {},
                    Err(Error::Expired(_)) => self.note_eof(),
                    Err(error) => return Err(error),
                },
                TransportAction::Flush => {
                    self.wire.poll()?;
                    match self.wire.flush_last() {
                        Err(error) if error.is_would_block() => {
                            self.has_blocked = true;
                            return Err(error);
                        }
                        Err(error @ Error::Expired(_)) => return Err(error),
                        Err(error) => return self.disconnect_after(error),
                        Ok(()) => {}
                    }
                }
                TransportAction::ShutdownWrite => self.shut_down(),
                TransportAction::Disconnect => return self.disconnect(),
            }
        }
    }

    /// Reads until something has come. Returns `false` at the end of the transport.
    pub(super) fn read_some(&mut self) -> Result<bool, Error> {
        loop {
            // After a read that would have blocked, the program may have done something else. What
            // has arrived meanwhile is read before the peer is blamed for being silent.
            if !mem::take(&mut self.has_blocked) {
                self.wire.poll()?;
                self.flush_if_queued()?;
            }
            match self.wire.read(self.input.spare_mut()) {
                Ok(0) => return Ok(false),
                Ok(len) => {
                    self.input.mark_filled(len);
                    self.is_drained = false;
                    return Ok(true);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if would_block(&error) => self.check_after_wait(error)?,
                // TLS calls an end without close_notify so.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
                // After the closing handshake it is no loss how the transport ends.
                Err(_) if self.close_status() != CloseStatus::Abnormal => return Ok(false),
                Err(error) => return Err(error.into()),
            }
        }
    }

    pub(super) fn close_status(&mut self) -> CloseStatus {
        self.wire.with(|endpoint| endpoint.close_status())
    }

    fn transport_action(&mut self) -> TransportAction {
        self.wire.with(|endpoint| endpoint.transport_action())
    }

    /// Reads until something has come, or the transport has ended.
    fn read(&mut self) -> Result<(), Error> {
        if !self.read_some()? {
            self.wire.with(|endpoint| endpoint.receive_eof())?;
        }
        Ok(())
    }

    /// Checks the deadlines after a read that would block. Returns that error, unless a ping was
    /// sent whose pong is worth another read.
    fn check_after_wait(&mut self, error: io::Error) -> Result<(), Error> {
        let before = self.output_len();
        self.wire.poll()?;
        let is_ping_queued = self.output_len() > before;
        self.flush_if_queued()?;
        if is_ping_queued && self.output_len() == 0 {
            return Ok(());
        }
        self.has_blocked = true;
        Err(error.into())
    }

    fn output_len(&mut self) -> usize {
        self.wire.with(|endpoint| endpoint.output_len())
    }

    fn flush_if_queued(&mut self) -> Result<(), Error> {
        if self.output_len() > 0 { self.wire.flush() } else { Ok(()) }
    }

    /// Shuts down the writing half, or ends the connection if that is not possible. After the
    /// closing handshake it is no loss if the peer has ended the transport before.
    fn shut_down(&mut self) {
        if matches!(self.wire.shutdown_write(), Ok(true)) {
            self.wire.with(|endpoint| endpoint.sent_eof());
        } else {
            self.note_eof();
        }
    }

    /// Ends a connection whose output the transport does not take.
    fn disconnect_after(&mut self, error: Error) -> Result<bool, Error> {
        if self.close_status() == CloseStatus::Abnormal {
            return Err(error);
        }
        // After the peer's Close it is no loss if the transport takes no answer.
        self.note_eof();
        self.disconnect()
    }

    /// Lets the peer see the end of the transport, even if this is kept. Returns `false`.
    fn disconnect(&mut self) -> Result<bool, Error> {
        self.wire.disconnect();
        match self.close_status() {
            CloseStatus::Abnormal => Err(Error::UnexpectedEof),
            _ => Ok(false),
        }
    }

    /// Ends a connection that nobody waits for.
    fn note_eof(&mut self) {
        // An opening handshake is over here, which is the only thing that this could interrupt.
        let _ = self.wire.with(|endpoint| endpoint.receive_eof());
    }
}
