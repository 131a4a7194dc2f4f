//! Compares the inflater with the oracle, on messages of blocks that were chosen at random.

use alloc::vec;
use alloc::vec::Vec;

use zlib_rs::{DeflateConfig, DeflateFlush};

use super::super::history::History;
use super::super::inflater::Inflater;
use super::blocks::{Block, Blocks, FIXED, STORED};
use super::cuts::{inflate_every_way, inflate_in};
use super::material::Random;
use super::oracle::Oracle;

#[test]
fn inflated_messages_are_those_of_the_oracle() {
    for seed in 0..60 {
        let mut random = Random(seed);
        let window = 1 << [9, 9, 10, 12, 15][random.below(5)];
        let (mut history, mut oracle) = (History::default(), Oracle::default());
        for _ in 0..12 {
            let message = message(&mut random, &history, window);
            let expected = oracle.inflate(&message, 1 << 17).unwrap();
            let parts = history.parts();
            let inflated = if message.len() < 60 {
                inflate_every_way(&message, parts)
            } else {
                let cut = random.below(message.len());
                let room = 1 + random.below(2000);
                inflate_in(&[&message[..cut], &message[cut..]], parts, room)
            };
            assert!(inflated.as_deref() == Ok(&expected), "{seed}");
            history.append(&expected, window);
        }
    }
}

/// Returns a message that refers to at most `window` bytes before each of its bytes.
fn message(random: &mut Random, history: &History, window: usize) -> Vec<u8> {
    let mut blocks = Blocks::default();
    // What can be referred to.
    let mut known = history.parts().concat();
    for _ in 0..random.below(6) {
        let end = if random.below(4) == 0 { Block::Final } else { Block::Inner };
        match random.below(4) {
            0 => {
                let len = [0, 1, 100, 3000][random.below(4)];
                let bytes = random.some(len);
                blocks.stored(end, &bytes);
                known.extend(bytes);
            }
            1 | 2 => {
                blocks.header(end, FIXED);
                for _ in 0..random.below(30) {
                    copy_or_literal(random, &mut blocks, &mut known, window);
                }
                blocks.end();
            }
            _ => {
                let len = 40 + random.below(5000);
                let bytes = random.json(len);
                // It begins on a byte boundary, and ends on one.
                blocks.header(Block::Inner, STORED).bytes(b"\x00\x00\xff\xff");
                blocks.bytes(&of_the_backend(random, &known, window, &bytes, end));
                known.extend(bytes);
            }
        }
        if end == Block::Final {
            blocks.align();
        }
    }
    blocks.message()
}

fn copy_or_literal(random: &mut Random, blocks: &mut Blocks, known: &mut Vec<u8>, window: usize) {
    let reach = known.len().min(window);
    if reach == 0 || random.below(2) == 0 {
        let byte = random.next() as u8;
        blocks.literals(&[byte]);
        known.push(byte);
        return;
    }
    // As often as not from the far end.
    let distance = if random.below(2) == 0 { reach } else { 1 + random.below(reach) };
    let len = 3 + random.below(8);
    blocks.copy(len, distance);
    for _ in 0..len {
        known.push(known[known.len() - distance]);
    }
}

/// Returns blocks that the backend makes of `bytes` behind what is known.
fn of_the_backend(
    random: &mut Random,
    known: &[u8],
    window: usize,
    bytes: &[u8],
    end: Block,
) -> Vec<u8> {
    let level = 1 + random.below(9) as i32;
    let window_bits = -(window.ilog2() as i32);
    let mut deflate = zlib_rs::Deflate::new_with_config(DeflateConfig {
        level,
        window_bits,
        ..DeflateConfig::default()
    });
    if !known.is_empty() {
        deflate.set_dictionary(known).unwrap();
    }
    let mut blocks = vec![0; 2 * bytes.len() + 100];
    let flush = if end == Block::Final { DeflateFlush::Finish } else { DeflateFlush::SyncFlush };
    deflate.compress(bytes, &mut blocks, flush).unwrap();
    blocks.truncate(deflate.total_out() as usize);
    blocks
}

#[test]
fn an_inflater_is_not_spoiled_by_what_it_was_used_for() {
    let mut random = Random(9);
    for _ in 0..50 {
        let mut inflater = Inflater::start(&[&random.bytes(1000)]);
        // Most of these are not valid.
        let _ = inflater.step(&random.bytes(20), &mut [0; 100], &[]);
        inflater.put_back();
        let message = message(&mut random, &History::default(), 512);
        let expected = Oracle::default().inflate(&message, 1 << 17);
        assert!(inflate_in(&[&message], [b"", b""], 1 << 17).ok() == expected);
    }
}
