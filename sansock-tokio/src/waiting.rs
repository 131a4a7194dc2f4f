//! Two tasks that wait for the same driver: one receives, and one sends.
//!
//! A stream remembers one task for reading and one for writing, but either of ours may do either: the
//! one that receives writes pongs, and TLS may have to write in order to read. So the stream is given
//! a waker that wakes whichever waits. The timer is given it too.

use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use crate::driver::Driver;
use crate::sync::{Mutex, MutexGuard};

/// The tasks that wait.
#[derive(Default)]
pub(crate) struct Waiting {
    receiver: Mutex<Option<Waker>>,
    sender: Mutex<Option<Waker>>,
}

/// Which task polls.
#[derive(Clone, Copy)]
pub(crate) enum Half {
    Receiver,
    Sender,
}

impl Half {
    pub(crate) const fn other(self) -> Half {
        match self {
            Half::Receiver => Half::Sender,
            Half::Sender => Half::Receiver,
        }
    }
}

impl Waiting {
    /// Polls the driver for one half, with a waker of both. Returns whether the other has to be
    /// [woken](Self::wake_half), because what it waits for may have come.
    pub(crate) fn poll<S, T>(
        &self,
        half: Half,
        context: &Context<'_>,
        both: &Waker,
        driver: &mut Driver<S>,
        act: impl FnOnce(&mut Driver<S>, &mut Context<'_>) -> Poll<T>,
    ) -> (Poll<T>, bool) {
        // Before anything that may wake it.
        *self.slot(half) = Some(context.waker().clone());
        let before = driver.progress();
        let polled = act(driver, &mut Context::from_waker(both));
        if polled.is_ready() {
            *self.slot(half) = None;
        }
        (polled, driver.progress() != before)
    }

    pub(crate) fn wake_half(&self, half: Half) {
        let waker = self.slot(half).take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn slot(&self, half: Half) -> MutexGuard<'_, Option<Waker>> {
        let slot = match half {
            Half::Receiver => &self.receiver,
            Half::Sender => &self.sender,
        };
        slot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Waiting {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.wake_half(Half::Receiver);
        self.wake_half(Half::Sender);
    }
}
