//! The system's allocator, which counts on request.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

static IS_COUNTING: AtomicBool = AtomicBool::new(false);
static COUNT: AtomicU64 = AtomicU64::new(0);
static LIVE: AtomicI64 = AtomicI64::new(0);

/// The allocations while an action ran.
#[derive(Clone, Copy)]
pub struct Allocated {
    /// Allocations and reallocations.
    pub count: u64,
    /// Bytes allocated and not freed.
    pub live: i64,
}

/// Runs `action`. Returns its result and its allocations.
pub fn count<T>(action: impl FnOnce() -> T) -> (T, Allocated) {
    COUNT.store(0, Ordering::Relaxed);
    LIVE.store(0, Ordering::Relaxed);
    IS_COUNTING.store(true, Ordering::Relaxed);
    let result = action();
    IS_COUNTING.store(false, Ordering::Relaxed);
    let allocated =
        Allocated { count: COUNT.load(Ordering::Relaxed), live: LIVE.load(Ordering::Relaxed) };
    (result, allocated)
}

struct Counting;

fn note(count: u64, bytes: i64) {
    // In a timed pass, this costs one load and a branch that is always predicted.
    if IS_COUNTING.load(Ordering::Relaxed) {
        COUNT.fetch_add(count, Ordering::Relaxed);
        LIVE.fetch_add(bytes, Ordering::Relaxed);
    }
}

// SAFETY: every call is passed on to `System` unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(1, layout.size() as i64);
        // SAFETY: the caller's contract is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note(1, layout.size() as i64);
        // SAFETY: the caller's contract is the same.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        note(1, new_size as i64 - layout.size() as i64);
        // SAFETY: the caller's contract is the same.
        unsafe { System.realloc(pointer, layout, new_size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        note(0, -(layout.size() as i64));
        // SAFETY: the caller's contract is the same.
        unsafe { System.dealloc(pointer, layout) }
    }
}
