//! Wakes tasks at the deadlines of their connections.
//!
//! The connections of a thread share one timer of tokio's, in a task of its own, because a timer for
//! each connection would take more memory than the rest of it. A deadline is seldom met: it is looked
//! at only when it has come, and most often the connection then has a later one.
//!
//! ```text
//! connection ── Timer: registry, index ──► Registry (of a thread) ◄── Sweep (a task)
//!                                            entries: due, waker        sleeps until the first is due
//! ```

use std::cell::RefCell;
use std::future::Future;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use tokio::runtime::{Handle, Id};
use tokio::time::{Sleep, sleep};

/// Returns the time of tokio, since a moment that is the same for all runtimes.
pub(crate) fn now() -> Duration {
    /// Before any runtime whose time is paused has begun.
    static START: OnceLock<Instant> = OnceLock::new();
    let start = START.get_or_init(|| {
        let now = Instant::now();
        now.checked_sub(Duration::from_secs(3600)).unwrap_or(now)
    });
    tokio::time::Instant::now().into_std().saturating_duration_since(*start)
}

/// The timer of a connection.
#[derive(Default)]
pub(crate) struct Timer(Option<Registration>);

/// An entry in a registry.
struct Registration {
    registry: Arc<Registry>,
    index: u32,
}

impl Timer {
    /// Has the task woken at this time, or not if there is none.
    ///
    /// # Errors
    ///
    /// If there is no runtime, or it has no time.
    pub(crate) fn set(&mut self, due: Option<Duration>, waker: &Waker) -> io::Result<()> {
        let due = due.map_or(NEVER, millis);
        if let Some(Registration { registry, index }) = &self.0 {
            let mut entries = registry.lock();
            // Another task may be one of another runtime.
            let is_known = entries.knows(*index, waker);
            let replaced = entries.set(*index, due, waker);
            let is_over = entries.is_over;
            drop(entries);
            drop(replaced);
            if !is_over && (is_known || registry.is_current()) {
                return Ok(());
            }
            self.0 = None;
        }
        if due == NEVER {
            return Ok(());
        }
        let registry = Registry::current()?;
        let mut entries = registry.lock();
        let index = entries.add(due, waker);
        let is_over = entries.is_over;
        drop(entries);
        self.0 = Some(Registration { registry, index });
        if is_over {
            return Err(io::Error::other("deadlines need a runtime, and this one has ended"));
        }
        Ok(())
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        let removed = self.registry.lock().remove(self.index);
        drop(removed);
    }
}

/// The deadlines of the connections of a thread.
struct Registry {
    runtime: Id,
    entries: Mutex<Entries>,
}

#[derive(Default)]
struct Entries {
    entries: Vec<Entry>,
    /// The index of the first entry that is free.
    free: u32,
    /// The time of the next sweep.
    next_sweep: u64,
    /// The task that sweeps.
    sweeper: Option<Waker>,
    /// Whether the runtime has ended, so that nobody is woken any more.
    is_over: bool,
}

struct Entry {
    /// In milliseconds. If the entry is free, the index of the next one that is.
    due: u64,
    /// `None` if it was woken since, or is free.
    waker: Option<Waker>,
}

thread_local! {
    /// The registries of this thread, one for each runtime.
    static REGISTRIES: RefCell<Vec<Arc<Registry>>> = const { RefCell::new(Vec::new()) };
}

impl Registry {
    /// Returns the registry of this thread and its runtime.
    fn current() -> io::Result<Arc<Registry>> {
        let runtime = Handle::try_current().map_err(io::Error::other)?;
        let known = REGISTRIES.try_with(|all| {
            let mut all = all.borrow_mut();
            all.retain(|registry| !registry.lock().is_over);
            all.iter().find(|known| known.runtime == runtime.id()).map(Arc::clone)
        });
        if let Ok(Some(registry)) = known {
            return Ok(registry);
        }
        let registry = Arc::new(Registry { runtime: runtime.id(), entries: Mutex::default() });
        let sweep = Sweep::new(Arc::clone(&registry))?;
        drop(runtime.spawn(sweep));
        // At the end of the thread, this connection has a registry of its own.
        let _ = REGISTRIES.try_with(|all| all.borrow_mut().push(Arc::clone(&registry)));
        Ok(registry)
    }

    /// Whether its runtime polls this task. If none does, its runtime is as good as any.
    fn is_current(&self) -> bool {
        Handle::try_current().map_or(true, |runtime| runtime.id() == self.runtime)
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entries {
    /// Whether an entry has this waker already.
    fn knows(&self, index: u32, waker: &Waker) -> bool {
        let known = self.entries.get(index as usize).and_then(|entry| entry.waker.as_ref());
        known.is_some_and(|known| known.will_wake(waker))
    }

    /// Sets an entry. Returns the waker that it had, which may own a task and its connection: drop it
    /// without the lock.
    #[must_use]
    fn set(&mut self, index: u32, due: u64, waker: &Waker) -> Option<Waker> {
        self.hasten(due);
        let entry = self.entries.get_mut(index as usize)?;
        entry.due = due;
        match &mut entry.waker {
            Some(known) if known.will_wake(waker) => None,
            known => known.replace(waker.clone()),
        }
    }

    /// Adds an entry. Returns its index.
    fn add(&mut self, due: u64, waker: &Waker) -> u32 {
        let index = self.free;
        match self.entries.get(index as usize) {
            // No process has more connections.
            #[allow(clippy::cast_possible_truncation, reason = "it was made of an u32")]
            Some(entry) => self.free = entry.due as u32,
            None => {
                if self.entries.len() == self.entries.capacity() {
                    // By less than a push does: each connection would pay for the spare ones.
                    self.entries.reserve_exact(self.entries.len() / 8 + 4);
                }
                self.entries.push(Entry { due, waker: None });
                self.free = index + 1;
            }
        }
        let free = self.set(index, due, waker);
        debug_assert!(free.is_none(), "it had no waker");
        index
    }

    /// Frees an entry. Returns its waker, as [`set`](Self::set).
    #[must_use]
    fn remove(&mut self, index: u32) -> Option<Waker> {
        let entry = self.entries.get_mut(index as usize)?;
        entry.due = self.free.into();
        self.free = index;
        entry.waker.take()
    }

    /// Sweeps earlier if this is due before the next sweep.
    fn hasten(&mut self, due: u64) {
        if due < self.next_sweep {
            self.next_sweep = due;
            if let Some(sweeper) = &self.sweeper {
                sweeper.wake_by_ref();
            }
        }
    }

    /// Takes the wakers of what is due, and notes when the next sweep is.
    fn sweep(&mut self, now: u64) -> Vec<Waker> {
        let mut due = Vec::new();
        let mut first = NEVER;
        for entry in &mut self.entries {
            if entry.waker.is_none() {
                continue;
            }
            if entry.due <= now {
                due.extend(entry.waker.take());
            } else {
                first = first.min(entry.due);
            }
        }
        // A sweep takes some nanoseconds for each entry. So it takes a small part of the time.
        let rest = now + self.entries.len() as u64 / ENTRIES_A_MILLI;
        self.next_sweep = if first == NEVER { NEVER } else { first.max(rest) };
        due
    }
}

/// The task that wakes the others.
struct Sweep {
    registry: Arc<Registry>,
    sleep: Pin<Box<Sleep>>,
}

impl Sweep {
    fn new(registry: Arc<Registry>) -> io::Result<Self> {
        // tokio panics if the runtime has no time, and has no other way to tell.
        let sleep = catch_unwind(AssertUnwindSafe(|| Box::pin(sleep(Duration::ZERO))));
        let Ok(sleep) = sleep else {
            return Err(io::Error::other("deadlines need the time of tokio, which is not enabled"));
        };
        Ok(Sweep { registry, sleep })
    }
}

impl Future for Sweep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        loop {
            let now = millis_floor(now());
            let (due, next) = {
                let mut entries = self.registry.lock();
                entries.sweeper = Some(context.waker().clone());
                (entries.sweep(now), entries.next_sweep)
            };
            due.into_iter().for_each(Waker::wake);
            if next == NEVER {
                return Poll::Pending;
            }
            let left = Duration::from_millis(next.saturating_sub(now));
            self.sleep.as_mut().reset(tokio::time::Instant::now() + left);
            if self.sleep.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
        }
    }
}

/// The runtime has ended.
impl Drop for Sweep {
    fn drop(&mut self) {
        let wakers: Vec<Waker> = {
            let mut entries = self.registry.lock();
            entries.is_over = true;
            entries.entries.iter_mut().filter_map(|entry| entry.waker.take()).collect()
        };
        wakers.into_iter().for_each(Waker::wake);
    }
}

/// Returns the first millisecond that is not before `time`.
fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_nanos().div_ceil(1_000_000)).unwrap_or(NEVER)
}

fn millis_floor(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(NEVER)
}

/// No deadline.
const NEVER: u64 = u64::MAX;

/// How many entries a sweep may look at for each millisecond between sweeps.
const ENTRIES_A_MILLI: u64 = 1000;
