//! Reading from transports of the standard library.

use std::io::{self, Read};

use super::ReadBuffer;

impl ReadBuffer {
    /// Reads from a transport that does not block as long as it has something and more of a message
    /// is [wanted](Self::wants_more), and says how much came: 0 at the end of the transport.
    ///
    /// Of one that blocks it would wait for that: a text would be validated later than it could be.
    /// There, read once to [`spare_mut`](Self::spare_mut).
    ///
    /// # Errors
    ///
    /// Those of the transport, `WouldBlock` where nothing has come; what came before one is there.
    #[inline]
    pub fn read_from(&mut self, transport: &mut impl Read) -> io::Result<usize> {
        let wanted = self.wanted();
        let (filled, outcome) = read_wanted(transport, self.spare_mut(), wanted);
        self.mark_filled(filled);
        outcome.map(|()| filled)
    }
}

/// Reads to the front of `room` until at least `wanted` bytes are there, or no more come at once.
///
/// The loop is short where it is by itself.
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
                // To be tried again, as everywhere in the standard library.
                io::ErrorKind::Interrupted => {}
                io::ErrorKind::WouldBlock if filled > 0 => return (filled, Ok(())),
                _ => return (filled, Err(error)),
            },
        }
    }
}
