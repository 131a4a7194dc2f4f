//! A time limit for tests with real sockets.

use std::sync::mpsc;
use std::time::Duration;

/// Runs `test`, and fails if it takes more than a minute. Nothing else in such tests looks at a
/// clock.
pub(crate) fn within_a_minute(test: impl FnOnce() + Send + 'static) {
    let (ended, end) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        test();
        let _ = ended.send(());
    });
    if end.recv_timeout(Duration::from_secs(60)) == Err(mpsc::RecvTimeoutError::Timeout) {
        panic!("this hangs");
    }
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}
