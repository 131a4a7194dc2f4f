//! A server in a process of its own.

use std::thread;

use crate::peers::Peer;
use crate::process::{self, Usage};
use crate::{Failure, sockets};

/// Serves clients. Says the port, and then at each line what was used: microseconds of user and of
/// system, and the most kilobytes in memory.
///
/// # Errors
///
/// If the system refuses.
pub fn serve(peer: Peer) -> Result<(), Failure> {
    process::stay_on(process::PROCESSORS.0);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = sockets::listen()?;
        process::say(&[listener.local_addr()?.port().into()])?;
        thread::spawn(|| {
            while process::next_line().is_some() {
                say_usage();
            }
        });
        loop {
            let (stream, _) = listener.accept().await?;
            peer.spawn(stream, None);
        }
    })
}

/// Says what this process has used.
pub fn say_usage() {
    let used = Usage::now();
    let _ = process::say(&[used.user_micros, used.system_micros, used.peak]);
}
