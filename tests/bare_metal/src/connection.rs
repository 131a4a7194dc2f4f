//! A connection on bare metal: no std, and an allocator of a few lines over one array. The mask keys
//! come from a source of the program.
//!
//! `.ci/no-std` builds and runs it.

#![no_std]
#![no_main]

extern crate alloc;

mod system;

use alloc::vec::Vec;
use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::ffi::{c_int, c_void};
use core::fmt::Write;
use core::sync::atomic::{AtomicUsize, Ordering};

use sansock::bytes::Buf;
use sansock::{CloseCode, Config, Connection, Event, Input, TransportAction};

#[unsafe(no_mangle)]
extern "C" fn main() -> c_int {
    let before = HEAP.used();
    let mut device = Connection::new(Config::client_with_mask_keys(random_key));
    let created = HEAP.used() - before;
    let mut server = Connection::new(Config::server());

    device.send_text("What time is it?").unwrap();
    transfer(&mut device, &mut server);
    server.send_text("Noon").unwrap();
    server.close(CloseCode::NORMAL, "").unwrap();
    transfer(&mut server, &mut device);
    transfer(&mut device, &mut server);
    assert!(device.transport_action() == TransportAction::AwaitEof);
    assert!(server.transport_action() == TransportAction::ShutdownWrite);

    let size = size_of::<Connection>();
    assert!(writeln!(system::Out, "Connection {size} bytes").is_ok());
    assert!(writeln!(system::Out, "Connection, allocated {created} bytes").is_ok());
    0
}

/// Moves all output of one end to the other, a few bytes at a time.
fn transfer(from: &mut Connection, to: &mut Connection) {
    while from.has_output() {
        let len = from.output().chunk().len().min(5);
        let mut read: Vec<u8> = from.output().chunk()[..len].into();
        from.output().advance(len);
        let mut input = Input::new(&mut read);
        while let Some(event) = to.receive(&mut input).unwrap() {
            match event {
                Event::Text(text) => assert!(["What time is it?", "Noon"].contains(&text.as_str())),
                Event::Close { code, .. } => assert!(code == Some(CloseCode::NORMAL)),
                _ => panic!("nothing else was sent"),
            }
        }
    }
}

/// RFC 6455 §5.3: from a strong source of entropy. On a device, its generator of random numbers.
fn random_key() -> [u8; 4] {
    let mut key = [0; 4];
    // SAFETY: `key` is valid for writes of its length, and `getrandom` keeps no pointer.
    let written = unsafe { getrandom(key.as_mut_ptr().cast(), key.len(), 0) };
    assert!(written == 4);
    key
}

#[link(name = "c")]
unsafe extern "C" {
    fn getrandom(to: *mut c_void, len: usize, flags: u32) -> isize;
}

/// Allocates from the front of an array, and frees only the latest block.
struct Heap {
    bytes: UnsafeCell<[u8; 16 << 10]>,
    used: AtomicUsize,
}

#[global_allocator]
static HEAP: Heap = Heap { bytes: UnsafeCell::new([0; 16 << 10]), used: AtomicUsize::new(0) };

impl Heap {
    fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }
}

// SAFETY: the program has one thread.
unsafe impl Sync for Heap {}

// SAFETY: blocks do not overlap, because `used` is past the end of each that is not freed, and they
// are in the array, which is never moved.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let start = self.bytes.get().cast::<u8>();
        let address = (start.addr() + self.used()).next_multiple_of(layout.align());
        let offset = address - start.addr();
        if offset + layout.size() > 16 << 10 {
            return core::ptr::null_mut();
        }
        self.used.store(offset + layout.size(), Ordering::Relaxed);
        start.wrapping_add(offset)
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let offset = block.addr() - self.bytes.get().addr();
        if offset + layout.size() == self.used() {
            self.used.store(offset, Ordering::Relaxed);
        }
    }
}
