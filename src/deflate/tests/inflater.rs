//! Tests of the inflater: what is valid, and where a message may end.

use alloc::vec;
use alloc::vec::Vec;

use super::super::inflater::{Fault, Inflater};
use super::blocks::{Block, Blocks, DYNAMIC, FIXED, STORED};
use super::cuts::{dynamic_block, inflate_every_way, inflate_some_ways};
use super::material::Random;

#[test]
fn the_examples_of_the_rfc() {
    let hello = Ok(b"Hello".to_vec());
    let one_block: &[u8] = b"\xf2\x48\xcd\xc9\xc9\x07\x00";
    let sharing_the_window: &[u8] = b"\xf2\x00\x11\x00\x00";
    // RFC 7692 §7.2.3.1, §7.2.3.3 to §7.2.3.5
    let alone: [&[u8]; 4] = [
        one_block,
        b"\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00",
        b"\xf3\x48\xcd\xc9\xc9\x07\x00\x00",
        b"\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00",
    ];
    for payload in alone {
        assert_eq!(inflate_every_way(payload, [b"", b""]), hello, "{payload:x?}");
    }
    // §7.2.3.2
    assert_eq!(inflate_every_way(sharing_the_window, [b"Hello", b""]), hello);
    assert_eq!(inflate_every_way(sharing_the_window, [b"He", b"llo"]), hello);
    assert_eq!(inflate_every_way(sharing_the_window, [b"", b""]), Err(Fault::Invalid));
    // §7.2.3.6
    assert_eq!(inflate_every_way(b"\x00", [b"", b""]), Ok(vec![]));
}

#[test]
fn an_empty_message_may_have_no_octet() {
    assert_eq!(inflate_every_way(b"", [b"", b""]), Ok(vec![]));
}

#[test]
fn an_end_that_was_not_removed_is_refused() {
    assert_eq!(inflate_every_way(b"\x00\x00\x00\xff\xff", [b"", b""]), Err(Fault::Invalid));
    let payload = b"\xf2\x48\xcd\xc9\xc9\x07\x00\x00\x00\xff\xff";
    assert_eq!(inflate_every_way(payload, [b"", b""]), Err(Fault::Invalid));
}

#[test]
fn final_blocks_do_not_end_a_message() {
    let history = [&b"abc"[..], b"def"];
    let mut blocks = Blocks::default();
    blocks.header(Block::Final, FIXED).literals(b"1").copy(3, 7).copy(3, 4).end().align();
    assert_eq!(inflate_every_way(&blocks.message(), history), Ok(b"1abc1ab".to_vec()));

    // A reference over the final block: to the message, and to the history.
    blocks.header(Block::Inner, FIXED).copy(3, 3).copy(5, 16).end();
    assert_eq!(inflate_every_way(&blocks.message(), history), Ok(b"1abc1ab1ababcde"[..].to_vec()));
    let mut beyond = blocks.clone();
    beyond.header(Block::Inner, FIXED).copy(3, 22).end();
    assert_eq!(inflate_every_way(&beyond.message(), history), Err(Fault::Invalid));

    // Three streams more: stored, empty, and one whose empty block is the message's last.
    blocks.stored(Block::Final, b"2").header(Block::Final, FIXED).end().align();
    let expected = Ok(b"1abc1ab1ababcde2abc".to_vec());
    blocks.header(Block::Inner, FIXED).copy(3, 22).end();
    assert_eq!(inflate_every_way(&blocks.message(), history), expected);
    let ends_in_a_final_block = blocks.header(Block::Final, STORED).to_vec();
    assert_eq!(inflate_every_way(&ends_in_a_final_block, history), expected);
}

#[test]
fn a_final_block_may_be_the_last_of_a_message() {
    let mut fixed = Blocks::default();
    fixed.header(Block::Final, FIXED).literals(b"Hello").end();
    let mut stored = Blocks::default();
    stored.stored(Block::Final, b"Hello");
    for payload in [fixed.to_vec(), stored.to_vec(), stored.message()] {
        assert_eq!(inflate_every_way(&payload, [b"", b""]), Ok(b"Hello".to_vec()));
    }
}

#[test]
fn a_message_ends_within_no_block() {
    let mut block = Blocks::default();
    block.header(Block::Inner, FIXED).literals(b"a").copy(10, 1).end();
    let whole_dynamic = dynamic_block(&Random(5).json(300)).len();
    // Each with the lengths at which it may end: with the header of an empty block.
    let messages = [
        (block.message(), vec![]),
        (block.stored(Block::Inner, b"").message(), vec![5]),
        (block.stored(Block::Inner, b"0123456789abcdef").message(), vec![5, 10]),
        (block.header(Block::Inner, FIXED).literals(b"\xff\xfe").end().message(), vec![5, 10]),
        (dynamic_block(&Random(5).json(300)), vec![whole_dynamic - 4]),
    ];
    for (message, may_end) in messages {
        assert!(may_end.iter().all(|&len| len < message.len()));
        for len in 1..message.len() {
            let verdict = inflate_every_way(&message[..len], [b"", b""]);
            assert_eq!(verdict.is_ok(), may_end.contains(&len), "{len} of {message:x?}");
        }
    }
}

#[test]
fn what_is_missing_is_not_made_up() {
    for final_or_not in [Block::Inner, Block::Final] {
        for missing in 1..40 {
            let mut blocks = Blocks::default();
            blocks.stored(final_or_not, &[7; 40]);
            let payload = &blocks.to_vec()[..5 + 40 - missing];
            assert_eq!(inflate_every_way(payload, [b"", b""]), Err(Fault::Invalid), "{missing}");
        }
        // The end that is appended makes lengths that match.
        for lengths in [&b"\xff"[..], b"\xff\xff", b"\xff\xff\x00"] {
            let mut blocks = Blocks::default();
            blocks.header(final_or_not, STORED).bytes(lengths);
            assert_eq!(inflate_every_way(&blocks.to_vec(), [b"", b""]), Err(Fault::Invalid));
        }
    }
}

#[test]
fn a_message_ends_with_the_header_of_its_last_block() {
    // The header ends in each bit of an octet.
    for literals in 0..16 {
        let mut block = Blocks::default();
        // 8 bits each, or 9.
        let text: &[u8] =
            &[&[b'a'; 8][..literals / 2], &[0xf0; 8][..literals.div_ceil(2)]].concat();
        block.header(Block::Inner, FIXED).literals(text).end();
        assert_eq!(inflate_every_way(&block.message(), [b"", b""]), Ok(text.to_vec()));
        let bits = 3 + 8 * (literals / 2) + 9 * literals.div_ceil(2) + 7 + 3;
        for (kind, is_valid) in [(STORED, true), (FIXED, false), (DYNAMIC, false), (3, false)] {
            for end in [Block::Inner, Block::Final] {
                let payload = block.clone().header(end, kind).to_vec();
                let verdict = inflate_every_way(&payload, [b"", b""]);
                // Seven bits of padding end a block of fixed codes.
                let is_empty_block = kind == FIXED && end == Block::Final && bits % 8 == 1;
                assert_eq!(verdict.is_ok(), is_valid || is_empty_block, "{literals} {kind}");
            }
        }
    }
}

#[test]
fn what_is_appended_may_end_a_dynamic_block() {
    // The block's code lengths end in what is appended: 16 zeros, of which each spells a code that is
    // not used, and 16 ones. With symbol 16, four of them repeat the last length six times; with
    // symbol 17, five of them spell ten codes that are not used. The next one ends the block.
    let verdict = |end, repetition, unused: u32| {
        let mut blocks = Blocks::default();
        let unused = 6 + unused;
        let (lengths, distances) = (unused.min(29), unused - unused.min(29));
        blocks.header(end, DYNAMIC).bits(lengths, 5).bits(distances - 1, 5).bits(18 - 4, 4);
        // RFC 1951 §3.2.7: 0 is no code, 10 a code of one bit, 11 a repetition.
        for symbol in [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1] {
            let len =
                if symbol == 0 { 1 } else { 2 * u32::from([1, repetition].contains(&symbol)) };
            blocks.bits(len, 3);
        }
        blocks.code(0b10, 2);
        (0..255).for_each(|_| _ = blocks.bits(0, 1));
        // The code that ends the block. Six that are not used fill the octet.
        let payload = blocks.code(0b10, 2).bits(0, 6).to_vec();
        inflate_every_way(&payload, [b"", b""])
    };
    for end in [Block::Inner, Block::Final] {
        // The block ends with the last bit.
        assert_eq!(verdict(end, 17, 16 + 30), Ok(vec![]));
        // One bit more, of what follows.
        assert_eq!(verdict(end, 16, 16 + 24), Err(Fault::Invalid));
        // Three bits are left, which no later message begins with: see `go_on`.
        assert_eq!(verdict(end, 16, 16 + 18), Ok(vec![]));
    }
}

#[test]
fn distances_reach_as_far_as_the_history() {
    let bytes = Random(2).bytes(1 << 15);
    for len in [1, 2, 255, 256, 511, 512, 1024, 4096, 32_767, 32_768] {
        let history = &bytes[..len];
        for first in [0, 1, len / 3, len] {
            let parts = [&history[..first], &history[first..]];
            let mut start = Blocks::default();
            start.header(Block::Inner, FIXED);
            let whole = start.clone().copy(3, len).end().message();
            let expected: Vec<u8> = (0..3).map(|at| history[at % len]).collect();
            assert_eq!(inflate_every_way(&whole, parts), Ok(expected), "{len}");
            if len < 1 << 15 {
                let beyond = start.clone().copy(3, len + 1).end().message();
                assert_eq!(inflate_every_way(&beyond, parts), Err(Fault::Invalid), "{len}");
                let after = start.literals(b"x").copy(3, len + 2).end().message();
                assert_eq!(inflate_every_way(&after, parts), Err(Fault::Invalid), "{len}");
            }
        }
    }
}

/// Inflates a message, and says whether another one can go on.
fn goes_on(inflater: &mut Inflater, payload: &[u8], expected: &[u8]) -> bool {
    let mut room = [0; 600];
    let mut len = 0;
    let mut rest = payload;
    while !rest.is_empty() {
        let (taken, written) = inflater.step(rest, &mut room[len..], &[]).unwrap();
        (rest, len) = (&rest[taken..], len + written);
    }
    assert_eq!(room[..len], *expected);
    inflater.finish().unwrap();
    inflater.go_on()
}

#[test]
fn a_message_goes_on_where_the_last_one_has_ended() {
    let mut inflater = Inflater::start(&[b"xyz"]);
    let literals = |end, bytes: &[u8]| {
        let mut blocks = Blocks::default();
        blocks.header(end, FIXED).literals(bytes).end();
        blocks
    };
    let mut copy = Blocks::default();
    copy.header(Block::Inner, FIXED).copy(3, 6).end();
    assert!(goes_on(&mut inflater, &literals(Block::Inner, b"abc").message(), b"abc"));
    assert!(goes_on(&mut inflater, &copy.message(), b"xyz"));
    assert!(goes_on(&mut inflater, b"", b""));
    assert!(goes_on(&mut inflater, &copy.message(), b"abc"));
    // As many streams as each message may have: 16 for nothing.
    let streams = [&b"\x03\x00".repeat(16)[..], b"\x00"].concat();
    assert!(goes_on(&mut inflater, &streams, b""));
    assert!(goes_on(&mut inflater, &streams, b""));
    // The end of a stream forgets.
    assert!(!goes_on(&mut inflater, &literals(Block::Final, b"abc").to_vec(), b"abc"));
    let mut empty = Blocks::default();
    empty.stored(Block::Inner, b"abc").header(Block::Final, STORED);
    assert!(!goes_on(&mut Inflater::start(&[]), &empty.to_vec(), b"abc"));
}

#[test]
fn streams_are_limited_by_the_length_of_the_message() {
    // 16, and one for each 256 bytes: two bytes a stream.
    let streams = |count: usize| b"\x03\x00".repeat(count);
    for count in [1, 2, 15, 16, 17] {
        let payload = [&streams(count)[..], b"\x00"].concat();
        let expected = if count <= 16 { Ok(vec![]) } else { Err(Fault::TooManyStreams) };
        assert_eq!(inflate_every_way(&payload, [b"abc", b""]), expected, "{count}");
    }
    // The last stream may be one more: it costs nothing.
    assert_eq!(inflate_every_way(&streams(17), [b"abc", b""]), Ok(vec![]));
    assert_eq!(inflate_every_way(&streams(18), [b"abc", b""]), Err(Fault::TooManyStreams));

    // When 17 streams have ended, 256 bytes of the message were taken, or one less.
    for (len, is_valid) in [(256 - 2 * 17 - 5, true), (256 - 2 * 17 - 6, false)] {
        let mut stored = Blocks::default();
        stored.stored(Block::Inner, &[0; 256][..len]);
        let payload = [&stored.to_vec()[..], &streams(17), b"\x00"].concat();
        let expected = if is_valid { Ok(vec![0; len]) } else { Err(Fault::TooManyStreams) };
        assert_eq!(inflate_every_way(&payload, [b"", b""]), expected);
    }
}

#[test]
fn a_broken_byte_gives_one_verdict_however_the_message_is_cut() {
    let mut blocks = Blocks::default();
    blocks.header(Block::Inner, FIXED).literals(b"Hello").copy(4, 3).copy(3, 9).end();
    blocks.header(Block::Final, FIXED).literals(b"\xc0").end().stored(Block::Inner, b"abc");
    let dynamic = dynamic_block(b"aaaabacbbcabcbabaccacbabcabcbcbaaabbabccacb");
    for message in [blocks.message(), [&dynamic[..], b"\x00"].concat()] {
        let mut verdicts = [0; 2];
        for at in 0..message.len() {
            for bits in 1..=255 {
                let mut broken = message.clone();
                broken[at] ^= bits;
                let verdict = inflate_some_ways(&broken, [b"xy", b"z"]);
                verdicts[usize::from(verdict.is_ok())] += 1;
            }
        }
        assert!(verdicts[0] > 0 && verdicts[1] > 0, "{verdicts:?}");
    }
}
