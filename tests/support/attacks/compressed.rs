//! Attacks by compressed messages, RFC 7692.

use sansock::connection::Delivery;
use sansock::deflate::{Deflate, DeflateParams};
use sansock::{Config, Connection, Limits, Negotiated, Role};

use super::{Attack, Begins, End, FRAMES};
use crate::support::{drain, frame_for};

/// What a connection may take besides the message: its window, an inflater, the start of a message
/// that a read has cut, and the thread's inflater if there is none yet.
const SLACK: usize = (32 << 10) + 2 * (48 << 10) + (8 << 10);

/// What a message may take that inflates to so many bytes.
const fn message(len: usize) -> usize {
    2 * len + SLACK
}

const COMPRESSED: Attack =
    Attack { begins: Begins::AfterAgreeingOnCompression, most: |_| SLACK, ..FRAMES };

const LIMIT: usize = 100_000;

pub(super) const ALL: &[Attack] = &[
    // 1028 zeros are one byte.
    Attack {
        name: "zeros-beyond-the-limit",
        size: 300_000,
        stream: |len| zeros(len),
        settings: |_, config| config.limits.message = LIMIT as u64,
        end: End::Failed(1009),
        most: |_| message(LIMIT),
        ..COMPRESSED
    },
    Attack {
        name: "zeros-byte-by-byte-beyond-the-limit",
        size: 300_000,
        stream: |len| zeros(len),
        read: 1,
        settings: |_, config| config.limits.message = LIMIT as u64,
        end: End::Failed(1009),
        most: |_| message(LIMIT),
        ..COMPRESSED
    },
    Attack {
        name: "zeros-without-a-limit",
        size: 50_000,
        stream: |len| zeros(len),
        most: message,
        ..COMPRESSED
    },
    Attack {
        name: "zeros-that-are-streamed",
        size: 50_000,
        stream: |len| zeros(len),
        settings: |_, config| {
            config.limits = Limits::NONE;
            config.delivery = Delivery::Streaming;
        },
        ..COMPRESSED
    },
    // A message without a single block of output, whole and cut.
    Attack {
        name: "empty-blocks",
        stream: |count| blocks(b"\x00\x00\x00\xFF\xFF", count),
        read: usize::MAX,
        ..COMPRESSED
    },
    Attack {
        name: "empty-blocks-in-short-reads",
        size: 3000,
        stream: |count| blocks(b"\x00\x00\x00\xFF\xFF", count),
        read: 37,
        ..COMPRESSED
    },
    Attack {
        name: "empty-blocks-of-fixed-codes",
        size: 3000,
        // Three bits and seven: four blocks are five bytes.
        stream: |count| blocks(b"\x02\x08\x20\x80\x00", count),
        ..COMPRESSED
    },
    Attack {
        name: "blocks-of-a-byte",
        size: 3000,
        stream: |count| blocks(b"\x00\x01\x00\xFE\xFFx", count),
        most: message,
        ..COMPRESSED
    },
    Attack {
        name: "empty-streams",
        size: 3000,
        stream: |count| compressed(&b"\x03\x00".repeat(count)),
        end: End::Failed(1008),
        ..COMPRESSED
    },
    // As many streams as the length of the message allows, behind a full window.
    Attack {
        name: "streams-as-many-as-are-allowed",
        size: 50,
        stream: |count| {
            let mut stream = b"\x01\x00\x01\xFF\xFE".to_vec();
            stream.extend([7; 256]);
            [full_window(), compressed(&stream.repeat(count))].concat()
        },
        read: usize::MAX,
        most: |count| message(256 * count),
        ..COMPRESSED
    },
    // Each is cut, and refers to the three bytes that are 32 KiB before it.
    Attack {
        name: "short-messages-behind-a-full-window",
        size: 300,
        stream: |count| [full_window(), compressed(b"\x02\xDE\xFF\x0F\x00").repeat(count)].concat(),
        read: 7,
        most: |_| message(32 << 10),
        ..COMPRESSED
    },
    Attack {
        name: "fragments-of-a-compressed-message",
        size: 500,
        stream: |count| {
            // The first 4 KiB are kept as they come.
            let message = b"\x00\x01\x00\xFE\xFFx".repeat(1000 + count);
            let (first, rest) = message.split_at(6000);
            let rest = rest.iter().flat_map(|byte| frame_for(Role::Server, 0x00, &[*byte]));
            frame_for(Role::Server, 0x41, first).into_iter().chain(rest).collect()
        },
        most: |count| message(1000 + count),
        ..COMPRESSED
    },
    Attack {
        name: "long-and-short-compressed-messages",
        size: 10,
        stream: |count| [zeros(20_000), compressed(b"\x00").repeat(15)].concat().repeat(count),
        read: 100,
        most: |_| message(20_000),
        ..COMPRESSED
    },
];

/// Returns a compressed message, as the peer sends it.
fn compressed(payload: &[u8]) -> Vec<u8> {
    frame_for(Role::Server, 0xC2, payload)
}

/// Returns a message of so many blocks. It ends with the header of the block whose end a sender
/// leaves out, RFC 7692 §7.2.1.
fn blocks(block: &[u8], count: usize) -> Vec<u8> {
    compressed(&[&block.repeat(count), &b"\x00"[..]].concat())
}

/// Returns a message of so many zeros, which refers to no other.
fn zeros(len: usize) -> Vec<u8> {
    let mut config = Config::server();
    config.deflate = Some(Deflate::default());
    let negotiated = Negotiated::default().with_deflate(DeflateParams::default());
    let mut ws = Connection::from_negotiated(config, &negotiated).unwrap();
    ws.send_binary(&vec![0; len]).unwrap();
    let frames = drain(&mut ws);
    compressed(&crate::support::frames(&frames)[0].payload)
}

/// Returns a message that fills a window of 32 KiB.
fn full_window() -> Vec<u8> {
    let block = [&b"\x00\x00\x80\xFF\x7F"[..], &[7; 32 << 10], b"\x00"].concat();
    compressed(&block)
}
