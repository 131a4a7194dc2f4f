//! What a connection holds, and what an event keeps, at the allocator.

use bytes::Buf;
use sansock::{Event, Input};

use crate::connection::Setup;
use crate::counting::{BYTES, measure};
use crate::naive::messages::Reading;

/// Asserts that memory follows what has arrived of a message, not what was declared.
pub fn assert_bounded(setup: &Setup, pieces: &[&[u8]], expected: &Reading) {
    // As much again as has arrived, or 256 bytes; and a control frame in a box, a queued Close, a
    // buffer's own words. A queue of pongs has doubled when it gets its last KiB.
    let pongs = if expected.pings().is_empty() { 0 } else { 2 << 10 };
    let most = expected.longest + expected.longest.max(256) + 512 + pongs;
    let before = BYTES.get();
    let mut ws = setup.connection();
    let mut buffer = Vec::new();
    for piece in pieces {
        let (_, by_piece, ()) = measure(|| buffer = piece.to_vec());
        let mut input = Input::new(&mut buffer[..]);
        while !matches!(ws.receive(&mut input), Ok(None)) {}
        let queued = ws.output().remaining();
        ws.output().advance(queued);
        let held = usize::try_from(BYTES.get() - before - by_piece).expect("nothing was freed");
        assert!(held <= most, "{held} bytes held, {most} allowed");
        buffer = Vec::new();
    }
}

/// Asserts that the event with this number keeps at most four times its bytes, after its connection
/// has been dropped.
pub fn assert_kept(setup: &Setup, pieces: &[&[u8]], number: usize) {
    let (_, bytes, event) = measure(|| {
        let mut ws = setup.connection();
        let mut seen = 0;
        for piece in pieces {
            let mut piece = piece.to_vec();
            let mut input = Input::new(&mut piece[..]);
            loop {
                match ws.receive(&mut input) {
                    Ok(Some(event)) if seen == number => return Some(event.into_owned()),
                    Ok(Some(_)) => seen += 1,
                    Ok(None) => break,
                    Err(_) => return None,
                }
            }
        }
        None
    });
    let len = match &event {
        None => return,
        Some(Event::Text(text) | Event::TextChunk { text, .. }) => text.len(),
        Some(Event::Binary(data) | Event::BinaryChunk { data, .. }) => data.len(),
        Some(Event::Ping(data) | Event::Pong(data)) => data.len(),
        Some(Event::Close { reason, .. }) => reason.len(),
        Some(other) => panic!("{other:?}"),
    };
    // A buffer that may be shared has five words beside its bytes.
    let most = (4 * len + 3 + 5 * size_of::<usize>()) as isize;
    assert!(bytes <= most, "{bytes} bytes kept for {event:?}");
}
