//! Inflates messages that are cut.

use alloc::vec;
use alloc::vec::Vec;

use zlib_rs::{DeflateConfig, DeflateFlush};

use super::super::inflater::{Fault, Inflater};

/// Inflates a message that arrives in pieces, with room for `room` bytes at once.
pub(super) fn inflate_in(
    pieces: &[&[u8]],
    [first, second]: [&[u8]; 2],
    room: usize,
) -> Result<Vec<u8>, Fault> {
    let mut output = Vec::new();
    let mut room = vec![0; room];
    let mut inflater = Inflater::start(&[first, second]);
    for piece in pieces {
        let mut input = *piece;
        loop {
            let history = [first, second, &output];
            let (taken, written) = inflater.step(input, &mut room, &history)?;
            input = &input[taken..];
            output.extend(&room[..written]);
            if input.is_empty() && written < room.len() {
                break;
            }
        }
    }
    inflater.finish()?;
    inflater.put_back();
    Ok(output)
}

/// Inflates a message whole, byte by byte and cut at every place, with little and much room. Returns
/// what is the same each time.
pub(super) fn inflate_every_way(payload: &[u8], history: [&[u8]; 2]) -> Result<Vec<u8>, Fault> {
    let verdict = inflate_in(&[payload], history, 1 << 17);
    for room in [1, 2, 7, 300, 1 << 12] {
        for at in 0..=payload.len() {
            let pieces: [&[u8]; 3] = [&payload[..at], b"", &payload[at..]];
            assert_eq!(inflate_in(&pieces, history, room), verdict, "{room} {at} {payload:x?}");
        }
    }
    assert_eq!(inflate_some_ways(payload, history), verdict);
    verdict
}

/// Inflates a message whole and byte by byte, with little and much room.
pub(super) fn inflate_some_ways(payload: &[u8], history: [&[u8]; 2]) -> Result<Vec<u8>, Fault> {
    let verdict = inflate_in(&[payload], history, 1 << 12);
    let bytes: Vec<&[u8]> = payload.chunks(1).collect();
    for room in [1, 7, 300] {
        assert_eq!(inflate_in(&bytes, history, room), verdict, "{room} {payload:x?}");
        assert_eq!(inflate_in(&[payload], history, room), verdict, "{room} {payload:x?}");
    }
    verdict
}

/// Returns a dynamic block with `bytes`, and the empty block that ends it, without its end.
pub(super) fn dynamic_block(bytes: &[u8]) -> Vec<u8> {
    let config = DeflateConfig { level: 9, window_bits: -15, ..DeflateConfig::default() };
    let mut deflate = zlib_rs::Deflate::new_with_config(config);
    let mut block = vec![0; bytes.len() + 100];
    deflate.compress(bytes, &mut block, DeflateFlush::SyncFlush).unwrap();
    block.truncate(deflate.total_out() as usize);
    assert_eq!(block[0] & 0b111, 0b100, "a dynamic block");
    block
}
