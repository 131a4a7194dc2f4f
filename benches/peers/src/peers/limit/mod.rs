//! The yardstick: the least code that can do the work.
//!
//! It expects a peer that follows the rules: it does not check opcodes, flags or lengths, answers
//! no control frame, and has no limits. It does only what every endpoint has to do: copy what is
//! read, find the frames, unmask them with the fastest vectors of the machine, validate text,
//! reassemble fragments, and pass on the payload.

mod receive;
mod send;
mod vectors;

use std::hint::black_box;

use self::receive::{Reader, Receiver};
use self::send::Writer;
use self::vectors::Vector;
use super::Peer;
use crate::rows::{Message, Role, opcode};
use crate::transport::Transport;

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::__m256i;

pub struct Limit {
    reader: Reader,
    writer: Writer,
    width: Width,
}

/// The fastest vectors of the machine.
#[derive(Clone, Copy)]
enum Width {
    #[cfg(target_arch = "x86_64")]
    Avx2,
    Baseline,
}

#[cfg(target_arch = "x86_64")]
type Baseline = std::arch::x86_64::__m128i;
#[cfg(not(target_arch = "x86_64"))]
type Baseline = u128;

/// Calls the same method compiled for the machine, so that the loops are inlined into it.
macro_rules! dispatch {
    ($self:ident.$avx2:ident / $any:ident($($argument:expr),*)) => {
        match $self.width {
            // SAFETY: the processor has the instructions, and the methods' other requirements are
            // met.
            #[cfg(target_arch = "x86_64")]
            Width::Avx2 => unsafe { $self.$avx2($($argument),*) },
            // SAFETY: as above.
            Width::Baseline => unsafe { $self.$any::<Baseline>($($argument),*) },
        }
    };
}

impl Peer for Limit {
    const NAME: &'static str = "limit";
    const STRUCT: usize = size_of::<Self>() - size_of::<Transport>();

    fn open(role: Role, transport: Transport) -> Self {
        Limit { reader: Reader::new(role, transport), writer: Writer::new(role), width: width() }
    }

    fn receive(&mut self, count: usize, visit: impl FnMut(&[u8])) {
        dispatch!(self.receive_avx2 / receive_any(count, visit));
    }

    fn send(&mut self, message: &Message, count: usize) {
        dispatch!(self.send_avx2 / send_any(message, count));
    }

    fn echo(&mut self, count: usize) {
        dispatch!(self.echo_avx2 / echo_any(count));
    }
}

/// The three methods, for any vectors.
///
/// # Safety
///
/// The processor must support `V`.
impl Limit {
    #[inline(always)]
    unsafe fn receive_any<V: Vector>(&mut self, count: usize, visit: impl FnMut(&[u8])) {
        // SAFETY: as the caller promises.
        unsafe { self.reader.receive::<V>(count, &mut Visit(visit)) };
    }

    #[inline(always)]
    unsafe fn send_any<V: Vector>(&mut self, message: &Message, count: usize) {
        for _ in 0..count {
            // SAFETY: as the caller promises.
            unsafe { self.writer.send::<V>(opcode(message.is_text), &message.bytes) };
        }
        self.writer.flush();
    }

    #[inline(always)]
    unsafe fn echo_any<V: Vector>(&mut self, count: usize) {
        // SAFETY: as the caller promises.
        unsafe { self.reader.receive::<V>(count, &mut Echo(&mut self.writer)) };
        self.writer.flush();
    }
}

/// Passes messages to a function, from where they are.
struct Visit<F>(F);

impl<F: FnMut(&[u8])> Receiver for Visit<F> {
    #[inline(always)]
    fn place(&mut self, _: u8, _: usize) -> Option<*mut u8> {
        None
    }

    #[inline(always)]
    fn take<V: Vector>(&mut self, _: u8, payload: &[u8], _: bool) {
        (self.0)(payload);
    }
}

/// Has messages unmasked directly into the output, if that saves a copy.
struct Echo<'w>(&'w mut Writer);

impl Receiver for Echo<'_> {
    #[inline(always)]
    fn place(&mut self, opcode: u8, len: usize) -> Option<*mut u8> {
        self.0.place(opcode, len)
    }

    #[inline(always)]
    fn take<V: Vector>(&mut self, opcode: u8, payload: &[u8], is_placed: bool) {
        if is_placed {
            self.0.placed(black_box(payload).len());
        } else {
            // SAFETY: every caller has `V`.
            unsafe { self.0.send::<V>(opcode, payload) };
        }
    }
}

/// Defines the same methods, compiled with the instructions that the vectors need.
#[cfg(target_arch = "x86_64")]
macro_rules! compiled_for {
    ($features:literal, $vector:ty, $receive:ident, $send:ident, $echo:ident) => {
        /// # Safety
        ///
        /// The processor must have these features.
        impl Limit {
            #[target_feature(enable = $features)]
            unsafe fn $receive(&mut self, count: usize, visit: impl FnMut(&[u8])) {
                // SAFETY: the features are enabled.
                unsafe { self.receive_any::<$vector>(count, visit) }
            }

            #[target_feature(enable = $features)]
            unsafe fn $send(&mut self, message: &Message, count: usize) {
                // SAFETY: the features are enabled.
                unsafe { self.send_any::<$vector>(message, count) }
            }

            #[target_feature(enable = $features)]
            unsafe fn $echo(&mut self, count: usize) {
                // SAFETY: the features are enabled.
                unsafe { self.echo_any::<$vector>(count) }
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
compiled_for!("avx2,bmi1,bmi2,movbe", __m256i, receive_avx2, send_avx2, echo_avx2);

/// AVX-512 would mask more at once, but lowers the clock for everything else, which costs more than
/// it gains: 16 KiB take 391 ns with AVX2 and 460 ns with AVX-512.
fn width() -> Width {
    #[cfg(target_arch = "x86_64")]
    {
        let has_scalar = is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2")
            && is_x86_feature_detected!("movbe");
        if is_x86_feature_detected!("avx2") && has_scalar {
            return Width::Avx2;
        }
    }
    Width::Baseline
}
