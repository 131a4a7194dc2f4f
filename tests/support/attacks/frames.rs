//! Attacks by frames.

use sansock::connection::{Delivery, ExcessPings, PingPolicy};
use sansock::{Limits, Role};

use super::{App, Attack, End, FACTOR, FRAMES};
use crate::support::{close_body, frame_for, head_for};

/// What a message of so many bytes may take while it arrives, with what is kept for the next one.
const fn message(len: usize) -> usize {
    2 * len + SLACK
}

/// What a connection may take without a message: a control frame that a read cuts, and the pongs of
/// a peer that does not read.
const SLACK: usize = 4 << 10;

pub(super) const ALL: &[Attack] = &[
    // Nothing follows the header.
    Attack {
        name: "declared-length",
        size: LONGEST / FACTOR,
        stream: |len| head_for(Role::Server, 0x82, len as u64),
        most: |_| 0,
        ..FRAMES
    },
    Attack {
        name: "declared-length-and-a-byte",
        size: LONGEST / FACTOR,
        stream: |len| [head_for(Role::Server, 0x82, len as u64), vec![0]].concat(),
        most: |_| SLACK,
        ..FRAMES
    },
    Attack {
        name: "text-byte-by-byte",
        stream: |len| frame_for(Role::Server, 0x81, &vec![b'x'; len]),
        read: 1,
        most: message,
        ..FRAMES
    },
    Attack {
        name: "binary-byte-by-byte",
        victim: Role::Client,
        stream: |len| frame_for(Role::Client, 0x82, &vec![b'x'; len]),
        read: 1,
        most: message,
        ..FRAMES
    },
    Attack {
        name: "long-message",
        size: 100_000,
        stream: |len| frame_for(Role::Server, 0x82, &vec![b'x'; len]),
        most: message,
        ..FRAMES
    },
    Attack {
        name: "fragments-of-a-byte",
        stream: |count| fragments(0x01, count, b"x"),
        most: message,
        ..FRAMES
    },
    Attack {
        name: "fragments-of-a-byte-in-short-reads",
        stream: |count| fragments(0x02, count, b"x"),
        read: 3,
        most: message,
        ..FRAMES
    },
    Attack {
        name: "empty-fragments",
        stream: |count| fragments(0x01, count, b""),
        most: |_| SLACK,
        ..FRAMES
    },
    Attack {
        name: "empty-fragments-beyond-the-limit",
        size: 20_000,
        stream: |count| fragments(0x01, count, b""),
        settings: |_, _| (),
        end: End::Failed(1008),
        most: |_| SLACK,
        ..FRAMES
    },
    Attack {
        name: "empty-messages",
        stream: |count| frame_for(Role::Server, 0x81, b"").repeat(count),
        most: |_| SLACK,
        ..FRAMES
    },
    Attack {
        name: "pings-that-are-answered",
        size: 2000,
        stream: |count| frame_for(Role::Server, 0x89, &[7; 125]).repeat(count),
        most: |_| SLACK,
        ..FRAMES
    },
    Attack {
        name: "pings-whose-pongs-nobody-reads",
        size: 2000,
        stream: |count| frame_for(Role::Server, 0x89, &[7; 125]).repeat(count),
        peer_reads: false,
        most: |_| SLACK,
        ..FRAMES
    },
    Attack {
        name: "pings-beyond-a-budget",
        size: 2000,
        stream: |count| frame_for(Role::Server, 0x89, &[7; 125]).repeat(count),
        peer_reads: false,
        settings: |_, config| {
            let excess = ExcessPings::Coalesce;
            config.pings = PingPolicy::Budget { burst: 10, per_second: 1, excess };
        },
        most: |_| SLACK,
        ..FRAMES
    },
    Attack {
        name: "pings-byte-by-byte",
        size: 200,
        stream: |count| frame_for(Role::Server, 0x89, &[7; 20]).repeat(count),
        read: 1,
        most: |_| SLACK,
        ..FRAMES
    },
    Attack {
        name: "pings-between-fragments",
        size: 3000,
        stream: |count| {
            let ping = frame_for(Role::Server, 0x89, b"there?");
            let fragment = [frame_for(Role::Server, 0x00, b"x"), ping].concat();
            [frame_for(Role::Server, 0x01, b"x"), fragment.repeat(count)].concat()
        },
        peer_reads: false,
        most: message,
        ..FRAMES
    },
    Attack {
        name: "pongs-that-nobody-asked-for",
        stream: |count| frame_for(Role::Server, 0x8A, b"").repeat(count),
        most: |_| SLACK,
        ..FRAMES
    },
    Attack {
        name: "text-that-its-last-byte-breaks",
        size: 30_000,
        stream: |len| {
            let mut text = "ä".repeat(len / 2).into_bytes();
            text.push(0xFF);
            frame_for(Role::Server, 0x81, &text)
        },
        read: 37,
        end: End::Failed(1007),
        most: message,
        ..FRAMES
    },
    Attack {
        name: "text-whose-fragments-cut-characters",
        size: 3000,
        stream: |count| {
            let cut = [&b"\x98\x80\xF0\x9F"[..]; 2].concat();
            let start = frame_for(Role::Server, 0x01, b"\xF0\x9F");
            [start, frame_for(Role::Server, 0x00, &cut).repeat(count)].concat()
        },
        most: |count| message(8 * count),
        ..FRAMES
    },
    Attack {
        name: "streamed-message",
        size: 100_000,
        stream: |len| frame_for(Role::Server, 0x81, &vec![b'x'; len]),
        settings: |_, config| {
            config.limits = Limits::NONE;
            config.delivery = Delivery::Streaming;
        },
        most: |_| SLACK,
        ..FRAMES
    },
    // Each long message comes before the memory for the last one would be freed.
    Attack {
        name: "long-and-short-messages",
        size: 20,
        stream: |count| {
            let long = fragments(0x02, 16, &[7; 1000]);
            let end = frame_for(Role::Server, 0x80, b"");
            let short = [frame_for(Role::Server, 0x01, b"x"), frame_for(Role::Server, 0x80, b"x")];
            [long, end, short.concat().repeat(15)].concat().repeat(count)
        },
        most: |_| message(16_000),
        ..FRAMES
    },
    Attack {
        name: "echoes-that-nobody-reads",
        size: 200,
        stream: |count| frame_for(Role::Server, 0x82, &[7; 1000]).repeat(count),
        app: App::Echoes,
        peer_reads: false,
        settings: |_, config| config.max_output = Some(MAX_OUTPUT),
        end: End::Full,
        // The output grows by doubling.
        most: |_| 2 * (MAX_OUTPUT + 1000) + SLACK,
        ..FRAMES
    },
    Attack {
        name: "what-follows-a-close",
        stream: |count| {
            let close = frame_for(Role::Server, 0x88, &close_body(1000, &"x".repeat(123)));
            [close, frame_for(Role::Server, 0x81, b"x").repeat(count)].concat()
        },
        read: 100,
        end: End::Closed,
        most: |_| SLACK,
        ..FRAMES
    },
    Attack {
        name: "what-follows-a-violation",
        stream: |count| [vec![0xFF], frame_for(Role::Server, 0x81, b"x").repeat(count)].concat(),
        end: End::Failed(1002),
        most: |_| SLACK,
        ..FRAMES
    },
];

/// What a header may declare of a message that memory could hold.
const LONGEST: usize = if usize::BITS < 64 { 1 << 29 } else { 1 << 62 };

const MAX_OUTPUT: usize = 32 << 10;

/// Returns the first so many fragments of a message that does not end.
fn fragments(first: u8, count: usize, payload: &[u8]) -> Vec<u8> {
    let more = frame_for(Role::Server, 0x00, payload);
    [frame_for(Role::Server, first, payload), more.repeat(count - 1)].concat()
}
