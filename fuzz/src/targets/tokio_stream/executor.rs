//! Tasks that are polled only when they were woken.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use super::script::Script;

/// A task.
pub struct Task<'a> {
    future: Option<Pin<Box<dyn Future<Output = ()> + 'a>>>,
    woken: Arc<Woken>,
}

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl<'a> Task<'a> {
    pub fn new(future: impl Future<Output = ()> + 'a) -> Self {
        Task { future: Some(Box::pin(future)), woken: Arc::new(Woken(AtomicBool::new(true))) }
    }

    /// Polls the task if it was woken. Returns whether it was.
    fn poll(&mut self) -> bool {
        let Some(future) = &mut self.future else { return false };
        if !self.woken.0.swap(false, Ordering::SeqCst) {
            return false;
        }
        let waker = Waker::from(Arc::clone(&self.woken));
        if future.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
            self.future = None;
        }
        true
    }
}

/// Runs the tasks to their ends. If they wait for input that does not come, time passes if they are
/// `timed`, and otherwise the input ends. Returns whether time has passed.
pub async fn run(mut tasks: Vec<Task<'_>>, script: &Script, timed: bool) -> bool {
    let mut seconds = 0;
    for _ in 0..MOST_ROUNDS {
        if tasks.iter().all(|task| task.future.is_none()) {
            return seconds > 0;
        }
        let mut has_polled = false;
        for task in &mut tasks {
            has_polled |= task.poll();
        }
        if has_polled || script.go_on() {
            continue;
        }
        assert!(script.is_silent(), "a task waits, and nothing wakes it");
        if timed {
            assert!(seconds < LONGEST, "no deadline ends a silence");
            seconds += 1;
            tokio::time::advance(Duration::from_secs(1)).await;
            // The task that watches the deadlines wakes those that wait.
            for _ in 0..3 {
                tokio::task::yield_now().await;
            }
        } else {
            script.end();
        }
    }
    panic!("no end of polls");
}

/// A future that is dropped when it has waited so often: `None` then.
pub async fn patiently<T>(patience: u8, future: impl Future<Output = T>) -> Option<T> {
    let mut future = std::pin::pin!(future);
    let mut left = patience;
    std::future::poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending if left == 0 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}

/// In seconds: longer than a ping, its pong, and then closing.
const LONGEST: u32 = 12;

const MOST_ROUNDS: usize = 100_000;
