//! Reading from transports of the standard library.

use std::io::{self, Read};

use super::ReadBuffer;

impl ReadBuffer {
    /// Reads from a **non-blocking** transport. Returns how many bytes were read: 0 at the end of
    /// the transport.
    ///
    /// It reads until the transport would block, no more of the current message is
    /// [wanted](Self::wants_more), or [`spare_mut`](Self::spare_mut) is full.
    ///
    /// If the transport blocks, read once into `spare_mut` instead. This method would wait for more
    /// of the message, and a text would be validated later than possible.
    ///
    /// # Errors
    ///
    /// Those of the transport: `WouldBlock` if no bytes were available. Bytes that were read before
    /// an error stay in the buffer.
    #[inline]
    pub fn read_from(&mut self, transport: &mut impl Read) -> io::Result<usize> {
        let wanted = self.wanted();
        let (filled, outcome) = read_wanted(transport, self.spare_mut(), wanted);
        self.mark_filled(filled);
        outcome.map(|()| filled)
    }
}

/// Reads into `room` until at least `wanted` bytes are there, `room` is full, or no more bytes are
/// available. Returns how many bytes were read, and the outcome.
///
/// It is not inlined, because the loop compiles to shorter code by itself.
#[inline(never)]
fn read_wanted(
    transport: &mut impl Read,
    room: &mut [u8],
    wanted: usize,
) -> (usize, io::Result<()>) {
    let mut filled = 0;
    loop {
        let free = room.get_mut(filled..).unwrap_or_default();
        let most = free.len();
        match transport.read(free) {
            Ok(len) => {
                filled += len.min(most);
                if len == 0 || filled >= wanted || len >= most {
                    return (filled, Ok(()));
                }
            }
            Err(error) => match error.kind() {
                // Read again, as everywhere in the standard library.
                io::ErrorKind::Interrupted => {}
                io::ErrorKind::WouldBlock if filled > 0 => return (filled, Ok(())),
                _ => return (filled, Err(error)),
            },
        }
    }
}
