//! A WebSocket whose response is about to be sent.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::upgrade::{OnUpgrade, Upgraded};
use sansock::timer::{Expired, Timeouts};
use sansock::{Config, Connection, Negotiated};

use super::stream::UpgradedStream;
use crate::timer::{self, Timer};
use crate::{Error, Settings, WebSocket};

/// A WebSocket that is accepted, and whose response hyper has not sent yet: a future of the
/// WebSocket.
///
/// Its deadline is [`Settings::handshake_timeout`], from when the request was accepted. With a
/// deadline, it needs a runtime with time enabled.
///
/// # Errors
///
/// [`Error::Io`] if the connection ended before the response was sent, if you have not returned it
/// to hyper, or if hyper serves the connection without upgrades. [`Error::Expired`] if the client
/// does not take the response in time.
#[must_use = "futures do nothing unless you await them"]
pub struct Opening {
    on_upgrade: OnUpgrade,
    negotiated: Negotiated,
    config: Arc<Config>,
    timeouts: Option<Arc<Timeouts>>,
    due: Option<Duration>,
    timer: Timer,
}

impl Opening {
    /// Returns what both ends agreed on.
    pub const fn negotiated(&self) -> &Negotiated {
        &self.negotiated
    }

    pub(super) fn new(on_upgrade: OnUpgrade, negotiated: Negotiated, settings: &Settings) -> Self {
        Opening {
            on_upgrade,
            negotiated,
            config: Arc::clone(&settings.config),
            timeouts: settings.timeouts.clone(),
            due: settings.handshake_timeout.map(|limit| timer::now().saturating_add(limit)),
            timer: Timer::default(),
        }
    }

    fn open(&mut self, upgraded: Upgraded) -> Result<WebSocket<UpgradedStream>, Error> {
        self.timer = Timer::default();
        let connection = Connection::from_negotiated(Arc::clone(&self.config), &self.negotiated);
        let connection = connection.map_err(io::Error::other)?;
        let stream = UpgradedStream::new(upgraded);
        Ok(WebSocket::from_parts(stream, &[], connection, self.timeouts.clone()))
    }
}

impl Future for Opening {
    type Output = Result<WebSocket<UpgradedStream>, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match Pin::new(&mut self.on_upgrade).poll(context) {
            Poll::Ready(Ok(upgraded)) => Poll::Ready(self.open(upgraded)),
            Poll::Ready(Err(error)) => Poll::Ready(Err(io::Error::other(error).into())),
            Poll::Pending if self.due.is_some_and(|due| due <= timer::now()) => {
                Poll::Ready(Err(Expired::HandshakeTimeout.into()))
            }
            Poll::Pending => {
                let due = self.due;
                self.timer.set(due, context.waker())?;
                Poll::Pending
            }
        }
    }
}

impl fmt::Debug for Opening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opening").field("negotiated", &self.negotiated).finish_non_exhaustive()
    }
}
