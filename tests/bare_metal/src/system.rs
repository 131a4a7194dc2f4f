//! The substitute for an operating system.

use core::ffi::{c_int, c_void};
use core::fmt;
use core::panic::PanicInfo;

#[link(name = "c")]
unsafe extern "C" {
    fn write(fd: c_int, bytes: *const c_void, len: usize) -> isize;
    fn _exit(status: c_int) -> !;
}

/// Writes to the standard output, a piece at a time.
pub struct Out;

impl fmt::Write for Out {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        say(text.as_bytes());
        Ok(())
    }
}

fn say(bytes: &[u8]) {
    // SAFETY: `bytes` is valid for reads of `bytes.len()` bytes, and `write` keeps no pointer.
    let written = unsafe { write(1, bytes.as_ptr().cast(), bytes.len()) };
    assert!(usize::try_from(written) == Ok(bytes.len()));
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    // SAFETY: `_exit` takes any status and does not return.
    unsafe { _exit(101) }
}

/// A symbol that the shipped `core` needs, because it can unwind. With `panic = "abort"` it is
/// never called.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}
