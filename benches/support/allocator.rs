//! A counting allocator for every program that declares this module.

#![allow(unsafe_code, reason = "a global allocator is an unsafe trait")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicIsize, AtomicUsize, Ordering::Relaxed};

/// Counts what it passes on to the system's allocator.
struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Allocations so far.
pub(crate) static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);
/// Bytes that are allocated now.
pub(crate) static BYTES: AtomicIsize = AtomicIsize::new(0);

fn count(allocations: usize, bytes: isize) {
    ALLOCATIONS.fetch_add(allocations, Relaxed);
    BYTES.fetch_add(bytes, Relaxed);
}

// SAFETY: every call is passed on to the system's allocator with unchanged arguments.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(1, layout.size() as isize);
        // SAFETY: the caller upholds the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        count(0, -(layout.size() as isize));
        // SAFETY: the caller upholds the contract of `dealloc`; all blocks are the system's.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(1, size as isize - layout.size() as isize);
        // SAFETY: the caller upholds the contract of `realloc`; all blocks are the system's.
        unsafe { System.realloc(block, layout, size) }
    }
}
