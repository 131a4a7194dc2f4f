//! One deadline for several steps.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

#[cfg(any(feature = "h2", feature = "hyper"))]
use sansock::timer::Expired;

#[cfg(any(feature = "h2", feature = "hyper"))]
use crate::Error;
use crate::timer::{self, Timer};

/// The time at which all steps together must be done.
pub(crate) struct Deadline {
    /// `None` is never.
    due: Option<Duration>,
    timer: Timer,
}

impl Deadline {
    pub(crate) fn after(limit: Option<Duration>) -> Self {
        let due = limit.map(|limit| timer::now().saturating_add(limit));
        Deadline { due, timer: Timer::default() }
    }

    /// Returns the time until then.
    #[cfg(feature = "connect")]
    pub(crate) fn left(&self) -> Option<Duration> {
        self.due.map(|due| due.saturating_sub(timer::now()))
    }

    /// Waits for a step. Fails if it is not done in time.
    pub(crate) async fn limit<T>(
        &mut self,
        step: impl Future<Output = io::Result<T>>,
    ) -> io::Result<T> {
        let mut step = pin!(step);
        poll_fn(|context| {
            if let Poll::Ready(done) = step.as_mut().poll(context) {
                return Poll::Ready(done);
            }
            if self.due.is_some_and(|due| due <= timer::now()) {
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, LATE)));
            }
            self.timer.set(self.due, context.waker())?;
            Poll::Pending
        })
        .await
    }
}

#[cfg(any(feature = "h2", feature = "hyper"))]
impl Deadline {
    /// Waits for the opening handshake of a client with an HTTP library. Fails if it is not done in
    /// time.
    pub(crate) async fn limit_opening<T>(
        &mut self,
        opening: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        match self.limit(async { Ok(opening.await) }).await {
            Ok(opened) => opened,
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                Err(Expired::HandshakeTimeout.into())
            }
            Err(error) => Err(error.into()),
        }
    }
}

const LATE: &str = "not done before the deadline of the handshake";
