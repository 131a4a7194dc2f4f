//! The WebSocket.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use futures_core::{FusedStream, Stream};
use futures_sink::Sink;
use sansock::connection::SendError;
use sansock::endpoint::{self, Endpoint};
use sansock::timer::{Timeouts, Timers};
use sansock::{CloseCode, CloseReason, CloseStatus, Connection, Event, Message};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::driver::Driver;
use crate::halves::{self, ReceiveHalf, SendHalf};
use crate::sender::Sender;
use crate::waiting::Half;
use crate::{Error, timer};

/// A WebSocket over an asynchronous byte stream.
///
/// It is a [`Stream`] and a [`Sink`] of messages as well, for combinators; none of its own methods
/// needs these traits. See the [crate](crate) for an example, and for what happens when a future is
/// dropped.
pub struct WebSocket<S> {
    pub(crate) driver: Driver<S>,
}

impl<S> WebSocket<S> {
    pub(crate) fn new(driver: Driver<S>) -> Self {
        WebSocket { driver }
    }

    /// Returns a WebSocket over a connection that was opened elsewhere, for example by an HTTP
    /// library. `unread` was read from the stream and not received: frames may come with the head.
    ///
    /// The deadlines of `timeouts` begin now; `None` is no deadlines.
    pub fn from_parts(
        stream: S,
        unread: &[u8],
        connection: Connection,
        timeouts: impl Into<Option<Arc<Timeouts>>>,
    ) -> Self {
        let timers = timeouts.into().map(|timeouts| Timers::new(timeouts, timer::now()));
        let mut driver = Driver::new(stream, Endpoint::from_connection(connection, timers));
        driver.extend_input(unread);
        WebSocket::new(driver)
    }

    /// Returns the stream, what was read and not received, and the connection.
    ///
    /// Output that is not written yet is the connection's, and so is a message that is not whole.
    pub fn into_parts(self) -> (S, Vec<u8>, Connection) {
        let (stream, endpoint, unread) = self.driver.into_parts();
        match endpoint.into_connection() {
            Some((connection, _)) => (stream, unread, connection),
            None => unreachable!("the opening handshake is over"),
        }
    }

    /// Returns the next event of what was read, or `None` if [more has to be read](Self::fill).
    /// Beside it is what you can answer with while you hold it.
    ///
    /// A message that came whole in one read is borrowed from the read buffer, so that nothing is
    /// copied. A longer one is owned by the event. What you queue is written by the next
    /// [`fill`](Self::fill), many answers in one write.
    ///
    /// ```
    /// # use sansock_tokio::{Error, WebSocket};
    /// use sansock::Event;
    /// use tokio::io::{AsyncRead, AsyncWrite};
    ///
    /// async fn echo<S>(ws: &mut WebSocket<S>) -> Result<(), Error>
    /// where
    ///     S: AsyncRead + AsyncWrite + Unpin,
    /// {
    ///     while ws.fill().await? {
    ///         while let Some((event, mut sender)) = ws.next_event() {
    ///             match event {
    ///                 Event::Text(text) => sender.queue_text(&text)?,
    ///                 Event::Binary(data) => sender.queue_binary(&data)?,
    ///                 _ => {} // pings are answered, and the Close is
    ///             }
    ///         }
    ///     }
    ///     Ok(())
    /// }
    /// # let _ = echo::<tokio::net::TcpStream>;
    /// ```
    pub fn next_event(&mut self) -> Option<(Event<'_>, Sender<'_>)> {
        match self.driver.next_event()? {
            (endpoint::Event::Connection(event), endpoint) => Some((event, Sender { endpoint })),
            // The opening handshake is over, so that there are no other events.
            _ => None,
        }
    }

    /// Queues a message without waiting. The next call of any other kind writes it.
    ///
    /// # Errors
    ///
    /// [`Error::Send`] if the connection is closing, or if the output is full: wait by
    /// [`ready`](Self::ready) before.
    pub fn queue(&mut self, message: impl Into<Message>) -> Result<(), Error> {
        self.driver.endpoint.send(message).map_err(|unsent| SendError::from(unsent).into())
    }

    /// Switches compression on or off for the messages that you send from now on: see
    /// [`Connection::set_compression`].
    #[cfg(feature = "deflate")]
    pub fn set_compression(&mut self, is_on: bool) {
        self.driver.endpoint.set_compression(is_on);
    }

    /// Returns how the connection ended, RFC 6455 §7.1.5, or would end if the stream ended now.
    pub fn close_status(&self) -> CloseStatus {
        self.driver.endpoint.close_status()
    }

    /// Borrows the connection, for what this type has no method for: prepared messages, messages in
    /// fragments, its state. What it queues is written by the next call of any kind.
    pub fn connection(&mut self) -> &mut Connection {
        match self.driver.endpoint.connection() {
            Some(connection) => connection,
            None => unreachable!("the opening handshake is over"),
        }
    }

    /// Borrows the stream.
    pub const fn get_ref(&self) -> &S {
        &self.driver.stream
    }

    /// Borrows the stream mutably. To read from it or to write to it breaks the connection.
    pub const fn get_mut(&mut self) -> &mut S {
        &mut self.driver.stream
    }

    /// Polls for one of the two tasks that may share a stream that is a sink, through a lock such as
    /// that of `StreamExt::split`.
    fn poll_half<T>(
        &mut self,
        half: Half,
        context: &Context<'_>,
        act: impl FnOnce(&mut Driver<S>, &mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        let waiting = self.driver.waiting();
        let both = Waker::from(Arc::clone(&waiting));
        let (polled, wakes_other) = waiting.poll(half, context, &both, &mut self.driver, act);
        if wakes_other {
            waiting.wake_half(half.other());
        }
        polled
    }

    /// Splits the WebSocket into halves for two tasks. See [`ReceiveHalf::reunite`] for the way back.
    ///
    /// A lock is held within a poll, and never while a task waits.
    pub fn split(self) -> (ReceiveHalf<S>, SendHalf<S>) {
        halves::split(self.driver)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> WebSocket<S> {
    /// Waits for the next message. Returns `None` once the connection has ended by a closing
    /// handshake.
    ///
    /// Pings are answered meanwhile. For a message that you only look at,
    /// [`next_event`](Self::next_event) saves the copy.
    ///
    /// # Errors
    ///
    /// [`Error::Endpoint`] if the peer broke the protocol, after it was told. [`Error::Expired`] if a
    /// deadline has passed, [`Error::UnexpectedEof`] if the stream ended without a closing handshake,
    /// and [`Error::Io`] if it failed.
    pub async fn receive(&mut self) -> Result<Option<Message>, Error> {
        poll_fn(|context| self.driver.poll_receive(context)).await
    }

    /// Writes what is queued, and waits until something was read. Then there may be
    /// [events](Self::next_event). Returns `false` at the end of a connection that was closed by both
    /// ends.
    ///
    /// While the output is full, nothing is read. If both ends may send more than the output holds,
    /// without waiting for each other, [split](Self::split) it.
    ///
    /// # Errors
    ///
    /// As [`receive`](Self::receive).
    pub async fn fill(&mut self) -> Result<bool, Error> {
        poll_fn(|context| self.driver.poll_fill(context)).await
    }

    /// Sends a message, and waits until it is written.
    ///
    /// # Errors
    ///
    /// [`Error::Send`] if the connection is closing, [`Error::Io`] if the stream failed, and
    /// [`Error::Expired`] if the peer has not read for too long.
    pub fn send(&mut self, message: impl Into<Message>) -> impl Future<Output = Result<(), Error>> {
        // An `async fn` would have room for the message twice.
        let mut message = Some(message.into());
        poll_fn(move |context| self.driver.poll_send(&mut message, context))
    }

    /// Sends a text message, and waits until it is written.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub async fn send_text(&mut self, text: &str) -> Result<(), Error> {
        self.ready().await?;
        self.driver.endpoint.send_text(text)?;
        self.flush().await
    }

    /// Sends a binary message, and waits until it is written.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub async fn send_binary(&mut self, data: &[u8]) -> Result<(), Error> {
        self.ready().await?;
        self.driver.endpoint.send_binary(data)?;
        self.flush().await
    }

    /// Sends a ping of at most 125 bytes.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub async fn ping(&mut self, payload: &[u8]) -> Result<(), Error> {
        self.ready().await?;
        self.driver.endpoint.ping(payload)?;
        self.flush().await
    }

    /// Begins the closing handshake, RFC 6455 §7.1.2. Receive until the end after it.
    ///
    /// If a Close was sent before, this one is not sent.
    ///
    /// # Errors
    ///
    /// [`Error::Close`] for a code that this end may not send, [`Error::Io`] and [`Error::Expired`].
    pub async fn close<'r>(
        &mut self,
        code: CloseCode,
        reason: impl Into<CloseReason<'r>>,
    ) -> Result<(), Error> {
        self.driver.endpoint.close(code, reason)?;
        poll_fn(|context| self.driver.poll_flush(context)).await
    }

    /// Waits until a message can be [queued](Self::queue).
    ///
    /// # Errors
    ///
    /// [`Error::Send`] if the connection has ended, [`Error::Io`] if the stream failed, and
    /// [`Error::Expired`] if the peer has not read for too long.
    pub async fn ready(&mut self) -> Result<(), Error> {
        poll_fn(|context| self.driver.poll_ready(context)).await
    }

    /// Waits until all that is queued is written.
    ///
    /// # Errors
    ///
    /// As [`ready`](Self::ready).
    pub async fn flush(&mut self) -> Result<(), Error> {
        self.driver.check_not_ended()?;
        poll_fn(|context| self.driver.poll_flush(context)).await
    }
}

/// Receives messages until the end. The last item is an error if the connection failed.
impl<S: AsyncRead + AsyncWrite + Unpin> Stream for WebSocket<S> {
    type Item = Result<Message, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_half(Half::Receiver, context, Driver::poll_next)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> FusedStream for WebSocket<S> {
    fn is_terminated(&self) -> bool {
        self.driver.is_over
    }
}

/// Sends messages. To close the sink is to close the connection with [`CloseCode::NORMAL`].
impl<S: AsyncRead + AsyncWrite + Unpin> Sink<Message> for WebSocket<S> {
    type Error = Error;

    fn poll_ready(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.poll_half(Half::Sender, context, Driver::poll_ready)
    }

    fn start_send(mut self: Pin<&mut Self>, message: Message) -> Result<(), Error> {
        self.queue(message)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.poll_half(Half::Sender, context, Driver::poll_flush)
    }

    fn poll_close(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.poll_half(Half::Sender, context, Driver::poll_close)
    }
}

/// Shows lengths alone, so that logs hold nobody's data.
impl<S> fmt::Debug for WebSocket<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocket").field("endpoint", &self.driver.endpoint).finish_non_exhaustive()
    }
}
