//! Tests of the compressor.

use alloc::vec;
use alloc::vec::Vec;

use zlib_rs::{DeflateConfig, DeflateFlush};

use super::super::compressor::Compressor;
use super::super::history::History;
use super::cuts::inflate_in;
use super::material::Random;
use super::oracle::Oracle;

/// A compressor, and two peers that inflate what it sends.
struct Pair {
    compressor: Compressor,
    history: History,
    window: usize,
    oracle: Oracle,
}

impl Pair {
    fn new(kind: (u8, u8, u8)) -> Pair {
        let (compressor, history) = (Compressor::new(kind), History::default());
        Pair { compressor, history, window: 1 << kind.0, oracle: Oracle::default() }
    }

    /// Without context takeover, ends a message at both ends.
    fn reset(&mut self) {
        self.compressor.reset();
        self.history.clear();
        self.oracle.clear();
    }

    /// Sends a whole message. Returns how long its payload is.
    fn send(&mut self, message: &[u8]) -> usize {
        let Some(payload) = self.compressor.compress(message) else {
            assert!(message.is_empty() || message.len() >= 1024);
            return message.len();
        };
        let payload = payload.to_vec();
        self.receive(&payload, message);
        payload.len()
    }

    /// Sends a message that is cut at random, also into nothing.
    fn send_in_fragments(&mut self, message: &[u8], random: &mut Random) {
        let (mut payload, mut rest) = (Vec::new(), message);
        for _ in 0..random.below(5) {
            let (piece, behind) = rest.split_at(random.below(rest.len() + 1));
            payload.extend(self.fragment(piece, false));
            payload.extend(self.fragment(b"", false));
            rest = behind;
        }
        payload.extend(self.fragment(rest, true));
        self.receive(&payload, message);
    }

    fn fragment(&mut self, piece: &[u8], is_last: bool) -> &[u8] {
        let payload = self.compressor.fragment(piece, is_last);
        let growth = 5 * piece.len().div_ceil(65_535) + usize::from(is_last);
        assert!(payload.len() <= piece.len() + growth, "{} of {}", payload.len(), piece.len());
        payload
    }

    fn receive(&mut self, payload: &[u8], message: &[u8]) {
        let inflated = inflate_in(&[payload], self.history.parts(), 1 << 17);
        assert!(inflated.as_deref() == Ok(message));
        self.history.append(message, self.window);
        assert!(self.oracle.inflate(payload, message.len()).as_deref() == Some(message));
    }
}

#[test]
fn messages_arrive_with_all_settings() {
    let mut random = Random(3);
    for bits in 9..=15 {
        for level in 1..=9 {
            for memory_level in [1, 5, 8, 9] {
                let mut pair = Pair::new((bits, level, memory_level));
                let has_takeover = random.below(2) == 0;
                for _ in 0..8 {
                    let len = [0, 1, 5, 60, 700, 1500][random.below(6)];
                    let message = random.some(len);
                    if random.below(3) == 0 {
                        pair.send_in_fragments(&message, &mut random);
                    } else {
                        pair.send(&message);
                    }
                    if !has_takeover {
                        pair.reset();
                    }
                }
            }
        }
    }
}

#[test]
fn long_messages_arrive() {
    let mut random = Random(4);
    for kind in [(9, 1, 1), (9, 6, 9), (12, 3, 5), (15, 1, 8), (15, 2, 1), (15, 3, 8), (15, 9, 9)] {
        let mut pair = Pair::new(kind);
        for len in [70_000, 300, 65_535, 40_000, 65_536] {
            let message = random.some(len);
            pair.send(&message);
            let message = random.some(len);
            pair.send_in_fragments(&message, &mut random);
        }
    }
}

#[test]
fn what_does_not_shrink_grows_by_its_headers() {
    let mut random = Random(6);
    for level in 1..=9 {
        for memory_level in [1, 8, 9] {
            let mut pair = Pair::new((15, level, memory_level));
            pair.send(&random.json(50));
            for len in [1, 1, 2, 3, 100, 1000] {
                let message = random.bytes(len);
                pair.fragment(&message, false);
                let payload = pair.fragment(b"", true);
                assert_eq!(payload, b"\x00");
                pair.reset();
                // Below 1 KiB, after another message, it is not sent plain.
                pair.send(b"abcabcabcabcabcabcabc");
                let sent = pair.send(&message);
                assert!(sent <= len + 6, "{sent} of {len}");
            }
        }
        let mut compressor = Compressor::new((15, level, 8));
        let noise = random.bytes(65_536);
        assert!(compressor.fragment(&noise[..65_535], false).len() <= 65_540);
        assert!(compressor.fragment(&noise, false).len() <= 65_546);
        assert!(compressor.fragment(&noise, true).len() <= 65_547);
    }
}

#[test]
fn fragments_in_stored_blocks_have_nothing_behind_them() {
    let noise = Random(7).bytes(100);
    let mut compressor = Compressor::new((15, 1, 8));
    assert_eq!(compressor.fragment(&noise, false), [b"\x00\x64\x00\x9b\xff", &noise[..]].concat());
    assert_eq!(compressor.fragment(b"", false), b"");
    assert_eq!(compressor.fragment(b"", true), b"\x00");
    // What was stored is in the window.
    assert!(compressor.fragment(&noise, true).len() < 20);
}

#[test]
fn a_flush_is_written_once() {
    let mut random = Random(8);
    for (level, memory_level) in [(1, 1), (3, 1), (6, 5), (3, 8), (9, 8), (6, 9)] {
        // Around the room for a flush, and around what needs another call first.
        let flush_room = (4usize << (memory_level + 6)) + 1024;
        let around = [flush_room * 8 / 9, flush_room, 4 * flush_room / 3];
        let lengths =
            around.iter().flat_map(|len| [len - 150, len - 112, len - 20, *len, len + 99]);
        for len in lengths.filter(|len| *len < 1 << 17).chain([300, 1000, 3000]) {
            flush_once(level, memory_level, &mut random, len, 7);
        }
    }
    // Around any other room.
    for len in (128..1500).step_by(7) {
        for mask in [1, 3, 7, 15, 63] {
            flush_once(3, 8, &mut random, len, mask);
        }
    }
}

/// Compares a fragment of random bytes with what the backend makes of it with much room.
fn flush_once(level: u8, memory_level: u8, random: &mut Random, len: usize, mask: u8) {
    let bytes: Vec<u8> = random.bytes(len).iter().map(|byte| byte & mask).collect();
    let mut raw = zlib_rs::Deflate::new_with_config(DeflateConfig {
        level: i32::from(level),
        window_bits: -15,
        mem_level: i32::from(memory_level),
        ..DeflateConfig::default()
    });
    raw.compress(&bytes, &mut vec![0; 2 * len + 1000], DeflateFlush::SyncFlush).unwrap();
    let mut compressor = Compressor::new((15, level, memory_level));
    let payload = compressor.fragment(&bytes, false);
    // To begin without a flush may end blocks elsewhere. A second end has 5 bytes.
    assert!(payload.len() < raw.total_out() as usize + 4, "{level} {memory_level} {len}");
}

#[test]
fn a_message_that_does_not_shrink_is_sent_plain_where_that_is_cheap() {
    let mut random = Random(1);
    let (mut compressor, mut oracle) = (Compressor::new((15, 3, 8)), Oracle::default());
    let json = random.json(4096);
    let first = compressor.compress(&json).unwrap().to_vec();
    assert_eq!(oracle.inflate(&first, 4096).unwrap(), json);

    // A short message is not worth the window.
    let noise = random.bytes(1023);
    assert_eq!(compressor.compress(b""), None);
    let stored = compressor.compress(&noise).unwrap();
    assert_eq!(stored.len(), noise.len() + 6);
    assert_eq!(oracle.inflate(stored, 4096).unwrap(), noise);
    let second = compressor.compress(&json).unwrap();
    assert!(second.len() < first.len() / 4);
    assert_eq!(oracle.inflate(second, 4096).unwrap(), json);

    // A longer one is. The next message does not refer to it, nor to what was before.
    let noise = random.bytes(1024);
    assert_eq!(compressor.compress(&noise), None);
    assert_eq!(compressor.compress(&json).unwrap(), first);
    compressor.reset();
    assert_eq!(compressor.compress(&json).unwrap(), first);
}

#[test]
fn short_messages_fill_the_window_before_they_shrink() {
    let mut random = Random(2);
    let mut compressor = Compressor::new((15, 3, 8));
    let mut sent = 0;
    for _ in 0..200 {
        let message = random.json(70);
        sent += compressor.compress(&message[40..]).unwrap().len();
    }
    assert!(sent < 200 * 15, "{sent}");
}

#[test]
fn without_takeover_no_message_is_known_to_the_next() {
    let mut random = Random(10);
    let (json, noise) = (random.json(2000), random.bytes(300));
    let mut compressor = Compressor::new((15, 3, 8));
    let first = compressor.compress_alone(&json).unwrap().to_vec();
    assert_eq!(Oracle::default().inflate(&first, 2000).unwrap(), json);
    for message in [&json[..], &noise, b"", b"a", &json] {
        let payload = compressor.compress_alone(message).map(<[u8]>::to_vec);
        let expected = (message == json).then_some(&first);
        assert_eq!(payload.as_ref(), expected);
    }
    // Nor from a message in fragments, nor to a message that may refer to earlier ones.
    compressor.fragment(&json, true);
    assert_eq!(compressor.compress_alone(&json), Some(&first[..]));
    assert_eq!(compressor.compress(&json), Some(&first[..]));
}

#[test]
fn without_takeover_a_compressor_is_as_new_after_each_message() {
    let mut random = Random(11);
    let messages: Vec<_> = [300, 1, 128, 2000, 40_000].map(|len| random.json(len)).into();
    for kind in [(9, 1, 1), (15, 1, 8), (15, 2, 8), (15, 3, 8), (12, 6, 5), (15, 9, 9)] {
        let mut compressor = Compressor::new(kind);
        // All begin alike, so each would refer to the one before.
        for message in messages.iter().chain(&messages) {
            let mut new = Compressor::new(kind);
            let expected = new.compress_alone(message).map(<[u8]>::to_vec);
            let payload = compressor.compress_alone(message);
            assert!(payload == expected.as_deref(), "{kind:?}, {} bytes", message.len());
        }
    }
}
