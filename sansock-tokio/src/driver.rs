//! An endpoint over an asynchronous stream: what is read, written and timed at each poll.

mod memory;
mod write;

use std::io::ErrorKind;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use sansock::connection::{SendError, State};
use sansock::endpoint::{self, Endpoint};
use sansock::timer::Expired;
use sansock::{CloseStatus, Event, Message, TransportAction};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::Error;
use crate::pool::{self, Buffer};
use crate::timer::{self, Timer};
use crate::waiting::Waiting;

/// An endpoint with its stream.
pub(crate) struct Driver<S> {
    pub(crate) stream: S,
    pub(crate) endpoint: Endpoint,
    /// What was read and not yet delivered. `None` if there is nothing.
    input: Option<Box<Buffer>>,
    /// `None` for most connections.
    rare: Option<Box<Rare>>,
    pub(crate) timer: Timer,
    /// Whether the events of what was read are delivered, so that more has to be read.
    is_drained: bool,
    /// Whether the stream may hold what was written to it.
    is_unflushed: bool,
    /// Whether the output may have an answer to the peer's ping.
    owes_pong: bool,
    /// Whether the stream has refused a write. What has arrived before is still received.
    pub(crate) is_broken: bool,
    /// Whether another task may read while one waits to send.
    pub(crate) is_split: bool,
    /// Whether the last item of a stream of messages was returned.
    pub(crate) is_over: bool,
}

/// What most connections never have.
#[derive(Default)]
struct Rare {
    /// Why the endpoint has failed. It is returned once the peer has been told.
    failure: Option<Error>,
    /// The tasks that wait for the WebSocket as a stream and as a sink.
    waiting: Option<Arc<Waiting>>,
}

#[allow(clippy::ref_option, reason = "it is a field")]
fn has_failed(rare: &Option<Box<Rare>>) -> bool {
    rare.as_ref().is_some_and(|rare| rare.failure.is_some())
}

/// What one half may wait for while the other one acts.
#[derive(PartialEq)]
pub(crate) struct Progress {
    sent: u64,
    state: Option<State>,
    is_unflushed: bool,
    is_broken: bool,
}

/// What is not received yet, or an end.
type Polled<T> = Poll<Result<T, Error>>;

impl<S> Driver<S> {
    pub(crate) fn new(stream: S, endpoint: Endpoint) -> Self {
        Driver {
            stream,
            endpoint,
            input: None,
            rare: None,
            timer: Timer::default(),
            is_drained: false,
            is_unflushed: false,
            owes_pong: false,
            is_broken: false,
            is_split: false,
            is_over: false,
        }
    }

    /// Adds bytes that were read before.
    pub(crate) fn extend_input(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.input.get_or_insert_with(pool::take).extend_from_slice(bytes);
        }
    }

    /// Returns the stream, the endpoint, and the bytes that were read and not delivered.
    pub(crate) fn into_parts(mut self) -> (S, Endpoint, Vec<u8>) {
        let unread = self.input.take().map(|input| input.unread().to_vec()).unwrap_or_default();
        (self.stream, self.endpoint, unread)
    }

    /// Returns the next event of what was read, with the endpoint beside it. Notes a failure.
    pub(crate) fn next_event(&mut self) -> Option<(endpoint::Event<'_>, &mut Endpoint)> {
        let Driver { endpoint, input, rare, is_drained, owes_pong, .. } = self;
        let received = match input {
            Some(input) if !has_failed(rare) => input.take_with(|input| endpoint.receive(input)),
            _ => Ok(None),
        };
        match received {
            Ok(Some(event)) => {
                *owes_pong |= matches!(&event, endpoint::Event::Connection(Event::Ping(_)));
                return Some((event, endpoint));
            }
            Ok(None) => {}
            Err(error) => rare.get_or_insert_default().failure = Some(error.into()),
        }
        *is_drained = true;
        None
    }

    /// Returns the next message of what was read.
    fn next_message(&mut self) -> Result<Option<Message>, Error> {
        while let Some((event, _)) = self.next_event() {
            let endpoint::Event::Connection(event) = event else { continue };
            match event {
                Event::Text(text) => return Ok(Some(text.into())),
                Event::Binary(data) => return Ok(Some(data.into())),
                Event::TextChunk { .. } | Event::BinaryChunk { .. } => return Err(Error::Streamed),
                _ => {}
            }
        }
        Ok(None)
    }

    /// Returns how many bytes will have been written when all of the output is.
    pub(crate) fn output_end(&self) -> u64 {
        self.endpoint.bytes_sent() + self.endpoint.output_len() as u64
    }

    /// Returns an error if there is nobody to write to any more, and nothing to write.
    pub(crate) fn check_not_ended(&mut self) -> Result<(), Error> {
        let state = self.endpoint.connection().map(|ws| ws.state());
        if state == Some(State::Ended) && !self.has_unwritten() {
            return Err(SendError::Closing.into());
        }
        Ok(())
    }

    /// Returns the tasks that wait for the WebSocket as a stream and as a sink.
    pub(crate) fn waiting(&mut self) -> Arc<Waiting> {
        let rare = self.rare.get_or_insert_default();
        Arc::clone(rare.waiting.get_or_insert_default())
    }

    pub(crate) fn progress(&mut self) -> Progress {
        Progress {
            sent: self.endpoint.bytes_sent(),
            state: self.endpoint.connection().map(|ws| ws.state()),
            is_unflushed: self.is_unflushed,
            is_broken: self.is_broken,
        }
    }

    /// Whether a message is refused until some output is written.
    fn needs_room(&self) -> bool {
        self.endpoint.is_full() && self.endpoint.has_output()
    }

    /// Whether something waits to be written, by the endpoint or by the stream.
    fn has_unwritten(&self) -> bool {
        !self.is_broken && (self.endpoint.has_output() || self.is_unflushed)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Driver<S> {
    /// Waits for the next message. Returns `None` at the end of a connection that was closed.
    pub(crate) fn poll_receive(&mut self, context: &mut Context<'_>) -> Polled<Option<Message>> {
        loop {
            if let Some(message) = self.next_message()? {
                if self.input.as_ref().is_some_and(|input| input.is_empty()) {
                    self.release_input();
                }
                return Poll::Ready(Ok(Some(message)));
            }
            if !ready!(self.poll_fill(context))? {
                return Poll::Ready(Ok(None));
            }
        }
    }

    /// Does the same for a stream of messages, which ends with an error.
    pub(crate) fn poll_next(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Message, Error>>> {
        if self.is_over {
            return Poll::Ready(None);
        }
        let received = ready!(self.poll_receive(context)).transpose();
        self.is_over = !matches!(received, Some(Ok(_)));
        Poll::Ready(received)
    }

    /// Writes what is queued, and waits until something was read. Returns `false` at the end of a
    /// connection that was closed.
    pub(crate) fn poll_fill(&mut self, context: &mut Context<'_>) -> Polled<bool> {
        loop {
            let is_written = self.poll_write(context).is_ready();
            match self.endpoint.transport_action() {
                TransportAction::Continue => {
                    if !self.is_drained && self.input.is_some() {
                        return Poll::Ready(Ok(true));
                    }
                    if self.needs_room() && !self.is_broken && !self.is_split {
                        // Nothing is read whose answer could not be queued. Halves read on, because
                        // the peer may not read until what it sends is read.
                        self.endpoint.reading_paused();
                        ready!(self.poll_deadline(context))?;
                    } else if ready!(self.poll_read(context))? {
                        return Poll::Ready(Ok(true));
                    }
                }
                TransportAction::AwaitEof => match ready!(self.poll_read(context)) {
                    // What arrives after the end is discarded.
                    Ok(_) => self.discard_input(),
                    Err(Error::Expired(_)) => self.note_eof(),
                    Err(error) => return Poll::Ready(Err(error)),
                },
                TransportAction::Flush if self.is_broken => {
                    return Poll::Ready(self.disconnect(context));
                }
                TransportAction::Flush => {
                    if !is_written {
                        ready!(self.poll_deadline(context))
                            .map_err(|why| self.take_failure(why))?;
                    }
                }
                TransportAction::ShutdownWrite => ready!(self.poll_shutdown(context))?,
                TransportAction::Disconnect => return Poll::Ready(self.disconnect(context)),
            }
        }
    }

    /// Reads until something has come, or the stream has ended, or a deadline has passed, which is
    /// noted. Returns `false` if there is something to do before the connection goes on.
    fn poll_read(&mut self, context: &mut Context<'_>) -> Polled<bool> {
        loop {
            let input = self.input.get_or_insert_with(pool::take);
            let mut buffer = ReadBuf::new(input.spare_mut());
            match Pin::new(&mut self.stream).poll_read(context, &mut buffer) {
                Poll::Ready(Ok(())) => {
                    let len = buffer.filled().len();
                    if len == 0 {
                        return self.poll_end(context);
                    }
                    input.mark_filled(len);
                    self.is_drained = false;
                    let action = self.endpoint.transport_action();
                    return Poll::Ready(Ok(action == TransportAction::Continue));
                }
                Poll::Ready(Err(error)) if error.kind() == ErrorKind::Interrupted => {}
                Poll::Ready(Err(error)) => {
                    // TLS calls an end without close_notify so. After the closing handshake, or a
                    // failure, it does not matter how the stream ends.
                    let is_end = error.kind() == ErrorKind::UnexpectedEof
                        || has_failed(&self.rare)
                        || self.endpoint.close_status() != CloseStatus::Abnormal;
                    if !is_end {
                        return Poll::Ready(Err(error.into()));
                    }
                    return self.poll_end(context);
                }
                Poll::Pending => {
                    self.release_long();
                    // A deadline that has passed may have more to write, or be the end.
                    return self.poll_deadline(context).map_ok(|()| false);
                }
            }
        }
    }

    /// Takes the end of the stream, once all is written: the peer may still read, and nobody writes
    /// after the end. Returns `false`.
    fn poll_end(&mut self, context: &mut Context<'_>) -> Polled<bool> {
        if self.has_unwritten() {
            return self.poll_deadline(context).map_ok(|()| false);
        }
        Poll::Ready(self.receive_eof().map(|()| false))
    }

    /// Checks the deadlines before the task waits. Returns `Ready` if it must not wait: a ping was
    /// written, or a deadline has passed.
    fn poll_deadline(&mut self, context: &mut Context<'_>) -> Polled<()> {
        self.release_input();
        if self.is_unflushed {
            self.endpoint.flush_waits();
        }
        let before = self.endpoint.output_len();
        match self.endpoint.poll(timer::now()) {
            Ok(due) => {
                if self.endpoint.output_len() > before && self.poll_write(context).is_ready() {
                    // The peer is idle for so long that it got a ping.
                    self.endpoint.release_buffers();
                    return Poll::Ready(Ok(()));
                }
                self.timer.set(due, context.waker())?;
                Poll::Pending
            }
            // The output says why.
            Err(expired @ (Expired::MessageTimeout | Expired::HandshakeTimeout)) => {
                self.fail(expired.into());
                Poll::Ready(Ok(()))
            }
            Err(expired) => Poll::Ready(Err(expired.into())),
        }
    }

    /// Shuts down the writing half, or ends the connection if that is not possible.
    fn poll_shutdown(&mut self, context: &mut Context<'_>) -> Polled<()> {
        match Pin::new(&mut self.stream).poll_shutdown(context) {
            Poll::Ready(Ok(())) => {
                // A shutdown implies a flush.
                self.is_unflushed = false;
                self.endpoint.sent_eof();
            }
            Poll::Ready(Err(_)) => self.note_eof(),
            Poll::Pending => match ready!(self.poll_deadline(context)) {
                Err(Error::Expired(_)) => self.note_eof(),
                other => return Poll::Ready(other),
            },
        }
        Poll::Ready(Ok(()))
    }

    /// Lets the peer see the end of the stream, even if this is kept, and returns how the connection
    /// has ended.
    fn disconnect(&mut self, context: &mut Context<'_>) -> Result<bool, Error> {
        let _ = Pin::new(&mut self.stream).poll_shutdown(context);
        self.discard_input();
        self.timer = Timer::default();
        match self.endpoint.close_status() {
            CloseStatus::Abnormal => Err(self.take_failure(Error::UnexpectedEof)),
            _ => Ok(false),
        }
    }

    /// Notes an error that is returned when the connection has ended.
    pub(crate) fn fail(&mut self, error: Error) {
        self.rare.get_or_insert_default().failure.get_or_insert(error);
    }

    /// Returns the error that was noted, or this one.
    fn take_failure(&mut self, error: Error) -> Error {
        self.rare.as_mut().and_then(|rare| rare.failure.take()).unwrap_or(error)
    }

    /// Notes the end of the stream.
    fn receive_eof(&mut self) -> Result<(), Error> {
        match self.endpoint.receive_eof() {
            Ok(Some(endpoint::Event::Refused(response))) => Err(Error::Refused(response)),
            Ok(_) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Ends a connection that nobody waits for.
    fn note_eof(&mut self) {
        // An opening handshake is over here, which is the only thing that this could interrupt.
        let _ = self.endpoint.receive_eof();
    }
}
