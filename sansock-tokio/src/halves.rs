//! The halves of a WebSocket, for two tasks.
//!
//! Both poll the same driver behind a lock, which is held within a poll.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll, Waker};

use futures_core::Stream;
use futures_sink::Sink;
use sansock::connection::SendError;
use sansock::{CloseCode, CloseReason, CloseStatus, Message};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::driver::Driver;
use crate::sync::{Mutex, MutexGuard};
use crate::waiting::{Half, Waiting};
use crate::{Error, WebSocket};

/// Splits what drives a WebSocket.
pub(crate) fn split<S>(mut driver: Driver<S>) -> (ReceiveHalf<S>, SendHalf<S>) {
    driver.is_split = true;
    let waiting = Arc::new(Waiting::default());
    let waker = Waker::from(Arc::clone(&waiting));
    let shared = Arc::new(Shared { driver: Mutex::new(driver), waiting, waker });
    (ReceiveHalf { shared: Arc::clone(&shared) }, SendHalf { shared })
}

struct Shared<S> {
    driver: Mutex<Driver<S>>,
    waiting: Arc<Waiting>,
    /// Wakes all that are `waiting`.
    waker: Waker,
}

impl<S> Shared<S> {
    fn lock(&self) -> MutexGuard<'_, Driver<S>> {
        self.driver.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Polls the driver for one half. Wakes the other if what it waits for may have come.
    fn poll<T>(
        &self,
        half: Half,
        context: &Context<'_>,
        act: impl FnOnce(&mut Driver<S>, &mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        let mut driver = self.lock();
        let (polled, wakes_other) = self.waiting.poll(half, context, &self.waker, &mut driver, act);
        drop(driver);
        if wakes_other {
            self.waiting.wake_half(half.other());
        }
        polled
    }
}

/// The half of a WebSocket that receives: see [`WebSocket::split`]. It is a [`Stream`] of messages as
/// well.
///
/// Receive until the end: pings, the peer's Close and deadlines are noticed here.
pub struct ReceiveHalf<S> {
    shared: Arc<Shared<S>>,
}

/// The half of a WebSocket that sends: see [`WebSocket::split`]. It is a [`Sink`] of messages as well.
pub struct SendHalf<S> {
    shared: Arc<Shared<S>>,
}

impl<S> ReceiveHalf<S> {
    /// Puts the WebSocket together again.
    ///
    /// # Errors
    ///
    /// [`ReuniteError`] with both halves if they are not of the same WebSocket.
    pub fn reunite(self, other: SendHalf<S>) -> Result<WebSocket<S>, ReuniteError<S>> {
        if !Arc::ptr_eq(&self.shared, &other.shared) {
            return Err(ReuniteError { receiving: self, sending: other });
        }
        drop(other);
        match Arc::into_inner(self.shared) {
            Some(shared) => {
                let mut driver = shared.driver.into_inner().unwrap_or_else(PoisonError::into_inner);
                driver.is_split = false;
                Ok(WebSocket::new(driver))
            }
            None => unreachable!("there were two halves"),
        }
    }

    /// Returns how the connection ended, RFC 6455 §7.1.5, or would end if the stream ended now.
    pub fn close_status(&self) -> CloseStatus {
        self.shared.lock().endpoint.close_status()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> ReceiveHalf<S> {
    /// Waits for the next message: see [`WebSocket::receive`].
    ///
    /// Reads on while the output is full, because the peer may not read before what it sends is read.
    ///
    /// # Errors
    ///
    /// As [`WebSocket::receive`].
    pub async fn receive(&mut self) -> Result<Option<Message>, Error> {
        poll_fn(|context| self.shared.poll(Half::Receiver, context, Driver::poll_receive)).await
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Stream for ReceiveHalf<S> {
    type Item = Result<Message, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.shared.poll(Half::Receiver, context, Driver::poll_next)
    }
}

impl<S> SendHalf<S> {
    /// Queues a message without waiting: see [`WebSocket::queue`].
    ///
    /// # Errors
    ///
    /// As [`WebSocket::queue`].
    pub fn queue(&mut self, message: impl Into<Message>) -> Result<(), Error> {
        Ok(self.shared.lock().endpoint.send(message).map_err(SendError::from)?)
    }

    /// Switches compression on or off for the messages that you send from now on: see
    /// [`Connection::set_compression`](sansock::Connection::set_compression).
    #[cfg(feature = "deflate")]
    pub fn set_compression(&mut self, is_on: bool) {
        self.shared.lock().endpoint.set_compression(is_on);
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> SendHalf<S> {
    /// Sends a message, and waits until it is written: see [`WebSocket::send`].
    ///
    /// # Errors
    ///
    /// As [`WebSocket::send`].
    pub async fn send(&mut self, message: impl Into<Message>) -> Result<(), Error> {
        self.ready().await?;
        self.queue(message)?;
        self.flush().await
    }

    /// Sends a text message, and waits until it is written: see [`WebSocket::send_text`].
    ///
    /// # Errors
    ///
    /// As [`WebSocket::send`].
    pub async fn send_text(&mut self, text: &str) -> Result<(), Error> {
        self.ready().await?;
        self.shared.lock().endpoint.send_text(text)?;
        self.write().await
    }

    /// Sends a binary message, and waits until it is written: see [`WebSocket::send_binary`].
    ///
    /// # Errors
    ///
    /// As [`WebSocket::send`].
    pub async fn send_binary(&mut self, data: &[u8]) -> Result<(), Error> {
        self.ready().await?;
        self.shared.lock().endpoint.send_binary(data)?;
        self.write().await
    }

    /// Sends a ping of at most 125 bytes.
    ///
    /// # Errors
    ///
    /// As [`WebSocket::send`].
    pub async fn ping(&mut self, payload: &[u8]) -> Result<(), Error> {
        self.ready().await?;
        self.shared.lock().endpoint.ping(payload)?;
        self.flush().await
    }

    /// Begins the closing handshake: see [`WebSocket::close`]. The other half receives its end.
    ///
    /// # Errors
    ///
    /// As [`WebSocket::close`].
    pub async fn close<'r>(
        &mut self,
        code: CloseCode,
        reason: impl Into<CloseReason<'r>>,
    ) -> Result<(), Error> {
        self.shared.lock().endpoint.close(code, reason)?;
        self.write().await
    }

    /// Waits until a message can be [queued](Self::queue).
    ///
    /// # Errors
    ///
    /// As [`WebSocket::ready`].
    pub async fn ready(&mut self) -> Result<(), Error> {
        poll_fn(|context| self.poll(context, Driver::poll_ready)).await
    }

    /// Waits until all that is queued now is written.
    ///
    /// # Errors
    ///
    /// As [`WebSocket::ready`].
    pub async fn flush(&mut self) -> Result<(), Error> {
        self.shared.lock().check_not_ended()?;
        self.write().await
    }

    async fn write(&self) -> Result<(), Error> {
        // The other half may queue answers again and again.
        let end = self.shared.lock().output_end();
        poll_fn(|context| self.poll(context, |driver, context| driver.poll_flush_to(end, context)))
            .await
    }

    fn poll<T>(
        &self,
        context: &Context<'_>,
        act: impl FnOnce(&mut Driver<S>, &mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        let is_split = Arc::strong_count(&self.shared) > 1;
        self.shared.poll(Half::Sender, context, |driver, context| {
            // If the other half is gone, nobody reads.
            driver.is_split = is_split;
            act(driver, context)
        })
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Sink<Message> for SendHalf<S> {
    type Error = Error;

    fn poll_ready(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.poll(context, Driver::poll_ready)
    }

    fn start_send(mut self: Pin<&mut Self>, message: Message) -> Result<(), Error> {
        self.queue(message)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.poll(context, Driver::poll_flush)
    }

    fn poll_close(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.poll(context, Driver::poll_close)
    }
}

/// The error of [`ReceiveHalf::reunite`]: the halves are of different connections.
#[non_exhaustive]
pub struct ReuniteError<S> {
    /// The half that receives.
    pub receiving: ReceiveHalf<S>,
    /// The half that sends.
    pub sending: SendHalf<S>,
}

impl<S> fmt::Display for ReuniteError<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("halves are of different connections")
    }
}

impl<S> fmt::Debug for ReuniteError<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ReuniteError { receiving, sending } = self;
        f.debug_struct("ReuniteError")
            .field("receiving", receiving)
            .field("sending", sending)
            .finish()
    }
}

impl<S> std::error::Error for ReuniteError<S> {}

/// Shows lengths alone, so that logs hold nobody's data.
impl<S> fmt::Debug for ReceiveHalf<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let driver = self.shared.lock();
        f.debug_struct("ReceiveHalf").field("endpoint", &driver.endpoint).finish_non_exhaustive()
    }
}

/// Shows lengths alone, so that logs hold nobody's data.
impl<S> fmt::Debug for SendHalf<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let driver = self.shared.lock();
        f.debug_struct("SendHalf").field("endpoint", &driver.endpoint).finish_non_exhaustive()
    }
}
